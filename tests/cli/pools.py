"""An embedded pool with users in all the states that a sign-in can run into."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from auth_flow import AuthFlow, UserPool
from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME
from auth_flow.embedded import (
    EmbeddedCognito,
    EmbeddedUserPool,
    PoolSettings,
    SigningKey,
    TurnableClock,
)
from auth_flow.errors import ConnectionLost
from auth_flow.states.forms import FormSettings
from auth_flow.transports import CognitoTransport

KEY = SigningKey()


class _LosesReplies(CognitoTransport):
    def __init__(self, loses: list[str], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._loses = loses

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        reply = await super().call(operation, body)
        if operation in self._loses:
            self._loses.remove(operation)
            raise ConnectionLost("gone", operation=operation)
        return reply


class TestPool:
    """A service with one pool, whose clock the flows share."""

    __test__ = False

    def __init__(self, **settings: Any) -> None:
        self.clock = TurnableClock()
        self.service = EmbeddedCognito(clock=self.clock)
        self.pool: EmbeddedUserPool = self.service.create_pool(
            PoolSettings(**{"mfa_configuration": "OPTIONAL", **settings}), key=KEY
        )
        self.client = self.pool.create_client()
        self.loses = list[str]()
        """The operations whose next reply never comes."""

    def add(self, **options: Any) -> None:
        self.pool.create_user(USERNAME, PASSWORD, **{"attributes": ATTRIBUTES, **options})

    def code(self) -> str:
        """The newest code that was sent."""
        message = self.service.outbox.last()
        assert message is not None
        return message.code

    def wrong_code(self) -> str:
        return "111111" if self.code() != "111111" else "222222"

    @property
    def app(self) -> UserPool:
        return UserPool(user_pool_id=self.pool.id, client_id=self.client.id)

    @asynccontextmanager
    async def flow(
        self, app: UserPool | None = None, *, forms: FormSettings | None = None
    ) -> AsyncGenerator[AuthFlow]:
        async with (
            self.service.http_client() as http,
            AuthFlow(
                app or self.app,
                transport=_LosesReplies(self.loses, "http://embedded", client=http),
                clock=self.clock,
                forms=forms or FormSettings(),
            ) as flow,
        ):
            yield flow
