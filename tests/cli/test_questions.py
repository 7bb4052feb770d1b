"""Every form in a terminal: what is shown of it, what is asked, and the event that comes of it."""

from __future__ import annotations

import json

import pytest

from auth_flow._cli.questions import ask, introduce, parameters_of
from auth_flow.states import (
    AnswerChallenge,
    AutoSignIn,
    Cancel,
    ChooseFactor,
    ChooseMfa,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    Event,
    NewPassword,
    PresentPasskey,
    ResendCode,
    ResetPassword,
    ReturnFromRedirect,
    SetUpEmail,
    SignIn,
    SignInOptions,
)
from auth_flow.states._base import reveal
from auth_flow.states.chart import CHART
from auth_flow.states.forms import About, FormSettings
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
from tests.states.webauthn import ASSERTION

SENT = CodeDelivery(destination="+*******0100", medium="SMS")
ABOUT = About(
    username="ada",
    sign_in_options=SignInOptions(auth_flow_type="USER_AUTH", preferred_challenge="SMS_OTP"),
    settings=FormSettings(custom_question=parameters_of),
)
AGAIN = SignIn(username="ada", auth_flow_type="USER_AUTH", preferred_challenge="SMS_OTP")

QUESTIONS: list[tuple[Step, list[str], Event]] = [
    (Idle(), ["ada", "secret"], SignIn(username="ada", password="secret")),
    (SmsCode(code_delivery=SENT), ["123456"], EnterCode(code="123456")),
    (SmsCode(code_delivery=SENT), ["resend"], AGAIN),
    (EmailCode(code_delivery=SENT), ["123456"], EnterCode(code="123456")),
    (EmailCode(code_delivery=SENT), ["Again"], AGAIN),
    (TotpCode(), ["123456"], EnterCode(code="123456")),
    (
        TotpSetup(shared_secret="JBSWY3DP", setup_uri="otpauth://totp/a"),
        ["", "123456"],
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
        ["Ada", "+12065550100", "secret"],
        NewPassword(
            password="secret", user_attributes={"name": "Ada", "phone_number": "+12065550100"}
        ),
    ),
    (
        PasskeyRequired(options={"challenge": "YWJj"}),
        [json.dumps(ASSERTION)],
        PresentPasskey(credential=ASSERTION),
    ),
    (
        PasskeyRequired(options={"challenge": "YWJj"}),
        ["password"],
        ChooseFactor(factor="PASSWORD_SRP"),
    ),
    (CustomChallenge(parameters={"question": "2+2"}), ["4"], AnswerChallenge(answer="4")),
    (RedirectRequired(url="https://a"), ["code=1"], ReturnFromRedirect(url="code=1")),
    (ConfirmationRequired(code_delivery=SENT), ["123456"], ConfirmSignUp(code="123456")),
    (ConfirmationRequired(code_delivery=SENT), ["resend"], ResendCode()),
    (ConfirmationRequired(), ["yes"], ResendCode()),
    (ConfirmationRequired(), ["no", "123456"], ConfirmSignUp(code="123456")),
    (
        PasswordResetCode(code_delivery=SENT),
        ["123456", "new"],
        ConfirmResetPassword(code="123456", new_password="new"),
    ),
    (PasswordResetCode(), ["again"], ResendCode()),
    (PasswordResetRequired(), [], ResetPassword()),
    (AutoSignInReady(), ["secret"], AutoSignIn(password="secret")),
]


def answered(step: Step, person: ScriptedPerson, about: About = ABOUT) -> Event:
    form = step.form(about)
    introduce(form, person)
    said = ask(form, person)
    return step.fill(said.values, said.action, about)


@pytest.mark.parametrize(
    ("step", "typed", "event"), QUESTIONS, ids=lambda value: getattr(value, "name", None)
)
def test_answers_are_an_event_of_the_step(step: Step, typed: list[str], event: Event) -> None:
    person = ScriptedPerson(*typed)
    assert answered(step, person) == event
    assert not person.answers
    assert event.name in CHART.accepts(step.name)


def test_every_step_that_waits_for_an_answer_is_asked_about() -> None:
    assert {type(step) for step, _, _ in QUESTIONS} == set(STEPS.values()) - {Done}


def test_a_code_that_takes_a_new_sign_in_is_asked_for_by_the_same_word() -> None:
    about = About(sign_in_options=SignInOptions())
    person = ScriptedPerson("resend")
    assert answered(SmsCode(code_delivery=SENT), person, about) == Cancel()
    assert person.heard[-1] == 'Or type "resend": Get a new code.'


@pytest.mark.parametrize(
    ("step", "kinds"),
    [
        (PasswordRequired(), ["secret"]),
        (NewPasswordRequired(missing_attributes=("name",)), ["text", "new password"]),
        (CustomChallenge(parameters={}), ["secret"]),
        (AutoSignInReady(), ["secret"]),
        (PasswordResetCode(), ["code", "new password"]),
    ],
)
def test_secrets_are_asked_for_as_secrets(step: Step, kinds: list[str]) -> None:
    person = ScriptedPerson("one", "two")
    answered(step, person)
    assert [kind for kind, _ in person.asked] == kinds


def test_a_person_is_shown_what_has_to_be_known() -> None:
    person = ScriptedPerson()
    for step in (
        SmsCode(code_delivery=SENT),
        TotpSetup(shared_secret="JBSWY3DP", setup_uri="otpauth://totp/a"),
        CustomChallenge(parameters={"question": "2+2"}),
        PasskeyRequired(options={"challenge": "YWJj"}),
        ConfirmationRequired(),
    ):
        introduce(step.form(ABOUT), person)
    assert "We sent a code by SMS to +*******0100." in person.heard
    assert 'Or type "resend": Send a new code.' in person.heard
    assert "qr: otpauth://totp/a" in person.heard
    assert "copy: JBSW Y3DP" in person.heard
    assert "question: 2+2" in person.heard
    assert '{"challenge": "YWJj"}' in person.heard
    assert 'Or type "email_otp": Get a code by e-mail.' in person.heard
    assert "No code was sent" in person.everything_heard


def test_asked_again_only_the_fields_at_fault_are_asked_for() -> None:
    form = PasswordResetCode().form(ABOUT)
    person = ScriptedPerson("better")
    said = ask(form, person, known={"code": "1", "new_password": "x"}, only={"new_password"})
    assert said.values == {"code": "1", "new_password": "better"}
    assert person.heard


def test_a_password_in_an_event_is_sealed() -> None:
    person = ScriptedPerson("Correct-Horse-1")
    form = PasswordRequired().form(ABOUT)
    said = ask(form, person)
    assert "Correct-Horse-1" not in repr(said)
    event = PasswordRequired().fill(said.values)
    assert isinstance(event, EnterPassword)
    assert reveal(event.password) == "Correct-Horse-1"
    assert "Correct-Horse-1" not in repr(event)
