"""One user pool: its settings, clients, users and unfinished sign-ins."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from auth_flow.embedded._fault import Fault, user_not_found
from auth_flow.embedded._login_models import (
    AuthorizationCode,
    BrowserSession,
    Domain,
    IdentityProvider,
    ResourceServer,
)
from auth_flow.embedded._models import (
    Client,
    Grant,
    Group,
    PasswordAttempts,
    PendingSignIn,
    Totp,
    User,
    UserStatus,
)
from auth_flow.embedded._settings import ClientSettings, MfaFactor, PoolSettings
from auth_flow.embedded._signing import SigningKey
from auth_flow.embedded._srp import Verifier
from auth_flow.embedded._storage import Storage, Table
from auth_flow.embedded._triggers import Triggers

if TYPE_CHECKING:
    from auth_flow.embedded._clock import Clock
    from auth_flow.embedded._outbox import Outbox


STRANGERS = 10_000
"""The largest number of unknown names with counted wrong passwords; the oldest goes first."""


class PoolRow(BaseModel):
    """The part of a pool that is not in its own tables.

    `secret`, in hexadecimal, makes a simulated user look the same each time.
    """

    id: str
    settings: PoolSettings
    key: dict[str, Any]
    secret: str
    created: float
    modified: float | None = None


class EmbeddedUserPool:
    """A user pool, made by `EmbeddedCognito.create_pool`.

    Its settings and triggers may be changed while it is in use.
    """

    def __init__(
        self,
        row: PoolRow,
        pools: Table[PoolRow],
        *,
        endpoint: Callable[[], str],
        triggers: Triggers,
        clock: Clock,
        outbox: Outbox,
        storage: Storage | None,
    ) -> None:
        self._row = row
        self._pools = pools
        self._endpoint = endpoint
        self.id = row.id
        self.created = row.created
        self.secret = bytes.fromhex(row.secret)
        self.region, _, self.group = row.id.partition("_")
        self.key = SigningKey.load(row.key)
        self.triggers = triggers
        self.clock = clock
        self.outbox = outbox
        self.clients = Table(f"{self.id}/client", Client, storage)
        self.users = Table(f"{self.id}/user", User, storage)
        self.sessions = Table(f"{self.id}/session", PendingSignIn, storage)
        self.groups = Table(f"{self.id}/group", Group, storage)
        self.grants = Table(f"{self.id}/grant", Grant, storage)
        self.domains = Table(f"{self.id}/domain", Domain, storage)
        self.providers = Table(f"{self.id}/provider", IdentityProvider, storage)
        self.resource_servers = Table(f"{self.id}/resource", ResourceServer, storage)
        self.codes = Table(f"{self.id}/code", AuthorizationCode, storage)
        self.browsers = Table(f"{self.id}/browser", BrowserSession, storage)
        self._strangers: dict[str, PasswordAttempts] = {}
        self._deleted: set[str] = set()
        """The `sub` of each deleted user, as far as requests under way may still know the user."""

    @property
    def settings(self) -> PoolSettings:
        """The pool's settings. To change them, assign a changed copy."""
        return self._row.settings

    @settings.setter
    def settings(self, settings: PoolSettings) -> None:
        self._row.settings = settings
        self._row.modified = self.clock()
        self._pools.put(self.id, self._row)

    @property
    def modified(self) -> float:
        """The time of the last change of the settings, in seconds since the epoch."""
        return self._row.modified or self.created

    account = "123456789012"
    """The number of the AWS account, as in AWS's examples."""

    @property
    def arn(self) -> str:
        """The Amazon Resource Name of this pool."""
        return f"arn:aws:cognito-idp:{self.region}:{self.account}:userpool/{self.id}"

    @property
    def scopes(self) -> list[str]:
        """The scopes of all resource servers."""
        return [
            f"{server.identifier}/{name}"
            for server in self.resource_servers
            for name in server.scopes
        ]

    def clear(self) -> None:
        """Delete everything in the pool but its settings."""
        for table in (
            *(self.clients, self.users, self.groups, self.sessions, self.grants),
            *(self.domains, self.providers, self.resource_servers, self.codes, self.browsers),
        ):
            table.clear()

    @property
    def issuer(self) -> str:
        """The `iss` of this pool's tokens: Cognito's, unless `issuer_type` is `LOCAL`."""
        if self.has_local_issuer:
            return f"{self._endpoint()}/{self.id}"
        host = "issuer-cognito-idp" if self.settings.issuer_type == "UPDATED" else "cognito-idp"
        return f"https://{host}.{self.region}.amazonaws.com/{self.id}"

    @property
    def has_local_issuer(self) -> bool:
        """True if tokens are issued in the name of the endpoint that serves this pool."""
        return self.settings.issuer_type == "LOCAL"

    # Setting up

    def create_client(self, settings: ClientSettings | None = None, *, name: str = "app") -> Client:
        """Make an app client.

        With `generate_secret` in its settings it has a `secret`, with which clients compute
        SECRET_HASH.
        """
        settings, now = settings or ClientSettings(), self.clock()
        client = Client(
            id=secrets.token_hex(13),
            name=name,
            settings=settings,
            created=now,
            modified=now,
        )
        if settings.generate_secret:
            client.add_secret(now)
        self.clients.put(client.id, client)
        return client

    def create_user(
        self,
        username: str,
        password: str | None = None,
        *,
        attributes: Mapping[str, str] | None = None,
        mfa: Iterable[MfaFactor] = (),
        preferred_mfa: MfaFactor | None = None,
        totp_secret: str | None = None,
        status: UserStatus = "CONFIRMED",
    ) -> User:
        """Make a user, in place of one of the same name if there is one.

        The e-mail address and phone number in `attributes` are verified unless `attributes` has
        their verified marks. The password is not checked against the policy; with the status
        `FORCE_CHANGE_PASSWORD` it is a temporary one. `totp_secret`, in base 32, is the secret of a
        software token that is already set up.
        """
        now = self.clock()
        verified = {
            f"{name}_verified": "true"
            for name in ("email", "phone_number")
            if name in (attributes or {})
        }
        user = User(
            username=username,
            sub=str(uuid.uuid4()),
            status=status,
            attributes={**verified, **(attributes or {})},
            password=Verifier.of(self.group, username, password) if password else None,
            mfa=list(mfa),
            preferred_mfa=preferred_mfa,
            totp=Totp(secret=totp_secret) if totp_secret else None,
            created=now,
            modified=now,
        )
        if status == "FORCE_CHANGE_PASSWORD":
            user.temporary_password_expires = (
                now + 86400 * self.settings.password_policy.temporary_password_validity_days
            )
        if held := self.users.get(self._key(username)):
            self.delete(held)
        self.save(user)
        return user

    # Users

    def save(self, user: User) -> None:
        """Store a user, with the present as the modification date.

        Raises UsernameExistsException if another user has taken the name in the meantime, and
        UserNotFoundException if this one was deleted.
        """
        self.check_exists(user)
        key = self._key(user.username)
        held = self.users.get(key)
        if held is not None and held.sub != user.sub:
            raise Fault("UsernameExistsException", "User already exists")
        user.modified = self.clock()
        self.users.put(key, user)

    def check_exists(self, user: User) -> None:
        """Raise UserNotFoundException if the user was deleted, perhaps while a trigger ran."""
        if user.sub in self._deleted:
            raise user_not_found()

    def delete(self, user: User) -> None:
        """Delete a user with all tokens, unfinished sign-ins and signed-in browsers of the user.

        They would be those of the next user with this name.
        """
        self.users.take(self._key(user.username))
        self._deleted.add(user.sub)
        tables: tuple[Table[Any], ...] = (self.grants, self.sessions, self.codes, self.browsers)
        for table in tables:
            for key, row in table.items():
                if row.username == user.username:
                    table.take(key)

    def user(self, name: str) -> User | None:
        """Return the user with this username, `sub` or alias, or None."""
        return self.users.get(self._key(name)) or next(
            (user for user in self.users if user.sub == name or self._is_alias(user, name)), None
        )

    def alias_owners(self, user: User) -> list[tuple[str, User]]:
        """Return the aliases of a user that other users have already, with these users."""
        aliases = dict.fromkeys(
            (*self.settings.alias_attributes, *self.settings.username_attributes)
        )
        return [
            (alias, other)
            for alias in aliases
            if (value := user.attributes.get(alias)) and self._answers_to(user, alias, value)
            for other in self.users
            if other.username != user.username and self._answers_to(other, alias, value)
        ]

    def grants_of(self, user: User) -> list[Grant]:
        """Return all token families of a user."""
        return [grant for grant in self.grants if grant.username == user.username]

    def forget_expired_sessions(self) -> None:
        """Delete sessions that expired a day ago, so that they do not pile up.

        Until then their error is that they have expired, not that they are unknown.
        """
        day_ago = self.clock() - 86400
        while (oldest := self.sessions.first()) and oldest[1].expires_at <= day_ago:
            self.sessions.take(oldest[0])

    def password_attempts(self, user: User | None, username: str) -> PasswordAttempts:
        """Return the record of wrong passwords for a user, or for a name that no user has.

        Unknown names are locked out as users are, because the difference would reveal the users.
        """
        if user is not None:
            return user.password_attempts
        attempts = self._strangers.pop(self._key(username), PasswordAttempts())
        self._strangers[self._key(username)] = attempts
        if len(self._strangers) > STRANGERS:
            del self._strangers[next(iter(self._strangers))]
        return attempts

    def _key(self, username: str) -> str:
        return username if self.settings.case_sensitive_usernames else username.casefold()

    def _is_alias(self, user: User, name: str) -> bool:
        aliases = {*self.settings.alias_attributes, *self.settings.username_attributes}
        return any(self._answers_to(user, alias, name) for alias in aliases)

    def _answers_to(self, user: User, alias: str, value: str) -> bool:
        held = user.attributes.get(alias)
        if held is None or self._key(held) != self._key(value):
            return False
        # An unverified address may be another person's, so it is not an alias, unless the pool
        # uses it as the username: then it is the only name that the user has.
        return (
            alias == "preferred_username"
            or alias in self.settings.username_attributes
            or user.verified(alias) is not None
        )
