"""Errors as problems on a form. The class of an error decides, never its message."""

from __future__ import annotations

from auth_flow.errors import (
    AliasExistsException,
    AuthFlowError,
    CallerError,
    CodeMismatchException,
    DeliveryError,
    EnableSoftwareTokenMFAException,
    EventNotAccepted,
    ExpiredCodeException,
    FateUnknown,
    FlowBusy,
    GuardRejected,
    InvalidPasswordException,
    NotAuthorizedException,
    OutageError,
    PasskeyError,
    PasswordHistoryPolicyViolationException,
    ResponseError,
    SessionExpired,
    StoreError,
    ThrottlingError,
    TransportError,
    UsernameExistsException,
    UserNotFoundException,
)
from auth_flow.states.forms._about import About
from auth_flow.states.forms._english import text
from auth_flow.states.forms._models import Form, Problem

_SIGNING_IN = frozenset({"sign_in", "enter_password", "auto_sign_in"})
"""Events that send a password, which may be wrong."""

_FIELDS: dict[str, tuple[str, ...]] = {
    "code_mismatch": ("code", "answer"),
    "code_expired": ("code",),
    "password_refused": ("new_password",),
    "password_used": ("new_password",),
    "username_taken": ("username",),
    "user_unknown": ("username",),
    "passkey_cancelled": ("credential",),
    "passkey_wrong_site": ("credential",),
    "passkey_unsupported": ("credential",),
    "passkey_exists": ("credential",),
    "passkey_failed": ("credential",),
}
"""The fields that a problem may be at, by its code. The first one that the form has is taken."""

_GUARDS: dict[str, str] = {
    "code_is_digits": "code",
    "code_is_six_digits": "code",
    "code_is_one_word": "code",
    "address_is_an_address": "email",
    "answer_is_given": "answer",
    "credential_is_an_assertion": "credential",
}
"""The fields that guards judge."""


def with_problems(form: Form, about: About) -> Form:
    """Return the form with the last error at the field, or above the form, that it belongs to.

    A reply that was lost is a problem without an error too: of a flow from a store, for example.
    """
    if about.unanswered and (about.error is None or _leaves_fate_unknown(about.error)):
        problems = {"": Problem(code="fate_unknown", text=text("problem.fate_unknown"))}
    elif about.error is None:
        return form
    else:
        problems = _problems(form, about.error, about)
    fields = tuple(
        field.model_copy(update={"problem": problems.pop(field.name)})
        if field.name in problems
        else field
        for field in form.fields
    )
    rest = next(iter(problems.values()), None)
    return form.model_copy(update={"fields": fields, "problem": rest})


def _leaves_fate_unknown(error: AuthFlowError) -> bool:
    """Return True if the error does not reveal whether the service carried the request out."""
    unknown = FateUnknown | TransportError | ResponseError | StoreError
    return isinstance(error, unknown) and not error.retryable


def _problems(form: Form, error: AuthFlowError, about: About) -> dict[str, Problem]:
    if isinstance(error, GuardRejected):
        if error.problems:
            return dict(error.problems)
        problem = Problem(code=error.guard, text=text("problem.refused", reason=error.rule))
        return {_GUARDS.get(error.guard, ""): problem}
    problem = problem_of(error, about)
    names = {field.name for field in form.fields}
    place = next((name for name in _FIELDS.get(problem.code, ()) if name in names), "")
    return {place: problem}


def problem_of(error: AuthFlowError, about: About) -> Problem:
    """Return the problem that an error is for a person."""
    code = _code(error, about)
    match code:
        case "password_refused" | "delivery_failed" | "refused":
            sentence = text(f"problem.{code}", reason=" ".join(error.message.split()))
        case _:
            sentence = text(f"problem.{code}")
    retry_at = about.now + error.retry_after if error.retry_after else None
    return Problem(code=code, text=sentence, retry_at=retry_at)


def passkey_problem(reason: str) -> Problem:
    """Return the problem that a browser or an authenticator gave no passkey.

    `reason` is the name of the browser's `DOMException`, as in `PasskeyError`.
    """
    code = _PASSKEY.get(reason, "passkey_failed")
    return Problem(code=code, text=text(f"problem.{code}"))


_PASSKEY = {
    "NotAllowedError": "passkey_cancelled",
    "AbortError": "passkey_cancelled",
    "SecurityError": "passkey_wrong_site",
    "InvalidStateError": "passkey_exists",
    "NotSupportedError": "passkey_unsupported",
    "ConstraintError": "passkey_unsupported",
}


def _code(error: AuthFlowError, about: About) -> str:
    match error:
        case PasskeyError():
            return passkey_problem(error.reason).code
        case NotAuthorizedException() | UserNotFoundException():
            return _credentials(error, about)
        case SessionExpired(timed_out=False):
            return "session_ended"
        case CallerError():
            known: tuple[tuple[type[AuthFlowError], str], ...] = _CALLER
        case _:
            known = _CODES
    return next((code for kind, code in known if isinstance(error, kind)), "refused")


def _credentials(error: AuthFlowError, about: About) -> str:
    """Name the problem with a user: the same one for a wrong password and an unknown user."""
    if about.failed is None or about.failed in _SIGNING_IN:
        return "credentials_wrong"
    if isinstance(error, UserNotFoundException):
        return "user_unknown"
    return "refused" if about.failed in _ACCOUNT else "session_ended"


_ACCOUNT = frozenset(
    {"sign_up", "confirm_sign_up", "resend_code", "reset_password", "confirm_reset_password"}
)
"""Events that concern an account. A refusal of them ends no sign-in."""

_CALLER: tuple[tuple[type[AuthFlowError], str], ...] = (
    (FlowBusy, "busy"),
    (EventNotAccepted, "not_possible"),
)

_CODES: tuple[tuple[type[AuthFlowError], str], ...] = (
    (SessionExpired, "expired"),
    (FateUnknown, "fate_unknown"),
    (CodeMismatchException, "code_mismatch"),
    (EnableSoftwareTokenMFAException, "code_mismatch"),
    (ExpiredCodeException, "code_expired"),
    (InvalidPasswordException, "password_refused"),
    (PasswordHistoryPolicyViolationException, "password_used"),
    (UsernameExistsException, "username_taken"),
    (AliasExistsException, "alias_taken"),
    (DeliveryError, "delivery_failed"),
    (ThrottlingError, "too_many"),
    (OutageError, "service_trouble"),
    (TransportError, "unreachable"),
    (ResponseError, "service_trouble"),
    (StoreError, "service_trouble"),
)
