"""The state of the whole service, and the way from a request to its pool, client and user."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import secrets
import string
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from auth_flow.embedded._access import IN_PROCESS
from auth_flow.embedded._fault import Fault, not_authorized, not_found, user_not_found
from auth_flow.embedded._outbox import Outbox
from auth_flow.embedded._pool import EmbeddedUserPool, PoolRow
from auth_flow.embedded._settings import PoolSettings
from auth_flow.embedded._signing import SigningKey, claims_in, pool_id_in
from auth_flow.embedded._storage import Storage, Table
from auth_flow.embedded._triggers import Triggers
from auth_flow.embedded._turns import Turns

if TYPE_CHECKING:
    from auth_flow.embedded._clock import Clock
    from auth_flow.embedded._models import Client, Grant, User

ADMIN_SCOPE = "aws.cognito.signin.user.admin"
"""The scope that lets an access token speak for its user."""


@dataclass(frozen=True)
class Caller:
    """The user, client and grant that an access token belongs to."""

    pool: EmbeddedUserPool
    client: Client
    user: User
    grant: Grant


class CognitoService:
    """User pools by id, with one clock, one outbox and one storage for all of them."""

    def __init__(
        self,
        *,
        clock: Clock,
        storage: str | Path | None,
        region: str,
        endpoint: str | None,
    ) -> None:
        self.clock = clock
        self.region = region
        self.outbox = Outbox()
        self.endpoint = endpoint.rstrip("/") if endpoint else None
        """The URL under which clients reach the service; None until it is served."""
        self.turns = Turns()
        self._storage = Storage(storage) if storage is not None else None
        self._rows = Table("pool", PoolRow, self._storage)
        self.pools = {row.id: self._open(row, Triggers()) for row in self._rows}

    def create_pool(
        self,
        settings: PoolSettings | None = None,
        *,
        triggers: Triggers | None = None,
        key: SigningKey | None = None,
    ) -> EmbeddedUserPool:
        """Make a user pool. Its RSA key is made here, which takes a moment, unless one is given."""
        name = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(9))
        row = PoolRow(
            id=f"{self.region}_{name}",
            settings=settings or PoolSettings(),
            key=(key or SigningKey()).dump(),
            secret=secrets.token_hex(32),
            created=self.clock(),
        )
        self._rows.put(row.id, row)
        self.pools[row.id] = self._open(row, triggers or Triggers())
        return self.pools[row.id]

    def delete_pool(self, pool: EmbeddedUserPool) -> None:
        """Delete a pool and all that it holds."""
        pool.clear()
        del self.pools[pool.id]
        self._rows.take(pool.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the storage's file."""
        if self._storage:
            self._storage.close()

    def _open(self, row: PoolRow, triggers: Triggers) -> EmbeddedUserPool:
        return EmbeddedUserPool(
            row,
            self._rows,
            endpoint=lambda: self.endpoint or f"http://{IN_PROCESS}",
            triggers=triggers,
            clock=self.clock,
            outbox=self.outbox,
            storage=self._storage,
        )

    # The pool, client or user of a request

    def pool(self, pool_id: str) -> EmbeddedUserPool:
        """Return the pool with this id, or raise ResourceNotFoundException."""
        pool = self.pools.get(pool_id)
        if pool is None:
            raise not_found(f"User pool {pool_id} does not exist.")
        return pool

    def user(self, pool_id: str, username: str) -> tuple[EmbeddedUserPool, User]:
        """Return a pool and its user for an administrator.

        Raises ResourceNotFoundException or UserNotFoundException.
        """
        pool = self.pool(pool_id)
        user = pool.user(username)
        if user is None:
            raise user_not_found()
        return pool, user

    def client(self, client_id: str) -> tuple[EmbeddedUserPool, Client]:
        """Return the app client with this id and its pool, or raise ResourceNotFoundException."""
        for pool in self.pools.values():
            client = pool.clients.get(client_id)
            if client is not None:
                return pool, client
        raise not_found(f"User pool client {client_id} does not exist.")

    def caller(self, access_token: str, *, scope: str = ADMIN_SCOPE) -> Caller:
        """Return the caller of an access token.

        Raises NotAuthorizedException if the token is invalid or lacks the scope.
        """
        pool = self.pools.get(pool_id_in(claims_in(access_token)))
        if pool is None:
            raise not_authorized("Invalid Access Token")
        claims = pool.key.read(access_token)
        client = pool.clients.get(str(claims.get("client_id")))
        grant = pool.grants.get(str(claims.get("origin_jti")))
        if claims.get("token_use") != "access" or client is None:
            raise not_authorized("Invalid Access Token")
        if claims["exp"] <= self.clock():
            raise not_authorized("Access Token has expired")
        user = pool.user(claims["username"])
        if user is None:
            raise user_not_found()
        if grant is None or grant.revoked:
            raise not_authorized("Access Token has been revoked")
        if scope not in str(claims.get("scope")).split(" "):
            raise not_authorized("Access Token does not have required scopes")
        if not user.enabled:  # AdminDisableUser also revokes the tokens, but a program may save it
            raise not_authorized("User is disabled.")
        return Caller(pool, client, user, grant)


def check_secret_hash(client: Client, given: str | None, *usernames: str) -> None:
    """Raise NotAuthorizedException unless the hash was made with a secret of the client.

    It is Base64(HMAC-SHA256(secret, username + client id)), for one of the names. A client without
    a secret takes no hash.
    """
    if not client.secrets and given is None:
        return
    if given is None:
        raise not_authorized(
            f"Client {client.id} is configured with secret but SECRET_HASH was not received"
        )
    for secret, username in itertools.product(client.secrets, usernames):
        digest = hmac.digest(
            secret.value.encode(), f"{username}{client.id}".encode(), hashlib.sha256
        )
        if hmac.compare_digest(base64.b64encode(digest), given.encode()):
            return
    raise not_authorized(f"Unable to verify secret hash for client {client.id}")


def check_client_secret(client: Client, given: str | None) -> None:
    """Raise NotAuthorizedException unless the client is public or this is one of its secrets."""
    matches = [
        hmac.compare_digest(secret.value.encode(), (given or "").encode())
        for secret in client.secrets
    ]
    if client.secrets and not any(matches):
        raise not_authorized("Invalid client secret." if given else "Client secret is required.")


def check_may_sign_in(user: User) -> None:
    """Raise an error if the user is disabled, is not confirmed, or has to reset the password."""
    if not user.enabled:
        raise not_authorized("User is disabled.")
    check_status(user)


def check_status(user: User) -> None:
    """Raise UserNotConfirmedException or PasswordResetRequiredException if the status calls for it.

    The service checks the status before the password.
    """
    if user.status == "UNCONFIRMED":
        raise Fault("UserNotConfirmedException", "User is not confirmed.")
    if user.status == "RESET_REQUIRED":
        raise Fault("PasswordResetRequiredException", "Password reset required for the user")
