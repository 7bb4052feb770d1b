"""How the values of a form are cleaned and checked, and when a code may be sent again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from auth_flow import (
    AnswerChallenge,
    Cancel,
    ChooseFactor,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    GuardRejected,
    PresentPasskey,
    ResendCode,
    SignIn,
    SignInOptions,
    SignUp,
    SmsCode,
)
from auth_flow.states import (
    CodeDelivery,
    ConfirmationRequired,
    CustomChallenge,
    EmailCode,
    FirstFactorSelection,
    Idle,
    PasskeyRequired,
    PasswordRequired,
    TotpCode,
)
from auth_flow.states._base import reveal
from auth_flow.states.forms import About, FormSettings, PasswordRules, Text
from tests.states.webauthn import ASSERTION, REQUEST_OPTIONS

SMS = SmsCode(code_delivery=CodeDelivery(destination="+*******5309", medium="SMS"))
SIGN_UP = About(form="SIGN_UP", settings=FormSettings(required_attributes=("birthdate",)))


def refused(step: Any, values: dict[str, object], about: About, action: str = "submit") -> Any:
    with pytest.raises(GuardRejected) as caught:
        step.fill(values, action, about)
    return caught.value


@pytest.mark.parametrize(
    "typed", ["123456", " 123 456 ", "123-456", "123\u2013456", "１２３４５６", "١٢٣٤٥٦"]
)
def test_a_code_loses_spaces_and_hyphens(typed: str) -> None:
    assert TotpCode().fill({"code": typed}) == EnterCode(code="123456")


@pytest.mark.parametrize("typed", ["", "  ", "12345", "letters", "1234567", "²²²²²²"])
def test_a_code_that_cannot_be_right_is_not_sent(typed: str) -> None:
    error = refused(TotpCode(), {"code": typed}, About())
    assert set(error.problems) == {"code"}
    assert error.code == ("code_invalid" if typed.strip() else "required")
    assert error.rule.endswith(".")


def test_names_are_trimmed_and_passwords_left_alone() -> None:
    event = Idle().fill({"username": " ada ", "password": " a b "})
    assert isinstance(event, SignIn)
    assert event.username == "ada"
    assert event.password is not None
    assert reveal(event.password) == " a b "
    answer = CustomChallenge(parameters={}).fill({"answer": " a b "})
    assert answer == AnswerChallenge(answer=" a b ")


@pytest.mark.parametrize(
    ("typed", "country", "sent"),
    [
        ("+1 (206) 555-0100", None, "+12065550100"),
        ("+1 (206) 555-0100", "+44", "+12065550100"),
        ("001 206 555 0100", "+44", "+12065550100"),
        ("0044 20 7946 0000", None, "+442079460000"),
        ("020 7946 0000", "+44", "+442079460000"),
        ("020 7946 0000", "44", "+442079460000"),
        ("+１２０６５５５０１００", None, "+12065550100"),
        ("020 7946 0000", None, None),
        ("call me", None, None),
        ("+0123456789", None, None),
    ],
)
def test_a_phone_number_becomes_e164(typed: str, country: str | None, sent: str | None) -> None:
    about = About(form="SIGN_UP", settings=FormSettings(country_code=country))
    values = {"username": "ada", "new_password": "x", "attributes.phone_number": typed}
    if sent is None:
        assert refused(Idle(), dict(values), about).problems.keys() == {"attributes.phone_number"}
        return
    event = Idle().fill(values, about=about)
    assert isinstance(event, SignUp)
    assert event.user_attributes == {"phone_number": sent}


def test_what_is_left_empty_is_not_sent() -> None:
    about = About(form="SIGN_UP", settings=FormSettings(country_code="+44"))
    empty = {"attributes.phone_number": " ", "attributes.email": ""}
    event = Idle().fill({"username": "ada", "new_password": "x", **empty}, about=about)
    assert event == SignUp(username="ada", password="x", auto_sign_in=SignInOptions())


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("1985-12-31", True), (" 1985-12-31 ", True), ("31.12.1985", False), ("1985-02-30", False)],
)
def test_a_date_has_ten_characters_and_exists(typed: str, sent: bool) -> None:
    values: dict[str, object] = {
        "username": "ada",
        "new_password": "x",
        "attributes.birthdate": typed,
    }
    if sent:
        event = Idle().fill(values, about=SIGN_UP)
        assert isinstance(event, SignUp)
        assert event.user_attributes == {"birthdate": "1985-12-31"}
    else:
        assert refused(Idle(), values, SIGN_UP).code == "date_invalid"


def test_all_faults_are_named_at_once() -> None:
    about = replace(SIGN_UP, settings=replace(SIGN_UP.settings, password_policy=PasswordRules()))
    values: dict[str, object] = {
        "username": "a" * 129,
        "attributes.email": "nowhere",
        "new_password": "short",
    }
    problems = refused(Idle(), values, about).problems
    assert {name: problem.code for name, problem in problems.items()} == {
        "username": "username_invalid",
        "attributes.birthdate": "required",
        "attributes.email": "email_invalid",
        "new_password": "new_password_invalid",
    }
    assert str(problems["new_password"]) == "At least 8 characters."


def test_a_refusal_says_what_was_refused() -> None:
    error = refused(TotpCode(), {"colour": "blue", "code": "1"}, About(), "fly\n")
    assert (error.state, error.event) == ("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "fly\n")
    assert error.guard == "form_is_filled_in"
    found = {
        name: (problem.code, problem.text.key, problem.text.params)
        for name, problem in error.problems.items()
    }
    assert found == {
        "": ("unknown_action", "problem.unknown_action", {"name": "'fly\\n'"}),
        "colour": ("unknown_field", "problem.unknown_field", {"name": "colour"}),
    }
    assert error.rule == " ".join(map(str, error.problems.values()))
    assert refused(TotpCode(), {}, About(), "fly").problems[""].text.params == {"name": "fly"}


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Correct-Horse-1", None),
        ("correct-horse-1", "rule.uppercase"),
        ("CORRECT-HORSE-1", "rule.lowercase"),
        ("Correct-Horse-", "rule.numbers"),
        ("CorrectHorse1", "rule.symbols"),
    ],
)
def test_the_rules_of_the_password_are_those_of_the_application(
    password: str, broken: str | None
) -> None:
    about = About(form="SIGN_UP", settings=FormSettings(password_policy=PasswordRules()))
    values: dict[str, object] = {"username": "ada", "new_password": password}
    if broken:
        problem = refused(Idle(), values, about).problems["new_password"]
        assert problem.text.key == broken
    else:
        assert Idle().fill(values, about=about).name == "sign_up"
    (_, _, _, field) = Idle().form(about).fields
    assert len(field.rules) == 5
    assert field.hint is None


@pytest.mark.parametrize("name", ["lowercase", "uppercase", "numbers", "symbols"])
def test_an_application_can_ask_for_less(name: str) -> None:
    policy = PasswordRules(minimum_length=12, **{f"require_{name}": False})
    keys = [rule.text.key for rule in policy.rules()]
    assert len(keys) == 4
    assert f"rule.{name}" not in keys
    (length, *_) = policy.rules()
    assert (length.text.params, length.pattern) == ({"length": "12"}, r"^[\s\S]{12,}$")


def test_without_a_policy_there_is_a_hint_and_no_rule() -> None:
    field = Idle().form(About(form="SIGN_UP")).fields[-1]
    assert field.hint
    assert not field.rules


@pytest.mark.parametrize(
    ("given", "code", "key"),
    [
        (5, "username_invalid", "problem.required"),
        (["x"], "username_invalid", "problem.required"),
        ({"a": 1}, "username_invalid", "problem.required"),
        ("\ud800", "username_invalid", "problem.garbled"),
        (None, "required", "problem.required"),
        (" ", "required", "problem.required"),
    ],
)
def test_a_value_that_is_no_text_is_a_problem(given: object, code: str, key: str) -> None:
    problems = refused(Idle(), {"username": given, "password": "x"}, About()).problems
    assert problems.keys() == {"username"}
    assert (problems["username"].code, problems["username"].text.key) == (code, key)
    assert problems["username"].text.params == {"label": "User name"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "required"),
        (" ", "required"),
        (None, "required"),
        *((wrong, "passkey_invalid") for wrong in ("{", "[]", "{}", "[" * 100_000, {"id": "a"}, 5)),
    ],
)
def test_an_assertion_has_its_three_parts(given: object, code: str) -> None:
    step = PasskeyRequired(options={"challenge": "YWJj"})
    problems = refused(step, {"credential": given}, About()).problems
    assert {name: problem.code for name, problem in problems.items()} == {"credential": code}
    assert problems["credential"].text.key in ("problem.required", "rule.passkey")
    assert step.fill({"credential": ASSERTION}) == PresentPasskey(credential=ASSERTION)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("NotAllowedError", "passkey_cancelled"),
        ("AbortError", "passkey_cancelled"),
        ("SecurityError", "passkey_wrong_site"),
        ("InvalidStateError", "passkey_exists"),
        ("NotSupportedError", "passkey_unsupported"),
        ("<script>", "passkey_failed"),
        (5, "passkey_invalid"),
    ],
)
@pytest.mark.parametrize("as_text", [True, False])
def test_a_browser_that_has_no_passkey_says_why(error: object, code: str, as_text: bool) -> None:
    step = PasskeyRequired(options={"challenge": "YWJj"})
    given: object = json.dumps({"error": error}) if as_text else {"error": error}
    refusal = refused(step, {"credential": given}, About())
    assert refusal.code == code
    shown = step.form(About(error=refusal))
    assert [one.problem.code for one in shown.fields if one.problem] == [code]
    assert "script" not in shown.as_text()
    assert shown.action("choose_factor:WEB_AUTHN")
    assert shown.action("choose_factor:PASSWORD")


def test_a_page_may_offer_a_passkey_beside_the_choice() -> None:
    step = FirstFactorSelection(
        available_challenges=("PASSWORD", "WEB_AUTHN"), passkey_options=REQUEST_OPTIONS
    )
    form = step.form()
    assert [one.name for one in form.questions] == ["factor"]
    assert form.fields[-1].options == REQUEST_OPTIONS
    assert "Y2hh" not in form.as_text()
    presented = {"factor": "", "credential": json.dumps(ASSERTION)}
    assert step.fill(presented) == PresentPasskey(credential=ASSERTION)
    assert step.fill({"factor": "PASSWORD", "credential": ""}) == ChooseFactor(factor="PASSWORD")
    assert refused(step, {"credential": ""}, About()).problems.keys() == {"factor"}
    cancelled = {"credential": '{"error": "AbortError"}'}
    assert refused(step, cancelled, About()).code == "passkey_cancelled"


def test_another_factor_in_place_of_the_passkey() -> None:
    step = PasskeyRequired(options={"challenge": "YWJj"})
    assert step.fill({}, "choose_factor:PASSWORD") == ChooseFactor(factor="PASSWORD_SRP")
    assert step.fill({}, "choose_factor:WEB_AUTHN") == ChooseFactor(factor="WEB_AUTHN")


def test_a_factor_that_is_not_offered() -> None:
    step = FirstFactorSelection(available_challenges=("PASSWORD", "EMAIL_OTP"))
    (problem,) = refused(step, {"factor": "SMS_OTP"}, About()).problems.values()
    assert (problem.code, problem.text.key) == ("choice_invalid", "rule.choice")
    assert step.fill({"factor": "PASSWORD"}) == ChooseFactor(factor="PASSWORD")


def test_read_only_fields_may_come_back_and_do_not_count() -> None:
    event = PasswordRequired().fill({"username": "eve", "password": "x"}, about=About())
    assert event == EnterPassword(password="x")


# Another code

PASSWORDLESS = SignInOptions(auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
KNOWN = About(username="ada", now=1000.0, sent_at=980.0)


@pytest.mark.parametrize("step", [SMS, EmailCode(code_delivery=CodeDelivery(destination="a***"))])
def test_a_sign_in_without_a_password_begins_anew_for_another_code(step: Any) -> None:
    about = replace(KNOWN, sign_in_options=PASSWORDLESS)
    assert step.form(about).action("resend_code").available_at == 1010.0
    error = refused(step, {"colour": "blue"}, about, "resend_code")
    assert error.code == "too_soon"
    assert error.problems.keys() == {"", "colour"}
    assert error.problems[""].text.key == "problem.too_soon"
    assert error.problems[""].retry_at == 1010.0
    later = replace(about, now=1010.0)
    assert step.fill({}, "resend_code", later) == SignIn(
        username="ada", auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP"
    )


def test_a_factor_that_was_chosen_is_chosen_again() -> None:
    options = SignInOptions(auth_flow_type="USER_AUTH")
    about = replace(KNOWN, sign_in_options=options, challenge="SMS_OTP", now=2000.0)
    event = SMS.fill({}, "resend_code", about)
    assert isinstance(event, SignIn)
    assert event.preferred_challenge == "SMS_OTP"
    assert SMS.fill({}, "choose_factor", about) == SignIn(
        username="ada", auth_flow_type="USER_AUTH"
    )
    after_password = replace(about, challenge="SMS_MFA")
    assert SMS.form(after_password).action("resend_code") is None


def test_after_a_password_a_new_code_takes_the_password_again() -> None:
    about = replace(KNOWN, sign_in_options=SignInOptions(), now=2000.0)
    (_, action) = SMS.form(about).actions
    assert (action.name, str(action.label)) == ("cancel", "Get a new code")
    assert SMS.fill({}, "cancel", about) == Cancel()
    held = replace(about, password=SecretStr("x"))
    assert SMS.fill({}, "resend_code", held) == SignIn(username="ada", password="x")
    assert "password=SecretStr" not in repr(held)


def test_the_code_of_an_account_is_sent_again_by_the_service() -> None:
    step = ConfirmationRequired(code_delivery=CodeDelivery(destination="a***", medium="EMAIL"))
    assert refused(step, {}, KNOWN, "resend_code").code == "too_soon"
    assert step.fill({}, "resend_code", replace(KNOWN, now=1010.0)) == ResendCode()


def test_if_no_code_was_sent_the_form_says_so_and_puts_sending_first() -> None:
    form = ConfirmationRequired().form(KNOWN)
    assert "No code was sent" in str(form.text)
    assert [action.name for action in form.actions] == ["resend_code", "submit", "cancel"]
    assert ConfirmationRequired().fill({}, "resend_code", KNOWN) == ResendCode()
    assert ConfirmationRequired().fill({"code": "1"}, about=KNOWN) == ConfirmSignUp(code="1")


def test_an_application_poses_the_question_of_a_custom_challenge() -> None:
    def question(parameters: Any) -> Text:
        return Text.of("text", "What is {sum}?", {"sum": parameters["sum"]})

    step = CustomChallenge(parameters={"sum": "2+2", "secret": "x"})
    form = step.form(About(settings=FormSettings(custom_question=question)))
    assert str(form.text) == "What is 2+2?", "also if the key is one of the step's own texts"
    assert "2+2" not in step.form().model_dump_json()
