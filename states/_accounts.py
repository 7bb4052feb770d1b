"""The dialogues about accounts and passwords: sign-up, confirmation and reset, each with its way
on to a sign-in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from auth_flow.errors import InvalidParameterException, NotAuthorizedException, ServiceError
from auth_flow.states._base import reveal
from auth_flow.states._effects import Dialogue, Outcome
from auth_flow.states._events import (
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    ResendCode,
    ResetPassword,
    SignInOptions,
    SignUp,
)
from auth_flow.states._record import Record
from auth_flow.states._replies import DeliveryReply, Reply, SessionReply, SignUpReply
from auth_flow.states._requests import account, pairs, session_is_over
from auth_flow.states.steps import (
    AutoSignInReady,
    CodeDelivery,
    ConfirmationRequired,
    Done,
    PasswordResetCode,
    Step,
)

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn


def sign_up(turn: Turn, event: SignUp) -> Dialogue[Outcome]:
    """Create the account. Cognito replies whether it must be confirmed."""
    asked = event.auto_sign_in
    options = asked if isinstance(asked, SignInOptions) else SignInOptions() if asked else None
    turn = turn.with_record(Record(login_id=event.username, sign_in_options=options))
    reply = yield from account(
        turn,
        "SignUp",
        SignUpReply,
        event.username,
        Password=event.password if reveal(event.password or "") else None,
        UserAttributes=pairs(event.user_attributes or {}) or None,
        ValidationData=pairs(event.validation_data or {}) or None,
    )
    step: Step
    if not reply.confirmed:
        turn = turn.with_record(turn.record.model_copy(update={"code_sent_at": turn.clock()}))
        delivery = CodeDelivery.of(reply.delivery)
        step = ConfirmationRequired(code_delivery=delivery, user_id=reply.user_id)
    elif options is not None:
        step = AutoSignInReady()
    else:
        step = Done(signed_in=False, username=event.username, user_id=reply.user_id)
    return turn.rest_at(turn.waiting_at(step, reply.session))


def confirm_sign_up(turn: Turn, event: ConfirmSignUp | EnterCode) -> Dialogue[Outcome]:
    """Confirm the account. The session of the sign-up goes along, and the one that comes back signs
    in without a password.

    A session lives for minutes and a code for a day: if the service no longer knows the session,
    the code is sent without it. If the account has been confirmed elsewhere, by a link or in
    another tab, the flow goes on as if the code had been right.
    """
    if isinstance(event, EnterCode):
        event = ConfirmSignUp(code=event.code)
    code, force = event.code, event.force_alias_creation
    record = _record_of(turn, event.username)
    session = record.session if record.expires_at and turn.now < record.expires_at else None

    def confirm(session: SecretStr | None) -> Dialogue[SessionReply]:
        return account(
            turn,
            "ConfirmSignUp",
            SessionReply,
            _login_id(record),
            ConfirmationCode=code,
            ForceAliasCreation=force,
            Session=session,
        )

    try:
        reply = yield from confirm(session)
    except NotAuthorizedException as error:
        if _confirmed_elsewhere(turn, error):
            return _ready(turn, record, None)
        if session is None or not session_is_over(error):
            raise
        reply = yield from confirm(None)
    return _ready(turn, record, reply.session)


def resend_code(turn: Turn, event: ResendCode) -> Dialogue[Outcome]:
    """Send the code of a sign-up once more, unless the account has been confirmed elsewhere."""
    record = _record_of(turn, event.username)
    try:
        reply = yield from account(turn, "ResendConfirmationCode", DeliveryReply, _login_id(record))
    except InvalidParameterException as error:
        if _confirmed_elsewhere(turn, error):
            return _ready(turn, record, None)
        raise
    known = record.step.user_id if isinstance(record.step, ConfirmationRequired) else None
    delivery = CodeDelivery.of(reply.delivery)
    step = ConfirmationRequired(code_delivery=delivery, user_id=known)
    return turn.rest_at(record.at(step, code_sent_at=turn.clock()))


def reset_password(turn: Turn, event: ResetPassword | ResendCode) -> Dialogue[Outcome]:
    """Have a code sent that allows setting a new password."""
    record = _record_of(turn, event.username)
    reply = yield from account(turn, "ForgotPassword", DeliveryReply, _login_id(record))
    delivery = CodeDelivery.of(reply.delivery)
    step = PasswordResetCode(code_delivery=delivery)
    return turn.rest_at(record.at(step, code_sent_at=turn.clock()))


def confirm_reset_password(turn: Turn, event: ConfirmResetPassword) -> Dialogue[Outcome]:
    """Set the new password."""
    record = _record_of(turn, event.username)
    yield from account(
        turn,
        "ConfirmForgotPassword",
        Reply,
        _login_id(record),
        ConfirmationCode=event.code,
        Password=event.new_password,
    )
    return _ready(turn, record, None)


def _confirmed_elsewhere(turn: Turn, error: ServiceError) -> bool:
    """Return whether the account that the flow waits for has been confirmed in the meantime."""
    message = error.message.casefold()
    return isinstance(turn.record.step, ConfirmationRequired) and (
        "cannot be confirmed. current status is confirmed" in message
        or "already confirmed" in message
    )


def _record_of(turn: Turn, username: str | None) -> Record:
    """Return the flow's record, or an empty one if the event is about another user."""
    if username is None or username in (turn.record.login_id, turn.record.username):
        return turn.record
    return Record(login_id=username)


def _ready(turn: Turn, record: Record, session: SecretStr | None) -> Outcome:
    """Return the outcome that the account is in order: a sign-in follows if the flow is about
    one.
    """
    if record.sign_in_options is not None:
        return turn.rest_at(turn.with_record(record).waiting_at(AutoSignInReady(), session))
    done = Done(signed_in=False, username=record.login_id)
    return turn.rest_at(Record(login_id=record.login_id, step=done))


def _login_id(record: Record) -> str:
    assert record.login_id is not None
    return record.login_id
