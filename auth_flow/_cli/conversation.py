"""A flow that is taken to DONE by asking a person."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field

from anyio.from_thread import BlockingPortal, start_blocking_portal

from auth_flow._cli.authenticators import open_authenticator
from auth_flow._cli.prompter import Prompter
from auth_flow._cli.questions import ask, introduce
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
    MissingExtra,
    NotAuthorizedException,
    PasskeyError,
    SessionExpired,
    StoreError,
    ThrottlingError,
)
from auth_flow.states._events import ChooseFactor, EnterPassword, Event, PresentPasskey
from auth_flow.states.forms import Form, FormName, Problem
from auth_flow.states.steps import Done, FirstFactorSelection, Idle, PasskeyRequired, Step

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


@dataclass(frozen=True, slots=True)
class Opening:
    """The form that a conversation begins with, and the values that are known beforehand."""

    form: FormName
    values: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@contextmanager
def conversation(
    flow: AbstractAsyncContextManager[AuthFlow], person: Prompter, *, security_key: bool = False
) -> Generator[Conversation]:
    """Open a flow on an event loop of its own thread.

    A passkey that the pool asks for is one of this machine, or of a `security_key`.

    The questions are asked on this thread: reading a line blocks, and an interrupt has to reach the
    prompt at once.
    """
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(flow) as opened,
    ):
        yield Conversation(opened, portal, person, security_key=security_key)


@dataclass(slots=True)
class Conversation:
    """Feeds a flow with the answers of a person. `flow` lives on the event loop of `portal`."""

    flow: AuthFlow
    portal: BlockingPortal
    person: Prompter
    security_key: bool = False
    _page: FormName = "SIGN_IN"
    _values: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """The values of the form that was filled in last."""

    def hold(self, opening: Opening) -> Done:
        """Ask until the flow is done. Raises the error that no other answer helps against."""
        self._page = opening.form
        first = event = self._fill(known=opening.values)
        typed_first = dict(self._values)
        factor: ChooseFactor | None = None
        way_back: ChooseFactor | None = None
        while True:
            try:
                step = self.send(event)
            except AuthFlowError as error:
                if self.flow.record.unanswered:
                    event = self._go_on(error)
                elif not isinstance(self.flow.step, Idle):
                    event = self._answer_again(error, event)
                elif isinstance(event, EnterPassword) and self._may_retype(error):
                    event, way_back = first, factor
                else:
                    self._values = typed_first
                    event = first = self._begin_again(error, first)
                    typed_first = dict(self._values)
                continue
            if isinstance(step, Done):
                return step
            if isinstance(event, ChooseFactor):
                factor = event
            if isinstance(step, FirstFactorSelection) and way_back:
                event, way_back = way_back, None
            elif isinstance(step, Idle):
                event = first = self._fill(known=_without_secrets(self._form(), typed_first))
            else:
                event = self._present() or self._fill()

    def send(self, event: Event) -> Step:
        """Send an event on the event loop of the flow."""
        with self.person.waiting():
            return self.portal.call(self.flow.send, event)

    def _present(self) -> Event | None:
        """Present a passkey. Returns None if there is none: the form has to be filled in."""
        step = self.flow.step
        if not isinstance(step, PasskeyRequired) or step.options.rp_id is None:
            return None
        try:
            authenticator = open_authenticator(
                step.options.rp_id, self.person, self.portal, security_key=self.security_key
            )
            return PresentPasskey(credential=self.portal.call(authenticator.get, step.options))
        except (MissingExtra, PasskeyError, StoreError) as error:
            self.person.tell(explain(error), "bad")
            return None

    def _form(self, error: AuthFlowError | None = None) -> Form:
        return self.flow.form(self._page, error=error, values=self._values)

    def _fill(
        self, *, known: Mapping[str, str] | None = None, only: Collection[str] | None = None
    ) -> Event:
        """Ask for the fields of the current form until they are filled in correctly."""
        self._values = dict(known or {})
        if only is None:
            introduce(self._form(), self.person)
        while True:
            answers = ask(self._form(), self.person, known=self._values, only=only)
            self._values = answers.values
            try:
                return self.flow.fill(answers.values, answers.action, form=self._page)
            except GuardRejected as refusal:
                if not self.person.patient:
                    raise
                only = self._tell_problems(refusal)

    def _tell_problems(self, error: AuthFlowError) -> Collection[str]:
        """Show an error as the problems that it is, and return the fields to ask for again."""
        form = self._form(error)
        at_fields = {one.name: one.problem for one in form.questions if one.problem}
        problems: list[Problem] = [*at_fields.values(), *([form.problem] if form.problem else [])]
        for text in dict.fromkeys(str(problem) for problem in problems):
            self.person.tell(text, "bad")
        if at_fields:
            return at_fields.keys()
        asked = form.questions
        if isinstance(error, NotAuthorizedException) and any(
            one.kind == "password" for one in asked
        ):
            # A person retypes a wrong password without reading the question, and only the question
            # for the password hides it.
            asked = tuple(one for one in asked if one.kind == "password")
        return {one.name for one in asked}

    def _may_retype(self, error: AuthFlowError) -> bool:
        if not (isinstance(error, CredentialError) and self.person.patient):
            return False
        self._tell_problems(error)
        return True

    def _begin_again(self, error: AuthFlowError, first: Event) -> Event:
        """Begin anew after an error that ended the flow.

        If the values were not at fault, they are sent again; otherwise others are asked for.
        """
        if error.retryable or isinstance(error, SessionExpired):
            self._offer(error, "Begin again?")
            return first
        if not isinstance(error, _ANSWERABLE) or not self.person.patient:
            raise error
        return self._fill_again(error)

    def _answer_again(self, error: AuthFlowError, event: Event) -> Event:
        """Answer anew after an error that left the flow at the same step."""
        # A form without questions would only be sent again, with the same result.
        if isinstance(error, _ANSWERABLE) and self.person.patient and self._form().questions:
            return self._fill_again(error)
        if not error.retryable:
            raise error
        self._offer(error, "Try the same again?")
        return event

    def _go_on(self, error: AuthFlowError) -> Event:
        """Choose a way on after an event whose reply was lost. It must not be sent again."""
        form = self._form(error)
        if not self.person.patient:
            raise error
        self.person.tell(str(form.problem), "bad")
        if not form.questions and not self.person.offer(f"{form.actions[0].label}?"):
            raise error
        return self._fill()

    def _fill_again(self, error: AuthFlowError) -> Event:
        only = self._tell_problems(error)
        return self._fill(known=self._values, only=only)

    def _offer(self, error: AuthFlowError, question: str) -> None:
        """Ask whether to go on after an error, and raise it if the answer is no."""
        if not self.person.patient:
            raise error
        self.person.tell(explain(error), "bad")
        if not self.person.offer(question):
            raise error


def _without_secrets(form: Form, values: Mapping[str, str]) -> dict[str, str]:
    kept = {one.name for one in form.questions if not one.secret}
    return {name: value for name, value in values.items() if name in kept}
