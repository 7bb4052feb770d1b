"""A flow, taken to DONE by asking a person."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from anyio.from_thread import BlockingPortal, start_blocking_portal

from auth_flow._cli.openings import NEW_PASSWORD_REFUSED
from auth_flow._cli.prompter import Prompter
from auth_flow._cli.questions import Said, Wish, ask, with_new_password
from auth_flow._cli.words import explain
from auth_flow._flow import AuthFlow
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
from auth_flow.states._events import AutoSignIn, ChooseFactor, EnterPassword, Event
from auth_flow.states.steps import (
    AutoSignInReady,
    Done,
    FirstFactorSelection,
    Idle,
    PasswordResetRequired,
    Step,
)


class Opening(Protocol):
    """Asks for what the first event needs. It is called again where the service refused what was
    given.
    """

    def __call__(self, refusal: AuthFlowError | None = None, /) -> Event:
        """Ask for what is missing, or was refused."""
        ...


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
def conversation(
    flow: AbstractAsyncContextManager[AuthFlow], person: Prompter
) -> Generator[Conversation]:
    """Open a flow on an event loop of its own thread.

    Questions are asked on this one: reading a line blocks, and an interrupt has to reach whoever
    waits for it at once.
    """
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(flow) as opened,
    ):
        yield Conversation(opened, portal, person)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Feeds a flow what a person says. `flow` lives on the event loop of `portal`."""

    flow: AuthFlow
    portal: BlockingPortal
    person: Prompter

    def hold(self, opening: Opening) -> Done:
        """Ask until the flow is done. Raises the error that no other answer, or nobody, helps
        against.
        """
        first = opening()
        said: Said = first
        factor: ChooseFactor | None = None
        way_back: ChooseFactor | None = None
        while True:
            try:
                step = self._send(said)
            except AuthFlowError as error:
                if not isinstance(self.flow.step, Idle):
                    said = self._answer_again(error, said)
                elif (
                    isinstance(said, EnterPassword)
                    and isinstance(error, CredentialError)
                    and self.person.patient
                ):
                    # The next question has to be for the password again: only that one hides what
                    # is typed.
                    self.person.tell(explain(error), "bad")
                    said, way_back = first, factor
                else:
                    said = first = self._begin_again(error, first, opening)
                continue
            if isinstance(step, Done):
                return step
            if isinstance(said, ChooseFactor):
                factor = said
            if isinstance(step, FirstFactorSelection) and way_back:
                said, way_back = way_back, None
            else:
                said = AutoSignIn() if isinstance(step, AutoSignInReady) else self._ask(step)

    def _send(self, said: Said) -> Step:
        with self.person.waiting():
            if said is Wish.START_AGAIN:
                return self.portal.call(self.flow.start_again)
            return self.portal.call(self.flow.send, said)

    def _ask(self, step: Step, *, once_more: bool = False) -> Said:
        while True:
            try:
                return ask(step, self.person, once_more=once_more)
            except GuardRejected as refusal:
                if not self.person.patient:
                    raise
                self.person.tell(explain(refusal), "bad")
                once_more = True

    def _begin_again(self, error: AuthFlowError, first: Event, opening: Opening) -> Event:
        """After an error that ended the flow: with what was given, where that was not at fault,
        else with something new.
        """
        if error.retryable or isinstance(error, SessionExpired):
            self._offer(error, "Begin again?")
            return first
        if not isinstance(error, _ANSWERABLE) or not self.person.patient:
            raise error
        self.person.tell(explain(error), "bad")
        return opening(error)

    def _answer_again(self, error: AuthFlowError, said: Said) -> Said:
        """After an error that left the flow where it was."""
        step = self.flow.step
        if isinstance(step, AutoSignInReady) and isinstance(error, GuardRejected):
            return self._ask(step)
        # A required reset asks nobody before its code is sent, so there is nobody to give another
        # answer.
        if (
            isinstance(error, _ANSWERABLE)
            and self.person.patient
            and not isinstance(step, PasswordResetRequired)
        ):
            self.person.tell(explain(error), "bad")
            better = (
                with_new_password(said, self.person)
                if isinstance(error, NEW_PASSWORD_REFUSED)
                else None
            )
            return better or self._ask(step, once_more=True)
        if not error.retryable:
            raise error
        self._offer(error, "Try the same again?")
        return said

    def _offer(self, error: AuthFlowError, question: str) -> None:
        """Ask whether to go on after an error; raise it where nobody wants to, or nobody is
        there.
        """
        if not self.person.patient:
            raise error
        self.person.tell(explain(error), "bad")
        if not self.person.offer(question):
            raise error
