"""Errors in words."""

from __future__ import annotations

import pytest

from auth_flow._cli.words import explain
from auth_flow.errors import GuardRejected, ServiceError, SessionExpired, TimedOut, UnknownChallenge


def refusal(name: str) -> ServiceError:
    return ServiceError.of(name, "Because of this.", operation="SignUp", status=400)


@pytest.mark.parametrize(
    "name",
    [
        "InvalidPasswordException",
        "LimitExceededException",
        "UserLambdaValidationException",
        "NewOne",
    ],
)
def test_the_reason_of_the_service_is_told(name: str) -> None:
    assert "Because of this." in explain(refusal(name))


@pytest.mark.parametrize(
    "name", ["CodeMismatchException", "ExpiredCodeException", "UserNotFoundException"]
)
def test_where_the_name_says_enough_there_is_a_sentence(name: str) -> None:
    assert name not in explain(refusal(name))
    assert explain(refusal(name)).endswith(".")


def test_what_the_service_says_is_told_in_one_line() -> None:
    message = "Attributes did not conform:\n  email:\tnot valid\r\n"
    assert explain(
        ServiceError.of("InvalidParameterException", message, operation="SignUp", status=400)
    ) == ("Attributes did not conform: email: not valid (InvalidParameterException)")


def test_errors_of_the_library() -> None:
    assert (
        explain(GuardRejected("IDLE", "sign_in", "is_signed_out", "Sign out first."))
        == "Sign out first."
    )
    assert explain(SessionExpired()).startswith("The time to answer is over")
    assert "too many" in explain(SessionExpired("No.", timed_out=False))
    assert explain(TimedOut("no answer within 30 s.", operation="SignUp")).startswith(
        "The service did not answer."
    )
    assert "MAGIC" in explain(UnknownChallenge("MAGIC"))
