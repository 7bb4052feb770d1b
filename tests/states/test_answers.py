"""A text that a person types at a step is read as an event, with what goes along."""

from __future__ import annotations

import json

import pytest

from auth_flow.errors import EventNotAccepted, GuardRejected
from auth_flow.states import (
    AnswerChallenge,
    AutoSignIn,
    AutoSignInReady,
    ChooseFactor,
    ChooseMfa,
    CodeDelivery,
    ConfirmationRequired,
    ConfirmSignUp,
    CustomChallenge,
    Done,
    EmailCode,
    EmailSetup,
    EnterCode,
    EnterPassword,
    Event,
    FirstFactorSelection,
    Idle,
    MfaSelection,
    MfaSetupSelection,
    NewPassword,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    PasswordResetCode,
    PasswordResetRequired,
    PresentPasskey,
    RedirectRequired,
    ResetPassword,
    ReturnFromRedirect,
    SetUpEmail,
    SmsCode,
    Step,
    TotpCode,
    TotpSetup,
)
from tests.chart.samples import RECORDS
from tests.states.webauthn import ASSERTION, REQUEST_OPTIONS

PASSKEY = json.dumps(ASSERTION)
CODE = CodeDelivery()
FACTORS = FirstFactorSelection(available_challenges=("PASSWORD", "EMAIL_OTP"))
ONE_OF_TWO = MfaSelection(allowed_mfa_types=("SMS", "TOTP"))
BY_PASSKEY = PasskeyRequired(options=REQUEST_OPTIONS)
TOTP = TotpSetup(shared_secret="JBSWY3DP", setup_uri="otpauth://totp/a")
ATTRIBUTES = {"given_name": "Ada"}


@pytest.mark.parametrize(
    ("step", "text", "event"),
    [
        (FACTORS, " email_otp ", ChooseFactor(factor="EMAIL_OTP")),
        (FACTORS, f" {PASSKEY}\n", PresentPasskey(credential=ASSERTION)),
        (BY_PASSKEY, "Sms_Otp", ChooseFactor(factor="SMS_OTP")),
        (BY_PASSKEY, PASSKEY, PresentPasskey(credential=ASSERTION)),
        (PasswordRequired(), " a b ", EnterPassword(password=" a b ")),
        (NewPasswordRequired(), "x", NewPassword(password="x", user_attributes=ATTRIBUTES)),
        (CustomChallenge(parameters={}), " blue ", AnswerChallenge(answer=" blue ")),
        (SmsCode(code_delivery=CODE), " 123 456", EnterCode(code="123456")),
        (EmailCode(code_delivery=CODE), "123456\n", EnterCode(code="123456")),
        (TotpCode(), "123 456", EnterCode(code="123456")),
        (ONE_OF_TWO, "totp", ChooseMfa(mfa="TOTP")),
        (MfaSetupSelection(allowed_mfa_types=("EMAIL",)), " Email", ChooseMfa(mfa="EMAIL")),
        (EmailSetup(), " ada@example.org ", SetUpEmail(email="ada@example.org")),
        (TOTP, "123 456", EnterCode(code="123456", friendly_device_name="phone")),
        (RedirectRequired(url="https://d.example"), " ?code=c ", ReturnFromRedirect(url="?code=c")),
        (ConfirmationRequired(), " 12 34 ", ConfirmSignUp(code="1234")),
        (AutoSignInReady(), "", AutoSignIn()),
        (AutoSignInReady(), "x", AutoSignIn(password="x")),
        (PasswordResetRequired(), "", ResetPassword()),
    ],
)
def test_a_text_is_read_as_the_event_that_the_step_waits_for(
    step: Step, text: str, event: Event
) -> None:
    metadata = {"trace": "t-1"}
    answer = step.answer(
        text,
        user_attributes=ATTRIBUTES,
        friendly_device_name="phone",
        client_metadata=metadata,
    )
    assert answer == event.model_copy(update={"client_metadata": metadata})


@pytest.mark.parametrize("step", [record.step for record in RECORDS], ids=lambda step: step.name)
def test_an_abridged_step_asks_for_the_same(step: Step) -> None:
    abridged = step.abridged()
    assert type(abridged) is type(step)
    assert [one.name for one in abridged.form().fields] == [one.name for one in step.form().fields]
    assert len(str(abridged.to_json())) <= len(str(step.to_json()))


@pytest.mark.parametrize("step", [Idle(), PasswordResetCode(), Done(signed_in=True)])
def test_a_step_that_waits_for_more_than_a_text_takes_none(step: Step) -> None:
    with pytest.raises(EventNotAccepted) as caught:
        step.answer("x")
    assert (caught.value.state, caught.value.event) == (step.name, "answer")


@pytest.mark.parametrize(
    ("step", "text", "event", "guard"),
    [
        (FACTORS, "sms_otp", "choose_factor", "choice_is_offered"),
        (BY_PASSKEY, "fax", "choose_factor", "choice_is_offered"),
        (BY_PASSKEY, "{}", "present_passkey", "credential_is_an_assertion"),
        (ONE_OF_TWO, "email", "choose_mfa", "choice_is_offered"),
        (MfaSetupSelection(allowed_mfa_types=("EMAIL",)), "", "choose_mfa", "choice_is_offered"),
    ],
)
def test_a_text_that_is_no_choice_is_refused(step: Step, text: str, event: str, guard: str) -> None:
    with pytest.raises(GuardRejected) as caught:
        step.answer(text)
    assert (caught.value.state, caught.value.event, caught.value.guard) == (step.name, event, guard)
