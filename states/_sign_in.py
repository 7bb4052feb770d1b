"""The dialogues of a sign-in: its beginning, the answer to a challenge, and the steps that replies
and refusals lead to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from auth_flow.errors import (
    AuthFlowError,
    DeviceNotRemembered,
    MalformedResponse,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ServiceError,
    SessionExpired,
    UnknownChallenge,
    UserNotConfirmedException,
    UserNotFoundException,
)
from auth_flow.states._base import Secret
from auth_flow.states._device_proof import DeviceGone, DeviceProof
from auth_flow.states._devices import NewDevice
from auth_flow.states._effects import Dialogue, Outcome
from auth_flow.states._events import (
    AutoSignIn,
    Cancel,
    ChooseFactor,
    ChooseMfa,
    Event,
    SignIn,
    SignInOptions,
)
from auth_flow.states._guards import session_is_alive
from auth_flow.states._password_proof import new_keys, prove
from auth_flow.states._record import Record
from auth_flow.states._replies import AuthenticationResult, AuthReply
from auth_flow.states._requests import initiate, session_is_over
from auth_flow.states._tokens import Tokens
from auth_flow.states._work import AUTHENTICATING
from auth_flow.states.steps import (
    AutoSignInReady,
    ConfirmationRequired,
    CurrentDevice,
    Done,
    EmailSetup,
    PasswordRequired,
    PasswordResetRequired,
    Step,
)
from auth_flow.states.steps._base import Challenge

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn

# To begin


def sign_in(turn: Turn, event: SignIn) -> Dialogue[Outcome]:
    """Sign in from the start, and forget the flow so far."""
    options = event.sign_in_options
    record = Record(login_id=event.username, sign_in_options=options)
    return _begin(turn.with_record(record), options)


def auto_sign_in(turn: Turn, event: AutoSignIn) -> Dialogue[Outcome]:
    """Sign in to the account that is now in order, with the session of its confirmation if there
    is one: then USER_AUTH needs nothing else.
    """
    options = turn.record.sign_in_options or SignInOptions()
    if turn.record.session is None or not session_is_alive(turn):
        return _begin(turn, options)
    preferred = None if options.takes_password else options.preferred_challenge
    options = SignInOptions(auth_flow_type="USER_AUTH", preferred_challenge=preferred)
    return _begin(turn, options, turn.record.session)


def _begin(
    turn: Turn, options: SignInOptions, session: SecretStr | None = None
) -> Dialogue[Outcome]:
    try:
        try:
            return (yield from _begin_once(turn, options, session))
        except DeviceGone:
            return (yield from _begin_once(turn, options, session))
    except ServiceError as error:
        return _turned_away(turn, error) or _ask_again(turn, error) or _end(error)


def _begin_once(turn: Turn, options: SignInOptions, session: SecretStr | None) -> Dialogue[Outcome]:
    username, password = turn.record.login_id or "", turn.password or ""
    parameters: dict[str, Secret | None] = {}
    flow: str = options.auth_flow_type
    match options.auth_flow_type:
        case "USER_SRP_AUTH":
            pass
        case "USER_PASSWORD_AUTH":
            parameters["PASSWORD"] = password
        case "CUSTOM_WITHOUT_SRP":
            flow = "CUSTOM_AUTH"
        case "CUSTOM_WITH_SRP":
            flow = "CUSTOM_AUTH"
            parameters["CHALLENGE_NAME"] = "SRP_A"
        case "USER_AUTH":
            parameters["PREFERRED_CHALLENGE"] = options.preferred_challenge
            parameters |= _levels(options, turn.event)
            if options.preferred_challenge == "PASSWORD":
                parameters["PASSWORD"] = password
    keys = (yield from new_keys()) if options.uses_srp else None
    if keys is not None:
        parameters["SRP_A"] = keys.public_hex
    reply = yield from initiate(turn, flow, session, USERNAME=username, **parameters)
    named = turn.with_record(_with_name_of_service(turn.record, reply))
    if keys is not None:
        reply = yield from prove(named, reply, keys, password)
    return (yield from follow(named, reply))


def _levels(options: SignInOptions, event: Event) -> dict[str, Secret | None]:
    """Return the parameters of a sign-in that aims at an authentication level."""
    token = event.access_token if isinstance(event, SignIn) else None
    return {
        "TARGET_ACR_VALUES": options.acr_values,
        "MAX_AGE": None if options.max_age is None else str(options.max_age),
        "ACCESS_TOKEN": token,
    }


def _with_name_of_service(record: Record, reply: AuthReply) -> Record:
    """Return the record with the service's name of the user, which later requests must carry. It
    may differ from the name that the user typed.
    """
    username = reply.parameters.get("USERNAME") or reply.parameters.get("USER_ID_FOR_SRP")
    return record.model_copy(update={"username": username or record.login_id})


# To answer a challenge


def answer(turn: Turn, event: Event) -> Dialogue[Outcome]:
    """Answer the challenge that the flow stands at, as its step knows how to."""
    step = turn.record.step
    assert isinstance(step, Challenge)
    try:
        reply = yield from step.respond(turn, event)
        return (yield from follow(turn, reply))
    except DeviceGone as gone:
        device_gone = gone
    except ServiceError as error:
        if error.retryable:
            raise
        outcome = _turned_away(turn, error)
        if outcome is not None:
            return outcome
        if isinstance(error, NotAuthorizedException | UserNotFoundException):
            return _end(error)
        raise
    # Outside the handler, so that errors of the new sign-in do not show this one as their context.
    return (yield from _begin_anew(turn, device_gone.error))


def _begin_anew(turn: Turn, error: ServiceError) -> Dialogue[Outcome]:
    """Begin the sign-in again without the device, or end it if the flow lacks the password."""
    known, options = turn.record, turn.record.sign_in_options
    if options is None or (options.takes_password and turn.password is None):
        return _end(error)
    record = Record(login_id=known.login_id, sign_in_options=options)
    return (yield from _begin(turn.with_record(record), options))


def choose_password(turn: Turn, event: ChooseFactor) -> Dialogue[Outcome]:
    """Ask for the password before the choice is sent: Cognito takes both together."""
    yield from ()
    return turn.rest_at(turn.record.at(PasswordRequired(), challenge=event.factor))


def choose_email(turn: Turn, event: ChooseMfa) -> Dialogue[Outcome]:
    """Ask for the address: the choice itself is not sent."""
    yield from ()
    return turn.rest_at(turn.record.at(EmailSetup()))


def cancel(turn: Turn, event: Cancel) -> Dialogue[Outcome]:
    """Forget the flow."""
    yield from ()
    return turn.rest_at(Record())


# Where a reply leads


def follow(turn: Turn, reply: AuthReply | Record) -> Dialogue[Outcome]:
    """Follow the service's replies to the step that the flow rests at, or to the tokens."""
    source = AUTHENTICATING
    while not isinstance(reply, Record):
        if reply.tokens is not None:
            return signed_in(turn, reply.tokens, reply.operation)
        if reply.challenge is None:
            raise MalformedResponse(
                "the reply contains neither tokens nor a challenge", operation=reply.operation
            )
        challenge = turn.chart.challenges.get(reply.challenge)
        if challenge is None:
            raise UnknownChallenge(reply.challenge)
        if reply.session is None:
            problem = f"{reply.challenge} came without a session to answer it with"
            return _end(MalformedResponse(problem, operation=reply.operation))
        if not issubclass(challenge, DeviceProof):
            reply = yield from challenge.pose(turn, reply)
            continue
        turn.chart.settle(source, challenge.name)  # one proof is enough
        source = challenge.name
        try:
            reply = yield from challenge.pose(turn, reply)
        except DeviceNotRemembered as error:
            return _end(error)
        turn.chart.settle(source, AUTHENTICATING)
    return turn.rest_at(reply)


def signed_in(
    turn: Turn,
    result: AuthenticationResult,
    operation: str,
    *,
    hosted: bool = False,
    custom_state: str | None = None,
) -> Outcome:
    """Return the outcome that the user is signed in. `operation` brought the tokens, and `hosted`
    says that it was the token endpoint of the pool's domain.
    """
    tokens = Tokens.issued(result, operation, now=turn.clock(), hosted=hosted)
    claims = tokens.access_token.claims
    username = claims.username or turn.record.username
    known = turn.devices.find(username, turn.record.login_id)
    new_device = NewDevice.of(result.new_device, known)
    device = None if new_device else known
    done = Done(
        signed_in=True,
        username=username,
        user_id=claims.subject,
        custom_state=custom_state,
        device=CurrentDevice.of(device),
    )
    record = Record(step=done, login_id=turn.record.login_id, username=username)
    return Outcome(record, tokens, device=device, new_device=new_device)


# Where a refusal leads


def _turned_away(turn: Turn, error: ServiceError) -> Outcome | None:
    """Return where a refusal leads if it is not about the answer that was sent: to the account's
    confirmation or reset, or to the end if the session is over.
    """
    match error:
        case UserNotConfirmedException():
            return _put_in_order(turn, ConfirmationRequired())
        case PasswordResetRequiredException():
            return _put_in_order(turn, PasswordResetRequired())
        case NotAuthorizedException() if _answers(turn) and session_is_over(error):
            return _end(_expired(turn, error))
        case _:
            return None


def _expired(turn: Turn, error: NotAuthorizedException) -> SessionExpired:
    """Return the error for a session that the service does not accept any more."""
    if session_is_alive(turn):
        expired = SessionExpired(
            "The service has ended this sign-in, as it does after too many wrong answers. Sign in"
            f" again. (Its message: {error.message})",
            timed_out=False,
        )
    else:
        expired = SessionExpired()
    expired.__cause__ = error
    return expired


def _ask_again(turn: Turn, error: ServiceError) -> Outcome | None:
    """Return to the step before, once, if the password of an account that is now in order was
    wrong.
    """
    record = turn.record
    options = record.sign_in_options or SignInOptions()
    if (
        not isinstance(turn.event, AutoSignIn)
        or not isinstance(error, NotAuthorizedException)
        or not options.takes_password
        or record.password_refused
    ):
        return None
    changes = {"session": None, "issued_at": None, "expires_at": None}
    step = AutoSignInReady()
    return Outcome(
        record.at(step, **changes, password_refused=True, goes_on=False),
        error=error,
    )


def _put_in_order(turn: Turn, step: Step) -> Outcome:
    known = turn.record
    record = Record(
        step=step,
        login_id=known.login_id,
        username=known.username,
        sign_in_options=known.sign_in_options,
        goes_on=True,
    )
    return turn.rest_at(record)


def _answers(turn: Turn) -> bool:
    return not isinstance(turn.event, SignIn)


def _end(error: AuthFlowError) -> Outcome:
    return Outcome(Record(), error=error)
