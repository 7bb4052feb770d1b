"""A flow that this worker has taken."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from auth_flow._config import AuthConfig
from auth_flow._finish import finish_despite_cancel
from auth_flow._flow import AuthFlow
from auth_flow._user_pool import UserPool
from auth_flow.errors import AuthFlowError, ClaimExpired, StoreError
from auth_flow.shared._claim import Claim

if TYPE_CHECKING:
    from auth_flow.states._effects import Checkpoint, Outcome
    from auth_flow.states._events import Event

_log = logging.getLogger(__name__)


class SharedFlow(AuthFlow):
    """The `AuthFlow` that `SharedFlows.take` returns. It writes every event to the store.

    An event is seen through to its end even if the task that sends it is cancelled: cancelling
    takes effect once the outcome is stored, or after five seconds. `send` can also raise
    `ClaimExpired` and `StoreUnavailable`. `retryable` is false if the service may have taken the
    event.
    """

    def __init__(self, pool: UserPool, claim: Claim, config: AuthConfig) -> None:
        super().__init__(pool, config=config, record=claim.record)
        self._claim = claim

    @property
    def version(self) -> str:
        """The version of the flow, for a form: `SharedFlows.take(key, expected=version)`."""
        return self._claim.version

    async def _perform(self, event: Event) -> Outcome:
        return await finish_despite_cancel(partial(self._perform_and_save, event))

    async def _perform_and_save(self, event: Event) -> Outcome:
        try:
            outcome = await super()._perform(event)
        except AuthFlowError:
            try:
                await self._claim.save(self._record)
            except StoreError as error:
                _log.warning("The store did not accept the outcome of an event: %s", error.name)
            raise
        try:
            await self._claim.save(self._record)
        except ClaimExpired:
            await self._renounce()
            raise
        except StoreError as error:
            error.retryable = False  # the service has taken the event
            raise
        return outcome

    async def _keep(self, checkpoint: Checkpoint) -> None:
        if checkpoint.sending:
            await self._claim.announce(checkpoint.record, checkpoint.sending)
        await super()._keep(checkpoint)

    async def _renounce(self) -> None:
        """Revoke tokens that were issued after the claim was lost: another worker has the flow."""
        if self._session is not None:
            with suppress(AuthFlowError):
                await self._session.sign_out()
