"""Errors in words for the person at the terminal."""

from __future__ import annotations

from auth_flow.errors import (
    AuthFlowError,
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    ExpiredCodeException,
    GuardRejected,
    InvalidPasswordException,
    PasswordHistoryPolicyViolationException,
    ServiceError,
    SessionExpired,
    ThrottlingError,
    TransportError,
    UserNotFoundException,
)


def explain(error: AuthFlowError) -> str:
    """Return one line that explains an error and suggests a remedy.

    The service's own reason is part of it if it is more helpful than the name of the error. A
    reason of several lines is joined to one.
    """
    return " ".join(_reason(error).split())


def _reason(error: AuthFlowError) -> str:
    match error:
        case SessionExpired(timed_out=False):
            return "The service has ended this sign-in, perhaps after too many wrong answers."
        case SessionExpired():
            return "The time to answer is over. Please sign in again."
        case CodeMismatchException() | EnableSoftwareTokenMFAException():
            return "That is not the right code."
        case ExpiredCodeException():
            return "That code is no longer valid. Ask for a new one."
        case InvalidPasswordException() | PasswordHistoryPolicyViolationException():
            return f"That password is not accepted: {error.message}"
        case UserNotFoundException():
            return "There is no user of this name."
        case ThrottlingError():
            return f"Too many attempts. Wait a while, then try again. ({error.message})"
        case ServiceError():
            return f"{error.message} ({error.name})"
        case GuardRejected():
            return error.rule
        case TransportError():
            return f"The service did not answer. {error.message}"
        case _:
            return error.message
