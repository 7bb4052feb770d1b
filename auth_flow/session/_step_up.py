"""The flow of a step-up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from auth_flow._config import AuthConfig
from auth_flow._flow import AuthFlow
from auth_flow._user_pool import UserPool
from auth_flow.states._tokens import Tokens

if TYPE_CHECKING:
    from auth_flow.session._session import Session


class StepUpFlow(AuthFlow):
    """A flow whose tokens go to an existing session: `adopt` takes them, and returns it."""

    def __init__(
        self, pool: UserPool, config: AuthConfig, adopt: Callable[[Tokens], Awaitable[Session]]
    ) -> None:
        super().__init__(pool, config=config)
        self._adopt_tokens = adopt

    async def _begin_session(self, tokens: Tokens) -> None:
        self._session = await self._adopt_tokens(tokens)
