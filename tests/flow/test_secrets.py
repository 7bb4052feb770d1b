"""Secrets show nowhere: every secret of a whole conversation is a marker, and everything that can
be printed is searched.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from auth_flow import AuthFlow, UserPool
from auth_flow.core import Call, Checkpoint, Compute, Outcome, Turn, advance
from auth_flow.errors import AuthFlowError
from auth_flow.states import (
    Answer,
    AnswerChallenge,
    AutoSignIn,
    CodeDelivery,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    Event,
    NewPassword,
    Record,
    SignIn,
    SignInOptions,
    SignUp,
)
from auth_flow.states import _events as events
from auth_flow.states._base import hidden, reveal
from auth_flow.states._replies import (
    AuthenticationResult,
    AuthReply,
    SignUpReply,
    SoftwareTokenReply,
)
from auth_flow.states.steps import PasswordRequired, SmsCode, TotpSetup

from .scripted import SUBJECT, Json, challenge, delivery, jwt, refusal, tokens

PASSWORD, CODE, SESSION, SECRET, ANSWER = (
    "Marker-password-1",
    "271828",
    "marker-session",
    "MARKERSECRET",
    "marker-answer",
)
ACCESS, REFRESH, CLIENT_SECRET = (
    jwt(sub=SUBJECT, username="ada", jti="marker-access"),
    "marker-refresh",
    "marker-client-secret-1234",
)
MARKERS = (PASSWORD, CODE, SESSION, SECRET, ANSWER, ACCESS, REFRESH, CLIENT_SECRET)
POOL = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example", client_secret=CLIENT_SECRET)
NOW = 1_700_000_000.0
SIGNED_IN = tokens(AccessToken=ACCESS, IdToken=ACCESS, RefreshToken=REFRESH)


def assert_silent(*shown: object) -> None:
    for value in shown:
        for marker in MARKERS:
            assert marker not in f"{value!r} {value}", type(value)


def assert_silent_error(error: BaseException | None) -> None:
    """Neither the error nor what it came from tells anything, in words or in attributes."""
    while error is not None:
        assert_silent(error, error.args, vars(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class Replies:
    """A transport that answers with the next reply."""

    def __init__(self, *replies: Any) -> None:
        self.replies: Iterator[Any] = iter(replies)

    async def call(self, operation: str, body: Mapping[str, object]) -> Json:
        reply: Json | BaseException = next(self.replies)
        if isinstance(reply, BaseException):
            raise reply
        return reply

    async def aclose(self) -> None: ...


def at(step: Any, name: str = "SMS_MFA") -> Record:
    return Record(
        step=step,
        challenge=name,
        session=SecretStr(SESSION),
        username="ada",
        login_id="ada",
        expires_at=NOW + 60,
    )


SMS = at(SmsCode(code_delivery=CodeDelivery()))
TOTP = at(
    TotpSetup(shared_secret=SECRET, setup_uri=f"otpauth://totp/a?secret={SECRET}"), "MFA_SETUP"
)
NO = refusal("NotAuthorizedException", "Invalid session.")
CONVERSATIONS: list[tuple[Record, list[Event], list[Any]]] = [
    (
        Record(),
        [
            SignIn(username="ada", password=PASSWORD, auth_flow_type="USER_PASSWORD_AUTH"),
            EnterCode(code=CODE),
        ],
        [challenge("SMS_MFA", SESSION), SIGNED_IN],
    ),
    (
        Record(),
        [SignIn(username="ada", password=PASSWORD)],
        [{"ChallengeName": "PASSWORD_VERIFIER", "Session": SESSION}],
    ),
    (Record(), [SignIn(username="ada", password=PASSWORD)], [refusal("NotAuthorizedException")]),
    (
        Record(),
        [SignIn(username="ada", auth_flow_type="USER_AUTH"), EnterCode(code=CODE)],
        [
            challenge("MFA_SETUP", SESSION, MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]'),
            {"SecretCode": SECRET, "Session": SESSION},
            {"Status": "ERROR", "Session": SESSION},
        ],
    ),
    (
        Record(),
        [
            SignUp(username="ada", password=PASSWORD, auto_sign_in=SignInOptions()),
            ConfirmSignUp(code=CODE),
            AutoSignIn(password=PASSWORD),
        ],
        [
            {"UserConfirmed": False, "UserSub": "u", "Session": SESSION, **delivery()},
            {"Session": SESSION},
            SIGNED_IN,
        ],
    ),
    (
        Record(),
        [ConfirmResetPassword(username="ada", code=CODE, new_password=PASSWORD)],
        [refusal("InvalidPasswordException")],
    ),
    (SMS, [EnterCode(code=CODE)], [NO]),
    (SMS, [Answer(response=CODE)], [{"ChallengeName": ["x"], "Session": [SESSION]}]),
    (
        SMS,
        [EnterCode(code=CODE)],
        [{"AuthenticationResult": {"AccessToken": [ACCESS], "RefreshToken": {"a": REFRESH}}}],
    ),
    (
        SMS,
        [EnterCode(code=CODE)],
        [tokens(AccessToken=f"{SESSION}.{PASSWORD}.{SECRET}", RefreshToken=REFRESH)],
    ),
    (
        SMS,
        [EnterCode(code=CODE)],
        [challenge("SELECT_MFA_TYPE", SESSION, MFAS_CAN_CHOOSE=f"[{SECRET}")],
    ),
    (SMS, [EnterCode(code=f" {CODE} ")], []),
    (SMS, [NewPassword(password=PASSWORD), AnswerChallenge(answer=ANSWER)], []),
    (TOTP, [EnterCode(code=CODE)], [{"Status": [CODE], "Session": [SESSION]}]),
    (TOTP, [EnterCode(code=f"{CODE}1")], []),
    (
        at(PasswordRequired(), "PASSWORD"),
        [EnterPassword(password=PASSWORD)],
        [challenge("CUSTOM_CHALLENGE", SESSION)],
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("record", "said", "replies"), CONVERSATIONS)
async def test_a_conversation(
    record: Record, said: list[Event], replies: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    flow = AuthFlow(POOL, transport=Replies(*replies), record=record, clock=lambda: NOW)
    for event in said:
        assert_silent(event)
        try:
            assert_silent(await flow.send(event))
        except AuthFlowError as error:
            assert_silent_error(error)
        assert_silent(flow, flow.record, flow.step, flow.history)
    if flow.record.signed_in:
        assert_silent(flow.session, flow.session.tokens, flow.session.access_token)
    assert not any(marker in caplog.text for marker in MARKERS)


@pytest.mark.parametrize(("record", "said", "replies"), CONVERSATIONS)
def test_effects_and_outcomes(record: Record, said: list[Event], replies: list[Any]) -> None:
    unused = iter(replies)
    dialogue = advance(Turn(record, said[0], POOL, clock=lambda: NOW))
    try:
        effect = next(dialogue)
        while True:
            assert_silent(effect)
            match effect:
                case Call():
                    reply = next(unused)
                    effect = (
                        dialogue.throw(reply)
                        if isinstance(reply, BaseException)
                        else dialogue.send(reply)
                    )
                case Compute(work):
                    effect = dialogue.send(work())
                case Checkpoint():
                    effect = dialogue.send(None)
    except StopIteration as stop:
        assert_silent(stop.value)
    except AuthFlowError as error:
        assert_silent_error(error)


def test_values() -> None:
    result = AuthenticationResult.read("x", SIGNED_IN["AuthenticationResult"])
    assert_silent(
        POOL,
        Turn(SMS, SignIn(username="ada", password=PASSWORD), POOL, lambda: NOW),
        Outcome(SMS, result, SecretStr(PASSWORD)),
        result,
        AuthReply.read("x", {**SIGNED_IN, "Session": SESSION}),
        SoftwareTokenReply.read("x", {"SecretCode": SECRET, "Session": SESSION}),
        SignUpReply.read("x", {"UserConfirmed": True, "UserSub": "u", "Session": SESSION}),
        SMS,
        TOTP,
    )


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (SignIn, {"username": None, "password": PASSWORD}),
        (SignIn, {"username": "ada", "password": [PASSWORD]}),
        (SignIn, {"username": "ada", "passwrod": PASSWORD}),
        (SignIn, {"password": PASSWORD}),
        (SignIn, {"username": "ada", "password": PASSWORD, "preferred_challenge": "EMAIL_OTP"}),
        (SignIn, {"username": {"password": PASSWORD}}),
        (EnterCode, {"code": {"code": CODE}}),
        (EnterCode, {"code": CODE, "friendly_device_name": [CODE]}),
        (AnswerChallenge, {"answer": [ANSWER]}),
        (NewPassword, {"password": PASSWORD, "user_attributes": {"x": [PASSWORD]}}),
        (ConfirmResetPassword, {"code": CODE, "new_password": {"x": PASSWORD}}),
        (
            UserPool,
            {"user_pool_id": "nonsense", "client_id": "1example", "client_secret": CLIENT_SECRET},
        ),
        (
            UserPool,
            {
                "user_pool_id": "eu-west-1_A",
                "client_id": "1example",
                "client_secret": [CLIENT_SECRET],
            },
        ),
    ],
)
def test_what_is_refused_is_not_shown(kind: type[events.EventBase], fields: Json) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(fields)
    assert caught.value.__context__ is None
    for text in (
        str(caught.value),
        repr(caught.value),
        caught.value.json(),
        repr(caught.value.errors()),
    ):
        assert not any(marker in text for marker in MARKERS)


@pytest.mark.parametrize("given", ["x", SecretStr("x")])
def test_a_secret_is_hidden_once(given: str | SecretStr) -> None:
    assert hidden(given) == SecretStr("x")
    assert reveal(hidden(given)) == "x"
