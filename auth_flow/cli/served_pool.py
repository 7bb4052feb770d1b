"""The pool that `auth-flow serve` serves: a new one, or the one in a database."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from auth_flow.transports.embedded import Client, ClientSettings, EmbeddedCognito, EmbeddedUserPool, PoolSettings


@dataclass(frozen=True, slots=True)
class ServedPool:
    """A service with one pool and one app client."""

    service: EmbeddedCognito
    pool: EmbeddedUserPool
    client: Client

    @classmethod
    @contextmanager
    def open(cls, database: Path | None, *, mfa: Literal["OFF", "OPTIONAL", "ON"], with_secret: bool) -> Generator[Self]:
        """Open the pool of a database; where there is none yet, or no database, make one as asked for."""
        service = EmbeddedCognito(storage=database)
        try:
            pool = next(iter(service.pools.values()), None) or service.create_pool(PoolSettings(mfa_configuration=mfa))
            client = next(iter(pool.clients), None) or pool.create_client(ClientSettings(generate_secret=with_secret))
            yield cls(service, pool, client)
        finally:
            service.close()

    def environment(self, endpoint: str) -> dict[str, str]:
        """The variables by which the other commands find this pool."""
        secret = {"AUTH_FLOW_CLIENT_SECRET": self.client.secret} if self.client.secret else {}
        return {
            "AUTH_FLOW_USER_POOL_ID": self.pool.id,
            "AUTH_FLOW_CLIENT_ID": self.client.id,
            "AUTH_FLOW_ENDPOINT": endpoint,
            **secret,
        }

    def add_user(self, name: str, password: str) -> None:
        """Make a confirmed user with an e-mail address and a phone number, in place of one of this name."""
        self.pool.create_user(name, password, attributes={"email": f"{name}@example.org", "phone_number": "+12065550100"})
