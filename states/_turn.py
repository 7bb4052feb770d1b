"""One event, from a flow at rest to its next rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from auth_flow.errors import (
    AuthFlowError,
    EventNotAccepted,
    GuardRejected,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ServiceError,
    SessionExpired,
    UserNotConfirmedException,
    UserNotFoundException,
)
from auth_flow.states import chart
from auth_flow.states._accounts import AccountDialogue
from auth_flow.states._app_client import AppClient
from auth_flow.states._base import reveal
from auth_flow.states._effects import Checkpoint, Dialogue
from auth_flow.states._events import (
    Answer,
    AutoSignIn,
    ChooseFactor,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    Event,
    NewPassword,
    ResendCode,
    ResetPassword,
    SignIn,
    SignUp,
    check_event,
)
from auth_flow.states._ended import reopened
from auth_flow.states._fate import answered, at_most_once, check_repetition
from auth_flow.states._guards import GuardContext, session_is_alive
from auth_flow.states._record import Record
from auth_flow.states._requests import Requests, session_is_over
from auth_flow.states._sign_in import DialogueResult, SignInDialogue
from auth_flow.states._tokens import Tokens
from auth_flow.states.steps import (
    STEPS,
    AutoSignInReady,
    Challenge,
    ConfirmationRequired,
    Done,
    EmailSetup,
    Idle,
    PasswordRequired,
    PasswordResetCode,
    PasswordResetRequired,
    Question,
    Step,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an event has led. `tokens` are there where it signed in, `error` where it ended the
    flow, to be raised.

    `password` is what the flow may hold on to, in memory, until it is done: no record has it.
    """

    record: Record
    tokens: Tokens | None = None
    password: SecretStr | None = field(default=None, repr=False)
    error: AuthFlowError | None = None


def advance(
    record: Record,
    event: Event,
    *,
    pool: AppClient,
    clock: Callable[[], float],
    password: SecretStr | None = None,
    context: Mapping[str, str] | None = None,
) -> Dialogue[Outcome]:
    """Take an event to the flow's next rest.

    `clock` tells seconds since the epoch, `password` is what the outcome before this one gave to
    hold, `context` is `UserContextData`. Raises `EventNotAccepted`, `GuardRejected`, and whatever
    is thrown in and leaves the flow where it stands.
    """
    check_event(event)
    record, now = reopened(record, event), clock()
    try:
        event = _heard(record, event, now)
        work = chart.begin(GuardContext(event, record, now, holds_password=password is not None))
    except GuardRejected as refusal:
        if refusal.guard != session_is_alive.__name__:
            raise
        return _over(record.state, SessionExpired("The time for answering is over; sign in again."))
    if work in STEPS:
        return Outcome(
            _decided(record, event, work), password=None if work == Idle.name else password
        )

    check_repetition(record, event)
    password, here = _held(event, password), _base(answered(record), event)
    username = getattr(event, "username", None)
    dialogue = _dialogue(
        here, event, Requests(pool, event.client_metadata, context), clock, password
    )
    try:
        arrival = yield from at_most_once(dialogue, record, event, now=now, username=username)
    except ServiceError as error:
        return _refused(here, event, work, error, password)
    chart.settle(work, arrival.record.state)
    if arrival.tokens is not None or arrival.error is not None:
        return Outcome(arrival.record, arrival.tokens, error=arrival.error)
    if isinstance(arrival.record.step, AutoSignInReady) and arrival.record.goes_on:
        return (yield from _go_on(arrival.record, event, pool, clock, password, context))
    ends = isinstance(arrival.record.step, Done) or arrival.record.login_id != here.login_id
    return Outcome(arrival.record, password=None if ends else password)


def _heard(record: Record, event: Event, now: float) -> Event:
    """What was typed, as the event it stands for in this state."""
    match event, record.step:
        case Answer(), Challenge() if not session_is_alive(GuardContext(event, record, now)):
            raise GuardRejected(
                record.state, event.name, session_is_alive.__name__, session_is_alive.__doc__ or ""
            )
        case Answer(), Question() as question:
            return question.parse(event)
        case Answer(), step:
            raise EventNotAccepted(step.name, event.name, chart.accepts(step.name))
        case _:
            return event


def _base(record: Record, event: Event) -> Record:
    """What is known before the first request: a sign-in, or a sign-up, begins from nothing,
    whatever the flow was at.
    """
    match event:
        case SignIn():
            return Record(
                login_id=event.username, sign_in_options=event.sign_in_options, goes_on=True
            )
        case SignUp():
            return Record(login_id=event.username)
        case _:
            return record


def _held(event: Event, password: SecretStr | None) -> SecretStr | None:
    """The password to hold from this event on, for the case that the flow signs in with it
    later.
    """
    match event:
        case SignIn(password=given) | SignUp(password=given):
            return (
                SecretStr(reveal(given)) if given is not None else None
            )  # another user's may have been held
        case (
            NewPassword(password=given)
            | EnterPassword(password=given)
            | ConfirmResetPassword(new_password=given)
        ):
            return SecretStr(reveal(given))
        case AutoSignIn(password=given) if given is not None:
            return SecretStr(reveal(given))
        case _:
            return password


def _decided(record: Record, event: Event, state: str) -> Record:
    """The step that follows without asking the service."""
    match event:
        case ChooseFactor(factor=factor) if state == PasswordRequired.name:
            return record.model_copy(update={"step": PasswordRequired(), "challenge": factor})
        case _ if state == EmailSetup.name:
            return record.model_copy(update={"step": EmailSetup()})
        case _:
            return Record()


def _dialogue(
    record: Record,
    event: Event,
    requests: Requests,
    clock: Callable[[], float],
    password: SecretStr | None,
) -> Dialogue[DialogueResult]:
    """The conversation that an event stands for."""
    sign_in, account = (
        SignInDialogue(record, requests, clock),
        AccountDialogue(record, requests, clock),
    )
    match event, record.step:
        case SignIn(), _:
            return sign_in.begin(password)
        case AutoSignIn(), _:
            alive = session_is_alive(GuardContext(event, record, clock()))
            return sign_in.begin(password, record.session if alive else None)
        case SignUp(), _:
            return account.sign_up(event)
        case ConfirmSignUp(), _:
            return account.confirm_sign_up(event)
        case EnterCode(code=code, client_metadata=metadata), ConfirmationRequired():
            return account.confirm_sign_up(ConfirmSignUp(code=code, client_metadata=metadata))
        case ResetPassword(), _:
            return account.reset_password(event.username)
        case ResendCode(), PasswordResetCode():
            return account.reset_password(event.username)
        case ResendCode(), _:
            return account.resend_code(event.username)
        case ConfirmResetPassword(), _:
            return account.confirm_reset_password(event)
        case _:
            return sign_in.answer(event)


def _go_on(
    record: Record,
    event: Event,
    pool: AppClient,
    clock: Callable[[], float],
    password: SecretStr | None,
    context: Mapping[str, str] | None,
) -> Dialogue[Outcome]:
    """Sign in by the same way as before, where the flow holds what that takes; else stop and let
    the caller give it.
    """
    onwards = AutoSignIn(client_metadata=event.client_metadata)
    yield Checkpoint(record, password)
    try:
        return (
            yield from advance(
                record, onwards, pool=pool, clock=clock, password=password, context=context
            )
        )
    except GuardRejected:
        return Outcome(record)


def _refused(
    record: Record, event: Event, work: str, error: ServiceError, password: SecretStr | None
) -> Outcome:
    """What a refusal of the service does to the flow; raises it where the flow stays where it
    is.
    """
    begins = isinstance(event, SignIn | AutoSignIn)
    if work != chart.SignInChart.authenticating.value or (error.retryable and not begins):
        raise error
    match error:
        case UserNotConfirmedException():
            return _turned(record, ConfirmationRequired(), work, password)
        case PasswordResetRequiredException():
            return _turned(record, PasswordResetRequired(), work, password)
        case NotAuthorizedException() if not isinstance(event, SignIn) and session_is_over(error):
            expired = SessionExpired(f"The service says: {error.message}")
            expired.__cause__ = error
            return _over(work, expired)
        case NotAuthorizedException() | UserNotFoundException():
            return _over(work, error)
        case _ if begins:
            return _over(work, error)
        case _:
            raise error


def _turned(record: Record, step: Step, work: str, password: SecretStr | None) -> Outcome:
    chart.settle(work, step.name)
    known = Record(
        step=step,
        login_id=record.login_id,
        username=record.username,
        sign_in_options=record.sign_in_options,
        goes_on=True,
    )
    return Outcome(known, password=password)


def _over(state: str, error: AuthFlowError) -> Outcome:
    chart.settle(state, Idle.name)
    return Outcome(Record(), error=error)
