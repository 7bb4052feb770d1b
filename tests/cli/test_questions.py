"""Every step has a question, and its answer is an event that the step takes."""

from __future__ import annotations

import json

import pytest

from auth_flow._cli.questions import Said, Wish, ask
from auth_flow.errors import GuardRejected
from auth_flow.states._base import reveal
from auth_flow.states._events import (
    AnswerChallenge,
    AutoSignIn,
    ChooseFactor,
    ChooseMfa,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    NewPassword,
    PresentPasskey,
    ResendCode,
    ResetPassword,
    ReturnFromRedirect,
    SetUpEmail,
)
from auth_flow.states.chart import CHART
from auth_flow.states.steps import (
    STEPS,
    AutoSignInReady,
    CodeDelivery,
    ConfirmationRequired,
    CustomChallenge,
    Done,
    EmailCode,
    EmailSetup,
    FirstFactorSelection,
    Idle,
    MfaSelection,
    MfaSetupSelection,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    PasswordResetCode,
    PasswordResetRequired,
    RedirectRequired,
    SmsCode,
    Step,
    TotpCode,
    TotpSetup,
)
from tests.cli.scripted import ScriptedPerson

SENT = CodeDelivery(destination="+*******0100", medium="SMS")
ASSERTION = {"id": "abc", "type": "public-key", "response": {"signature": "c2ln"}}

QUESTIONS = [
    (SmsCode(code_delivery=SENT), ["123456"], EnterCode(code="123456")),
    (SmsCode(code_delivery=SENT), ["resend"], Wish.START_AGAIN),
    (EmailCode(code_delivery=SENT), ["123456"], EnterCode(code="123456")),
    (EmailCode(code_delivery=SENT), ["Again"], Wish.START_AGAIN),
    (TotpCode(), ["123456"], EnterCode(code="123456")),
    (
        TotpSetup(shared_secret="JBSWY3DP", setup_uri="otpauth://totp/a"),
        ["123456"],
        EnterCode(code="123456"),
    ),
    (EmailSetup(), ["ada@example.org"], SetUpEmail(email="ada@example.org")),
    (MfaSelection(allowed_mfa_types=("SMS", "TOTP")), ["TOTP"], ChooseMfa(mfa="TOTP")),
    (MfaSetupSelection(allowed_mfa_types=("TOTP", "EMAIL")), ["EMAIL"], ChooseMfa(mfa="EMAIL")),
    (
        FirstFactorSelection(available_challenges=("PASSWORD", "WEB_AUTHN")),
        ["WEB_AUTHN"],
        ChooseFactor(factor="WEB_AUTHN"),
    ),
    (PasswordRequired(), ["secret"], EnterPassword(password="secret")),
    (NewPasswordRequired(), ["secret"], NewPassword(password="secret")),
    (
        NewPasswordRequired(missing_attributes=("name", "phone_number")),
        ["secret", "Ada", "+12065550100"],
        NewPassword(
            password="secret", user_attributes={"name": "Ada", "phone_number": "+12065550100"}
        ),
    ),
    (
        PasskeyRequired(options={"challenge": "abc"}),
        [json.dumps(ASSERTION)],
        PresentPasskey(credential=ASSERTION),
    ),
    (PasskeyRequired(options={"challenge": "abc"}), ["password"], ChooseFactor(factor="PASSWORD")),
    (CustomChallenge(parameters={"question": "2+2"}), ["4"], AnswerChallenge(answer="4")),
    (RedirectRequired(url="https://a"), ["code=1"], ReturnFromRedirect(url="code=1")),
    (ConfirmationRequired(), ["123456"], ConfirmSignUp(code="123456")),
    (ConfirmationRequired(code_delivery=SENT), ["resend"], ResendCode()),
    (
        PasswordResetCode(code_delivery=SENT),
        ["123456", "new"],
        ConfirmResetPassword(code="123456", new_password="new"),
    ),
    (PasswordResetCode(), ["again"], ResendCode()),
    (PasswordResetRequired(), [], ResetPassword()),
    (AutoSignInReady(), ["secret"], AutoSignIn(password="secret")),
]


@pytest.mark.parametrize(
    ("step", "typed", "said"), QUESTIONS, ids=lambda value: getattr(value, "name", None)
)
def test_answer_is_an_event_of_the_step(step: Step, typed: list[str], said: Said) -> None:
    person = ScriptedPerson(*typed)
    assert ask(step, person) == said
    assert not person.answers
    if not isinstance(said, Wish):
        assert said.name in CHART.accepts(step.name)


def test_every_step_that_waits_for_somebody_is_asked_about() -> None:
    assert {type(step) for step, _, _ in QUESTIONS} == set(STEPS.values()) - {Idle, Done}


@pytest.mark.parametrize("step", [Idle(), Done(signed_in=True)])
def test_a_step_that_waits_for_nobody_asks_nothing(step: Step) -> None:
    with pytest.raises(ValueError, match=step.name):
        ask(step, ScriptedPerson())


@pytest.mark.parametrize(
    ("step", "kinds"),
    [
        (PasswordRequired(), ["secret"]),
        (NewPasswordRequired(missing_attributes=("name",)), ["new password", "text"]),
        (CustomChallenge(parameters={}), ["secret"]),
        (AutoSignInReady(), ["secret"]),
        (PasswordResetCode(), ["code", "new password"]),
    ],
)
def test_secrets_are_asked_for_as_secrets(step: Step, kinds: list[str]) -> None:
    person = ScriptedPerson("one", "two")
    ask(step, person)
    assert [kind for kind, _ in person.asked] == kinds


def test_what_a_step_carries_is_shown() -> None:
    person = ScriptedPerson("1", "2", "3", "4")
    ask(SmsCode(code_delivery=SENT), person)
    ask(TotpSetup(shared_secret="JBSWY3DP", setup_uri="otpauth://totp/a"), person)
    ask(CustomChallenge(parameters={"question": "2+2"}), person)
    assert "A code was sent by SMS to +*******0100." in person.heard
    assert "JBSWY3DP otpauth://totp/a" in person.heard
    assert "question: 2+2" in person.heard


@pytest.mark.parametrize(
    ("step", "typed"), [(step, typed) for step, typed, _ in QUESTIONS if typed]
)
def test_asked_once_more_it_only_asks(step: Step, typed: list[str]) -> None:
    person = ScriptedPerson(*typed)
    ask(step, person, once_more=True)
    assert person.heard == []
    assert person.asked


def test_an_assertion_that_is_no_json_is_refused() -> None:
    with pytest.raises(GuardRejected):
        ask(PasskeyRequired(options={"challenge": "abc"}), ScriptedPerson("{oops"))


def test_a_password_in_an_event_is_sealed() -> None:
    said = ask(PasswordRequired(), ScriptedPerson("Correct-Horse-1"))
    assert isinstance(said, EnterPassword)
    assert reveal(said.password) == "Correct-Horse-1"
    assert "Correct-Horse-1" not in repr(said)
