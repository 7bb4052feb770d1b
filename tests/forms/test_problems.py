"""Errors on a form: at the right field, with a stable code, in words for the person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auth_flow import errors
from auth_flow.errors import AuthFlowError, ServiceError
from auth_flow.states import (
    CodeDelivery,
    ConfirmationRequired,
    CustomChallenge,
    EmailSetup,
    Idle,
    PasskeyRequired,
    PasswordResetCode,
    RedirectRequired,
    SmsCode,
    TotpCode,
    TotpSetup,
)
from auth_flow.states.forms import About
from auth_flow.states.steps import english

USED = "PasswordHistoryPolicyViolationException"
guard = errors.GuardRejected
SENT = CodeDelivery(destination="a***", medium="EMAIL")
SMS = SmsCode(code_delivery=SENT)
TOTP = TotpSetup(shared_secret="JBSWY3DP", setup_uri="otpauth://totp/a")
CUSTOM = CustomChallenge(parameters={})
PASSKEY = PasskeyRequired(options={"challenge": "YWJj"})
IDLE, CONFIRM, RESET = Idle(), ConfirmationRequired(), PasswordResetCode()
EMAIL = EmailSetup()
AN_ADDRESS, ASSERTED = "address_is_an_address", "credential_is_an_assertion"


def said(name: str) -> ServiceError:
    return ServiceError.of(name, "As the\n service says.", operation="SignUp", status=400)


def no_passkey(reason: str) -> errors.PasskeyError:
    return errors.PasskeyError("No passkey.", reason=reason)


@pytest.mark.parametrize(
    ("step", "failed", "error", "field", "code"),
    [
        (SMS, "enter_code", said("CodeMismatchException"), "code", "code_mismatch"),
        (TOTP, "enter_code", said("EnableSoftwareTokenMFAException"), "code", "code_mismatch"),
        (CUSTOM, "", said("CodeMismatchException"), "answer", "code_mismatch"),
        (CONFIRM, "enter_code", said("ExpiredCodeException"), "code", "code_expired"),
        (RESET, "", said("InvalidPasswordException"), "new_password", "password_refused"),
        (RESET, "", said(USED), "new_password", "password_used"),
        (IDLE, "sign_up", said("UsernameExistsException"), "username", "username_taken"),
        (IDLE, "sign_in", said("NotAuthorizedException"), None, "credentials_wrong"),
        (IDLE, "sign_in", said("UserNotFoundException"), None, "credentials_wrong"),
        (IDLE, "enter_password", said("NotAuthorizedException"), None, "credentials_wrong"),
        (IDLE, "auto_sign_in", said("NotAuthorizedException"), None, "credentials_wrong"),
        (IDLE, "", said("NotAuthorizedException"), None, "credentials_wrong"),
        (IDLE, "enter_code", said("NotAuthorizedException"), None, "session_ended"),
        (IDLE, "sign_up", said("NotAuthorizedException"), None, "refused"),
        (IDLE, "confirm_sign_up", said("NotAuthorizedException"), None, "refused"),
        (IDLE, "resend_code", said("NotAuthorizedException"), None, "refused"),
        (IDLE, "reset_password", said("NotAuthorizedException"), None, "refused"),
        (IDLE, "confirm_reset_password", said("NotAuthorizedException"), None, "refused"),
        (IDLE, "reset_password", said("UserNotFoundException"), "username", "user_unknown"),
        (SMS, "enter_code", said("LimitExceededException"), None, "too_many"),
        (IDLE, "enter_code", errors.SessionExpired("Too late."), None, "expired"),
        (IDLE, "", errors.SessionExpired("Over.", timed_out=False), None, "session_ended"),
        (IDLE, "sign_up", said("AliasExistsException"), None, "alias_taken"),
        (IDLE, "sign_up", said("UserLambdaValidationException"), None, "refused"),
        (IDLE, "sign_up", said("CodeDeliveryFailureException"), None, "delivery_failed"),
        (IDLE, "sign_in", errors.TimedOut("late", operation="SignUp"), None, "unreachable"),
        (IDLE, "sign_in", said("InternalErrorException"), None, "service_trouble"),
        (IDLE, "sign_in", errors.UnknownChallenge("MAGIC"), None, "service_trouble"),
        (IDLE, "sign_in", errors.StoreUnavailable("No."), None, "service_trouble"),
        (IDLE, "sign_in", errors.FateUnknown("sign_in", 5.0), None, "fate_unknown"),
        (IDLE, "sign_in", errors.FlowBusy("Wait."), None, "busy"),
        (IDLE, "sign_in", said("NewException"), None, "refused"),
        (IDLE, "fly", errors.EventNotAccepted("IDLE", "fly", ()), None, "not_possible"),
        (PASSKEY, "", errors.PasskeyCancelled("No."), "credential", "passkey_cancelled"),
        (PASSKEY, "", no_passkey("SecurityError"), "credential", "passkey_wrong_site"),
        (PASSKEY, "", no_passkey("InvalidStateError"), "credential", "passkey_exists"),
        (PASSKEY, "", no_passkey("NotSupportedError"), "credential", "passkey_unsupported"),
        (PASSKEY, "", no_passkey("ConstraintError"), "credential", "passkey_unsupported"),
        (PASSKEY, "", no_passkey("UnknownError"), "credential", "passkey_failed"),
        (SMS, "", guard("X", "y", "code_is_digits", "A rule."), "code", "code_is_digits"),
        (SMS, "", guard("X", "y", "code_is_one_word", "A."), "code", "code_is_one_word"),
        (TOTP, "", guard("X", "y", "code_is_six_digits", "A."), "code", "code_is_six_digits"),
        (EMAIL, "", guard("X", "y", AN_ADDRESS, "A rule."), "email", AN_ADDRESS),
        (CUSTOM, "", guard("X", "y", "answer_is_given", "A rule."), "answer", "answer_is_given"),
        (PASSKEY, "", guard("X", "y", ASSERTED, "A rule."), "credential", ASSERTED),
        (SMS, "", guard("X", "y", "is_signed_out", "A rule."), None, "is_signed_out"),
    ],
)  # fmt: skip
def test_an_error_is_a_problem_at_its_place(
    step: Any, failed: str, error: AuthFlowError, field: str | None, code: str
) -> None:
    about = About(failed=failed or None, error=error)
    form_name: Any = {"sign_up": "SIGN_UP", "reset_password": "FORGOT_PASSWORD"}.get(failed)
    form = step.form(replace(about, form=form_name or "SIGN_IN"))
    at = {one.name: one.problem.code for one in form.fields if one.problem}
    assert at == ({field: code} if field else {})
    assert (form.problem.code if form.problem else None) == (None if field else code)
    problem = form.problem or next(one.problem for one in form.fields if one.problem)
    assert problem.text.key in english()
    assert problem.text.key.split(".")[1] == ("refused" if isinstance(error, guard) else code)
    if code in ("password_refused", "delivery_failed", "refused"):
        assert problem.text.params == {"reason": "As the service says."}
    assert "{" not in str(problem)
    assert "\n" not in str(problem)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, "fate_unknown"),
        (errors.FateUnknown("sign_up", 5.0), "fate_unknown"),
        (errors.TimedOut("late", operation="SignUp"), "fate_unknown"),
        (errors.MalformedResponse("no JSON", operation="SignUp"), "fate_unknown"),
        (errors.StoreConflict(), "fate_unknown"),
        (errors.StoreUnavailable("No."), "service_trouble"),
        (errors.TimedOut("late", operation="SignUp", retryable=True), "unreachable"),
        (said("UsernameExistsException"), "username_taken"),
    ],
)
def test_a_reply_that_was_lost_is_a_problem_until_there_is_another(
    error: AuthFlowError | None, code: str
) -> None:
    about = About(form="SIGN_UP", username="ada", unanswered="sign_up", error=error)
    form = IDLE.form(about)
    problems = [form.problem, *(field.problem for field in form.fields)]
    assert [problem.code for problem in problems if problem] == [code]


def test_the_rule_of_a_guard_is_a_parameter() -> None:
    error = guard("X", "y", "code_is_digits", "A rule.")
    (field,) = SMS.form(About(error=error)).fields
    assert field.problem
    assert field.problem.text.params == {"reason": "A rule."}


def test_a_limit_says_when_to_try_again() -> None:
    error = said("TooManyRequestsException")
    error.retry_after = 7.0
    form = SMS.form(About(error=error, now=1000.0))
    assert form.problem is not None
    assert form.problem.retry_at == 1007.0
    error.retry_after = None
    form = SMS.form(About(error=error, now=1000.0))
    assert form.problem is not None
    assert form.problem.retry_at is None


def test_an_expired_code_puts_sending_first() -> None:
    form = ConfirmationRequired(code_delivery=SENT).form(
        About(error=said("ExpiredCodeException"), failed="confirm_sign_up")
    )
    assert form.actions[0].name == "resend_code"
    form = RESET.form(About(error=said("ExpiredCodeException")))
    assert form.actions[0].name == "resend_code"
    assert RESET.form().actions[0].name == "submit"


@pytest.mark.parametrize(
    ("step", "error", "key"),
    [
        (TOTP, "CodeMismatchException", "problem.code_mismatch.totp_setup"),
        (TotpCode(), "CodeMismatchException", "problem.code_mismatch.totp_code"),
        (CUSTOM, "CodeMismatchException", "problem.code_mismatch.custom_challenge"),
        (SMS, "CodeMismatchException", "problem.code_mismatch"),
        (
            RedirectRequired(url="https://d.example"),
            "UserLambdaValidationException",
            "problem.refused.redirect_required",
        ),
    ],
)
def test_a_text_of_its_own_replaces_the_shared_one(step: Any, error: str, key: str) -> None:
    form = step.form(About(error=said(error)))
    problem = form.problem or form.fields[-1].problem
    assert problem.text.key == key
    assert str(problem).startswith(english()[key].partition("{")[0])
