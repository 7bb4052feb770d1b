"""Errors in words for the person they happen to."""

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
    """Say in one line what happened and what to do about it.

    The service's own reason is kept where it tells more than its name; it may have several lines,
    which are joined.
    """
    return " ".join(_reason(error).split())


def _reason(error: AuthFlowError) -> str:
    match error:
        case SessionExpired():
            return "That took too long: the time for answering is over."
        case CodeMismatchException() | EnableSoftwareTokenMFAException():
            return "That is not the right code."
        case ExpiredCodeException():
            return "That code is not good any more. Have another one sent."
        case InvalidPasswordException() | PasswordHistoryPolicyViolationException():
            return f"That password is not accepted: {error.message}"
        case UserNotFoundException():
            return "There is no such user."
        case ThrottlingError():
            return f"Too many attempts; wait a while. The service says: {error.message}"
        case ServiceError():
            return f"{error.message} ({error.name})"
        case GuardRejected():
            return error.rule
        case TransportError():
            return f"No answer from the service. {error.message}"
        case _:
            return error.message
