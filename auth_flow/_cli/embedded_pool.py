"""The embedded pool of the commands `serve`, `demo` and `drive`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from auth_flow._flow import AuthFlow
from auth_flow._user_pool import UserPool
from auth_flow.embedded import (
    Client,
    ClientSettings,
    EmbeddedCognito,
    EmbeddedUserPool,
    PoolSettings,
)
from auth_flow.embedded._login_models import IdentityProvider
from auth_flow.embedded._passwords import check_policy
from auth_flow.states.forms import FormSettings
from auth_flow.transports._cognito import CognitoTransport


def for_browsers(endpoint: str) -> str:
    """Return the URL of the pages by the name of this machine. Browsers have no passkeys for IP
    addresses.
    """
    return endpoint.replace("127.0.0.1", "localhost")


def _contacts(name: str) -> dict[str, str]:
    return {"email": f"{name}@example.org", "phone_number": "+12065550100"}


USERNAME, PASSWORD = "ada", "Correct-Horse-1"
PROVIDER, PROVIDER_USERNAME = "Example", "grace"
"""The identity provider that stands in for one, and its user, who has the same password."""

PROVIDER_POOL = PoolSettings(name="provider", first_factors=("PASSWORD",))
SCOPES = ("openid", "email", "phone", "profile", "aws.cognito.signin.user.admin")
ATTRIBUTES = _contacts(USERNAME)
"""The example user of the commands."""


def _made_at(made: EmbeddedUserPool | Client) -> float:
    """Sort by age. The database returns rows in the order of their random ids."""
    return made.created


_OPTIONAL_MFA = PoolSettings(mfa_configuration="OPTIONAL")


@dataclass(frozen=True, slots=True)
class EmbeddedPool:
    """A service with one pool and one app client. `found` is true if the database had the pool
    already.
    """

    service: EmbeddedCognito
    pool: EmbeddedUserPool
    client: Client
    found: bool

    @classmethod
    @contextmanager
    def open(
        cls,
        settings: PoolSettings = _OPTIONAL_MFA,
        *,
        database: Path | None = None,
        with_secret: bool = False,
        region: str = "eu-west-1",
        endpoint: str | None = None,
        allow_hosts: Iterable[str] = (),
        allow_origins: Iterable[str] = (),
    ) -> Generator[Self]:
        """Open the oldest pool and client of a database. If there are none, or no database is
        given, create them.

        Raises `OSError` or `sqlite3.Error` if the database cannot be opened.
        """
        with EmbeddedCognito(
            storage=database,
            region=region,
            endpoint=endpoint,
            allow_hosts=allow_hosts,
            allow_origins=allow_origins,
        ) as service:
            oldest = min(service.pools.values(), key=_made_at, default=None)
            pool = oldest or service.create_pool(settings)
            client = min(pool.clients, key=_made_at, default=None) or pool.create_client(
                ClientSettings(generate_secret=with_secret)
            )
            yield cls(service, pool, client, found=oldest is not None)

    def add_user(self, name: str, password: str) -> bool:
        """Create a confirmed user with an e-mail address and a phone number.

        If the user exists already, return False and change nothing. Raises `Fault` if the pool's
        policy refuses the password.
        """
        if self.pool.user(name):
            return False
        check_policy(self.pool.settings.password_policy, password)
        self.pool.create_user(name, password, attributes=_contacts(name))
        return True

    def allow_redirects(self, callbacks: Sequence[str]) -> None:
        """Let the app client use managed login, and be called back at these URLs."""
        self._set_client(
            callback_urls=tuple(dict.fromkeys([*self.client.settings.callback_urls, *callbacks])),
            logout_urls=tuple(dict.fromkeys([*self.client.settings.logout_urls, *callbacks])),
            allowed_oauth_flows=("code",),
            allowed_oauth_scopes=SCOPES,
            allowed_oauth_flows_user_pool_client=True,
        )

    def add_provider(self, endpoint: str) -> None:
        """Add an identity provider: a second pool of the service, with one user."""
        other = next((pool for pool in self.service.pools.values() if pool is not self.pool), None)
        other = other or self.service.create_pool(PROVIDER_POOL)
        other.settings = other.settings.model_copy(update={"issuer_type": "LOCAL"})
        if not other.user(PROVIDER_USERNAME):
            attributes = _contacts(PROVIDER_USERNAME)
            other.create_user(PROVIDER_USERNAME, PASSWORD, attributes=attributes)
        settings = ClientSettings(
            generate_secret=True,
            callback_urls=tuple(
                f"{origin}/oauth2/idpresponse" for origin in (endpoint, for_browsers(endpoint))
            ),
            allowed_oauth_flows=("code",),
            allowed_oauth_scopes=("openid", "email", "phone", "profile"),
            allowed_oauth_flows_user_pool_client=True,
            explicit_auth_flows=("ALLOW_USER_SRP_AUTH",),
        )
        client, now = other.create_client(settings, name="auth-flow"), self.service.clock()
        provider = IdentityProvider(
            name=PROVIDER,
            type="OIDC",
            details={
                "client_id": client.id,
                "client_secret": client.secret or "",
                "oidc_issuer": other.issuer,
                "authorize_scopes": "openid email",
                "attributes_request_method": "GET",
            },
            attribute_mapping={"username": "sub", "email": "email"},
            identifiers=[],
            created=now,
            modified=now,
        )
        self.pool.providers.put(PROVIDER, provider)
        self._set_client(supported_identity_providers=("COGNITO", PROVIDER))

    def _set_client(self, **changes: object) -> None:
        self.client.settings = self.client.settings.model_copy(update=changes)
        self.pool.clients.put(self.client.id, self.client)

    def tell_messages(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with each message at the time it is sent."""
        self.service.outbox.listeners.append(
            lambda message: tell(f"{message.medium} to {message.destination}: {message.text}")
        )

    @asynccontextmanager
    async def flow(
        self, *, issuer: str = "auth-flow", forms: FormSettings | None = None
    ) -> AsyncGenerator[AuthFlow]:
        """Open a flow that uses the pool without a socket.

        `issuer` names the pool in authenticator apps, `forms` are the settings of the flow's forms.
        """
        app = UserPool(
            user_pool_id=self.pool.id,
            client_id=self.client.id,
            client_secret=self.client.secret,
            issuer=issuer,
        )
        async with self.service.http_client() as http:
            transport = CognitoTransport("http://embedded", client=http)
            async with AuthFlow(app, transport=transport, forms=forms or FormSettings()) as flow:
                yield flow

    def environment(self, endpoint: str) -> dict[str, str]:
        """Return the environment variables with which the other commands find this pool."""
        secret = {"AUTH_FLOW_CLIENT_SECRET": self.client.secret} if self.client.secret else {}
        hosted = self.client.settings.allowed_oauth_flows_user_pool_client
        domain = {"AUTH_FLOW_OAUTH_DOMAIN": for_browsers(endpoint)} if hosted else {}
        return {
            "AUTH_FLOW_USER_POOL_ID": self.pool.id,
            "AUTH_FLOW_CLIENT_ID": self.client.id,
            "AUTH_FLOW_ENDPOINT": endpoint,
            **secret,
            **domain,
        }
