"""The flow of a step-up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from auth_flow._config import AuthConfig
from auth_flow._flow import AuthFlow
from auth_flow._user_pool import UserPool
from auth_flow.states._tokens import Tokens

if TYPE_CHECKING:
    from auth_flow.session._session import Session
    from auth_flow.states._devices import NewDevice, RememberedDevice


Adopt: TypeAlias = (
    "Callable[[Tokens, RememberedDevice | None, NewDevice | None], Awaitable[Session]]"
)


class StepUpFlow(AuthFlow):
    """A flow whose tokens go to an existing session: `adopt` takes them, and returns it."""

    def __init__(self, pool: UserPool, config: AuthConfig, adopt: Adopt) -> None:
        super().__init__(pool, config=config)
        self._adopt_tokens = adopt

    async def _begin_session(
        self,
        tokens: Tokens,
        device: RememberedDevice | None = None,
        new_device: NewDevice | None = None,
    ) -> None:
        self._session = await self._adopt_tokens(tokens, device, new_device)
        self._show_device(self._session.current_device)
