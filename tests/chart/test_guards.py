"""Every guard, saying yes and saying no; and a refusal that names it, sends nothing and changes
nothing.
"""

from __future__ import annotations

import pytest

from auth_flow.errors import GuardRejected
from auth_flow.states import (
    AnswerChallenge,
    AutoSignIn,
    ChooseFactor,
    ChooseMfa,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    Event,
    NewPassword,
    PresentPasskey,
    Record,
    ResendCode,
    ResetPassword,
    ReturnFromRedirect,
    SetUpEmail,
    SignIn,
    SignInOptions,
    SignInWithRedirect,
    SignUp,
)
from auth_flow.states import _guards as guards
from auth_flow.states.chart import CHART
from auth_flow.states.steps import AutoSignInReady, FirstFactorSelection, MfaSelection, Step
from tests.states.webauthn import ASSERTION, REQUEST_OPTIONS

from .resting import flow_at, turn
from .samples import CALLBACK, NOW, RECORDS

AT = {record.state: record for record in RECORDS if not record.signed_in}
SIGNED_IN = next(record for record in RECORDS if record.signed_in)

SMS, TOTP = AT["CONFIRM_SIGN_IN_WITH_SMS_CODE"], AT["CONFIRM_SIGN_IN_WITH_TOTP_CODE"]
TOTP_SETUP, EMAIL_SETUP = (
    AT["CONTINUE_SIGN_IN_WITH_TOTP_SETUP"],
    AT["CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"],
)
NEW_PASSWORD, CUSTOM = (
    AT["CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"],
    AT["CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"],
)
PASSKEY, PASSWORD = AT["CONFIRM_SIGN_IN_WITH_PASSKEY"], AT["CONFIRM_SIGN_IN_WITH_PASSWORD"]
REDIRECT = AT["CONTINUE_SIGN_IN_WITH_REDIRECT"]
SIGN_UP, RESET_CODE, IDLE = (
    AT["CONFIRM_SIGN_UP"],
    AT["CONFIRM_RESET_PASSWORD_WITH_CODE"],
    AT["IDLE"],
)


def with_step(step: Step) -> Record:
    return SMS.model_copy(update={"step": step})


def ready(**known: object) -> Record:
    return Record(step=AutoSignInReady(), login_id="ada").model_copy(update=known)


MFA = with_step(MfaSelection(allowed_mfa_types=("SMS", "EMAIL")))
FACTORS = with_step(FirstFactorSelection(available_challenges=("PASSWORD", "EMAIL_OTP")))
CONDITIONAL = with_step(
    FirstFactorSelection(available_challenges=("WEB_AUTHN",), passkey_options=REQUEST_OPTIONS)
)
ATTRIBUTES = {"given_name": "Ada", "custom:pet": "Rex"}


YES: list[tuple[str, Record, Event]] = [
    ("is_signed_out", AT["DONE"], SignIn(username="ada", auth_flow_type="USER_AUTH")),
    *[
        ("password_fits_options", IDLE, event)
        for event in (
            SignIn(username="ada", password=" "),
            SignIn(username="ada", password="x", auth_flow_type="USER_PASSWORD_AUTH"),
            SignIn(username="ada", password="x", auth_flow_type="CUSTOM_WITH_SRP"),
            SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP"),
            SignIn(username="ada", auth_flow_type="USER_AUTH"),
            SignIn(username="ada", password="ignored", auth_flow_type="USER_AUTH"),
            SignIn(username="ada", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN"),
            SignIn(
                username="ada",
                password="x",
                auth_flow_type="USER_AUTH",
                preferred_challenge="PASSWORD_SRP",
            ),
        )
    ],
    ("domain_is_known", IDLE, SignInWithRedirect(redirect_uri=CALLBACK)),
    *[
        ("redirect_uri_is_possible", record, SignInWithRedirect(redirect_uri=uri))
        for record in (IDLE, SMS, REDIRECT)
        for uri in (CALLBACK, "https://app.example/cb", "myapp://cb")
    ],
    ("return_is_of_this_sign_in", REDIRECT, ReturnFromRedirect(url="code=c-1&state=s-1")),
    ("choice_is_offered", MFA, ChooseMfa(mfa="EMAIL")),
    ("choice_is_offered", FACTORS, ChooseFactor(factor="EMAIL_OTP")),
    *[("code_is_digits", SMS, EnterCode(code=code)) for code in ("1", "123456", "12345678")],
    *[("code_is_six_digits", record, EnterCode(code="000000")) for record in (TOTP, TOTP_SETUP)],
    ("password_is_given", PASSWORD, EnterPassword(password=" ")),
    (
        "missing_attributes_are_given",
        NEW_PASSWORD,
        NewPassword(password="x", user_attributes={**ATTRIBUTES, "more": ""}),
    ),
    ("answer_is_given", CUSTOM, AnswerChallenge(answer=" ")),
    *[
        ("address_is_an_address", EMAIL_SETUP, SetUpEmail(email=text))
        for text in ("a@b", "ada+x@e.example.org")
    ],
    ("passkey_was_asked_for", CONDITIONAL, PresentPasskey(credential=ASSERTION)),
    *[
        ("username_is_possible", IDLE, ResetPassword(username=name))
        for name in ("a", "ä" * 128, " ")
    ],
    ("username_is_possible", SIGN_UP, ConfirmSignUp(code="1")),
    ("username_is_known", SIGN_UP, ConfirmSignUp(code="1")),
    ("username_is_known", IDLE, ResendCode(username="ada")),
    *[("code_is_one_word", SIGN_UP, ConfirmSignUp(code=code)) for code in ("1", "abc-def")],
    ("credentials_are_at_hand", ready(), AutoSignIn(password="x")),
    ("credentials_are_at_hand", ready(sign_in_options=SignInOptions()), AutoSignIn(password="x")),
    (
        "credentials_are_at_hand",
        ready(sign_in_options=SignInOptions(auth_flow_type="USER_AUTH")),
        AutoSignIn(),
    ),
    (
        "credentials_are_at_hand",
        ready(sign_in_options=SignInOptions(), session=SMS.session, expires_at=NOW + 1),
        AutoSignIn(),
    ),
]

NO: list[tuple[str, Record, Event]] = [
    ("is_signed_out", SIGNED_IN, SignIn(username="ada", password="x")),
    *[
        ("password_fits_options", record, event)
        for record in (IDLE, SMS, SIGN_UP, AT["DONE"])
        for event in (
            SignIn(username="ada"),
            SignIn(username="ada", password=""),
            SignIn(username="ada", auth_flow_type="USER_PASSWORD_AUTH"),
            SignIn(username="ada", auth_flow_type="CUSTOM_WITH_SRP"),
            SignIn(username="ada", password="x", auth_flow_type="CUSTOM_WITHOUT_SRP"),
            SignIn(username="ada", auth_flow_type="USER_AUTH", preferred_challenge="PASSWORD"),
            SignIn(
                username="ada",
                password="",
                auth_flow_type="USER_AUTH",
                preferred_challenge="PASSWORD_SRP",
            ),
        )
    ],
    *[
        ("redirect_uri_is_possible", record, SignInWithRedirect(redirect_uri=uri))
        for record in (IDLE, SMS, REDIRECT, AT["DONE"])
        for uri in ("", "/cb", "http://app.example/cb", "https://app.example/#x")
    ],
    *[
        ("return_is_of_this_sign_in", REDIRECT, ReturnFromRedirect(url=url))
        for url in (
            "",
            "code=c-1",
            "code=c-1&state=s-2",
            "https://evil.example/cb?code=c&state=s-1",
        )
    ],
    (
        "return_is_of_this_sign_in",
        REDIRECT.model_copy(update={"redirect": None}),
        ReturnFromRedirect(url="code=c-1&state=s-1"),
    ),
    ("choice_is_offered", MFA, ChooseMfa(mfa="TOTP")),
    ("choice_is_offered", FACTORS, ChooseFactor(factor="PASSWORD_SRP")),
    ("choice_is_offered", FACTORS, ChooseFactor(factor="SMS_OTP")),
    *[
        ("code_is_digits", SMS, EnterCode(code=code))
        for code in ("", "abc", "12 34", "1" * 2049, "١٢٣", "12\n")
    ],
    *[
        ("code_is_six_digits", record, EnterCode(code=code))
        for record in (TOTP, TOTP_SETUP)
        for code in ("", "12345", "1234567", "12345a", "١٢٣٤٥٦", "123456\n")
    ],
    ("password_is_given", PASSWORD, EnterPassword(password="")),
    ("password_is_given", NEW_PASSWORD, NewPassword(password="", user_attributes=ATTRIBUTES)),
    ("password_is_given", RESET_CODE, ConfirmResetPassword(code="1", new_password="")),
    *[
        (
            "missing_attributes_are_given",
            NEW_PASSWORD,
            NewPassword(password="x", user_attributes=attributes),
        )
        for attributes in (None, {}, {"given_name": "Ada"}, {**ATTRIBUTES, "custom:pet": ""})
    ],
    ("answer_is_given", CUSTOM, AnswerChallenge(answer="")),
    *[
        ("address_is_an_address", EMAIL_SETUP, SetUpEmail(email=text))
        for text in ("", "ada", "@", "a@", "@b", "a b@c", "a@b@c")
    ],
    ("passkey_was_asked_for", FACTORS, PresentPasskey(credential=ASSERTION)),
    *[
        ("username_is_possible", record, event)
        for name in ("", "x" * 129, "x" * 200)
        for record, event in (
            (IDLE, SignIn(username=name, password="x")),
            (SMS, SignIn(username=name, password="x")),
            (AT["DONE"], SignIn(username=name, password="x")),
            (IDLE, SignUp(username=name, password="x")),
            (IDLE, ConfirmSignUp(username=name, code="1")),
            (SIGN_UP, ConfirmSignUp(username=name, code="1")),
            (IDLE, ResendCode(username=name)),
            (SIGN_UP, ResendCode(username=name)),
            (RESET_CODE, ResendCode(username=name)),
            (IDLE, ResetPassword(username=name)),
            (AT["RESET_PASSWORD"], ResetPassword(username=name)),
            (IDLE, ConfirmResetPassword(username=name, code="1", new_password="x")),
            (RESET_CODE, ConfirmResetPassword(username=name, code="1", new_password="x")),
        )
    ],
    ("username_is_known", IDLE, ConfirmSignUp(code="1")),
    ("username_is_known", IDLE, ResendCode()),
    ("username_is_known", IDLE, ResetPassword()),
    ("username_is_known", IDLE, ConfirmResetPassword(code="1", new_password="x")),
    *[
        ("code_is_one_word", record, event)
        for code in ("", " ", "12 34", "12\n")
        for record, event in (
            (SIGN_UP, ConfirmSignUp(code=code)),
            (SIGN_UP, EnterCode(code=code)),
            (RESET_CODE, ConfirmResetPassword(code=code, new_password="x")),
        )
    ],
    ("credentials_are_at_hand", ready(), AutoSignIn()),
    ("credentials_are_at_hand", ready(sign_in_options=SignInOptions()), AutoSignIn(password="")),
    (
        "credentials_are_at_hand",
        ready(sign_in_options=SignInOptions(), session=SMS.session, expires_at=NOW),
        AutoSignIn(),
    ),
]

WITHOUT_DOMAIN = {"domain_is_known"}
"""Refused by the pool, not by the event: `tests/redirect` has a pool without a domain."""

DECIDING = {"session_is_alive", "chooses_password", "chooses_email"}
"""Guards whose no is not a refusal: the session is reported as expired, and a choice takes another
way.
"""


def test_every_guard_is_tried_both_ways() -> None:
    used = {guard.name for arrow in CHART.transitions for guard in arrow.guards} - DECIDING
    assert {name for name, _, _ in YES} == used
    assert {name for name, _, _ in NO} == used - WITHOUT_DOMAIN


@pytest.mark.parametrize(("guard", "record", "event"), YES)
def test_a_guard_says_yes(guard: str, record: Record, event: Event) -> None:
    assert vars(guards)[guard](turn(record, event))
    CHART.begin(turn(record, event))


@pytest.mark.anyio
@pytest.mark.parametrize(("guard", "record", "event"), NO)
async def test_a_guard_says_no(guard: str, record: Record, event: Event) -> None:
    assert not vars(guards)[guard](turn(record, event))
    flow = await flow_at(record)
    before, text = flow.record, flow.record.to_json()
    with pytest.raises(GuardRejected) as caught:
        await flow.send(event)
    error = caught.value
    assert (error.name, error.retryable) == ("GuardRejected", False)
    assert (error.state, error.event, error.guard) == (record.state, event.name, guard)
    assert error.rule == vars(guards)[guard].rule
    for word in (record.state, event.name, error.rule):
        assert word in error.message
    assert error.__suppress_context__, "a report does not show the state machine's own error"
    assert flow.record is before
    assert flow.record.to_json() == text
    assert flow.history[-1] == (NOW, event.name, record.state, record.state, "GuardRejected")


@pytest.mark.parametrize(
    ("later", "alive"), [(0.0, True), (119.9, True), (120.0, False), (1e6, False)]
)
def test_a_session_is_alive_until_it_expires(later: float, alive: bool) -> None:
    assert guards.session_is_alive(turn(SMS, EnterCode(code="1"), later=later)) is alive


def test_without_an_expiry_a_session_is_alive() -> None:
    assert guards.session_is_alive(turn(IDLE, EnterCode(code="1"), later=1e12))


def test_choices_that_take_another_way() -> None:
    for choice, expected in (
        ("PASSWORD", True),
        ("PASSWORD_SRP", True),
        ("EMAIL_OTP", False),
        ("WEB_AUTHN", False),
    ):
        assert (
            guards.chooses_password(turn(FACTORS, ChooseFactor.model_validate({"factor": choice})))
            is expected
        )
    for choice, expected in (("EMAIL", True), ("TOTP", False)):
        assert (
            guards.chooses_email(turn(MFA, ChooseMfa.model_validate({"mfa": choice}))) is expected
        )


def test_the_password_that_is_held_is_at_hand() -> None:
    assert guards.credentials_are_at_hand(
        turn(ready(sign_in_options=SignInOptions()), AutoSignIn(), password="x")
    )
