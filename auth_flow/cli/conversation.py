"""A flow, taken to DONE by asking a person."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

from anyio.from_thread import BlockingPortal, start_blocking_portal

from auth_flow.cli.prompter import Prompter
from auth_flow.cli.questions import Said, Wish, ask
from auth_flow.cli.words import explain
from auth_flow.errors import (
    AccountError,
    AuthFlowError,
    CredentialError,
    DeliveryError,
    GuardRejected,
    InvalidParameterException,
    LambdaError,
    SessionExpired,
    ThrottlingError,
)
from auth_flow.flow import AuthFlow
from auth_flow.states.events import AutoSignIn, Event
from auth_flow.states.steps import AutoSignInReady, Done, Idle, Step

Opening = Callable[[], Event]
"""Asks for what the first event needs. It is called again where the service refused what was given."""

_ANSWERABLE = (
    GuardRejected,
    CredentialError,
    AccountError,
    InvalidParameterException,
    LambdaError,
    DeliveryError,
    ThrottlingError,
)
"""Errors that another answer may help against."""


@contextmanager
def conversation(flow: AbstractAsyncContextManager[AuthFlow], person: Prompter) -> Generator[Conversation]:
    """Open a flow on an event loop of its own thread.

    Questions are asked on this one: reading a line blocks, and an interrupt has to reach whoever waits for it at once.
    """
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(flow) as opened:
        yield Conversation(opened, portal, person)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Feeds a flow what a person says. `flow` lives on the event loop of `portal`."""

    flow: AuthFlow
    portal: BlockingPortal
    person: Prompter

    def hold(self, opening: Opening) -> Done:
        """Ask until the flow is done. Raises the error that no other answer, or nobody, helps against."""
        first = opening()
        said: Said = first
        while True:
            try:
                step = self._send(said)
            except AuthFlowError as error:
                if isinstance(self.flow.step, Idle):
                    said = first = self._begin_again(error, first, opening)
                else:
                    said = self._answer_again(error, said)
                continue
            if isinstance(step, Done):
                return step
            said = AutoSignIn() if isinstance(step, AutoSignInReady) else self._ask(step)

    def _send(self, said: Said) -> Step:
        with self.person.waiting():
            if said is Wish.START_AGAIN:
                return self.portal.call(self.flow.start_again)
            return self.portal.call(self.flow.send, said)

    def _ask(self, step: Step) -> Said:
        while True:
            try:
                return ask(step, self.person)
            except GuardRejected as refusal:
                if not self.person.patient:
                    raise
                self.person.tell(explain(refusal), "bad")

    def _begin_again(self, error: AuthFlowError, first: Event, opening: Opening) -> Event:
        """After an error that ended the flow: with what was given, where that was not at fault, else with something new."""
        blameless = error.retryable or isinstance(error, SessionExpired)
        if not blameless and not isinstance(error, _ANSWERABLE):
            raise error
        if not self.person.offer(f"{explain(error)} Begin again?"):
            raise error
        return first if blameless else opening()

    def _answer_again(self, error: AuthFlowError, said: Said) -> Said:
        """After an error that left the flow where it was."""
        step = self.flow.step
        if isinstance(step, AutoSignInReady) and isinstance(error, GuardRejected):
            return self._ask(step)
        if isinstance(error, _ANSWERABLE) and self.person.patient:
            self.person.tell(explain(error), "bad")
            return self._ask(step)
        if error.retryable and self.person.offer(f"{explain(error)} Try the same again?"):
            return said
        raise error
