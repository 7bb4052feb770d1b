"""When a request is made again, and after how long."""

from __future__ import annotations

import botocore.session
import pytest

from auth_flow.errors import (
    AuthFlowError,
    ConnectFailed,
    ConnectionLost,
    MalformedResponse,
    ServiceError,
    TimedOut,
)
from auth_flow.transports import Retries


def _service(name: str, status: int, operation: str) -> ServiceError:
    return ServiceError.of(name, "", operation=operation, status=status)


def _html(status: int, operation: str) -> MalformedResponse:
    return MalformedResponse("html", operation=operation, status=status, retryable=status >= 500)


_REPEATED = [
    _service("TooManyRequestsException", 400, "RespondToAuthChallenge"),
    _service("TooManyRequestsException", 429, "SignUp"),
    _service("ThrottlingException", 400, "GetTokensFromRefreshToken"),
    _service("Throttling", 400, "SignUp"),
    _service("RequestLimitExceeded", 400, "SignUp"),
    _service("SlowDown", 503, "SignUp"),
    _service("Odd", 429, "ConfirmSignUp"),
    _service("InternalErrorException", 500, "GetUser"),
    _service("InternalErrorException", 500, "InitiateAuth"),
    _html(503, "InitiateAuth"),
    _html(502, "ListDevices"),
    ConnectFailed("", operation="SignUp", retryable=True),
    ConnectionLost("", operation="GetUser", retryable=True),
]
_NOT_REPEATED = [
    _service("LimitExceededException", 400, "ForgotPassword"),
    _service("LimitExceededException", 429, "ForgotPassword"),
    _service("TooManyFailedAttemptsException", 400, "ConfirmSignUp"),
    _service("NotAuthorizedException", 400, "GetUser"),
    _service("InternalErrorException", 500, "RespondToAuthChallenge"),
    _service("InternalErrorException", 500, "SignUp"),
    _service("InternalErrorException", 500, "GetTokensFromRefreshToken"),
    _html(503, "RespondToAuthChallenge"),
    _html(503, "ConfirmSignUp"),
    _html(200, "GetUser"),
    MalformedResponse("no number", operation="GetUser"),
    ConnectionLost("", operation="RespondToAuthChallenge"),
    TimedOut("", operation="InitiateAuth"),
]


_READ_OR_IDEMPOTENT = {
    *("DeleteUserAttributes", "GetDevice", "GetUser", "GetUserAuthFactors", "ListDevices"),
    *("ListWebAuthnCredentials", "RevokeToken", "SetUserMFAPreference"),
    *("StartWebAuthnRegistration", "UpdateDeviceStatus"),
}


def test_every_operation_of_the_service_is_repeated_only_if_that_does_no_harm() -> None:
    """The operations are the model's; a lost reply and a failure of the service are told apart."""
    operations = botocore.session.get_session().get_service_model("cognito-idp").operation_names
    assert set(operations) > _READ_OR_IDEMPOTENT
    after_failure = {
        name
        for name in operations
        if Retries().wait(1, _service("InternalErrorException", 500, name)) is not None
    }
    assert after_failure == _READ_OR_IDEMPOTENT | {"InitiateAuth"}


@pytest.mark.parametrize("error", _REPEATED, ids=repr)
def test_repeated(error: AuthFlowError) -> None:
    assert Retries().wait(1, error) is not None


@pytest.mark.parametrize("error", _NOT_REPEATED, ids=repr)
def test_not_repeated(error: AuthFlowError) -> None:
    assert Retries().wait(1, error) is None


def test_what_a_transport_does_unless_it_is_told_otherwise() -> None:
    assert repr(Retries()) == "Retries(attempts=3, base=0.2, cap=5.0, patience=20.0)"


def test_back_off_is_exponential_with_full_jitter_and_a_cap() -> None:
    longest = Retries(attempts=9, base=0.2, cap=1.0, random=lambda: 1.0)
    none = Retries(attempts=9, random=lambda: 0.0)
    assert [longest.wait(attempt, _REPEATED[0]) for attempt in range(1, 6)] == [
        0.2,
        0.4,
        0.8,
        1.0,
        1.0,
    ]
    assert none.wait(3, _REPEATED[0]) == 0


def test_the_last_attempt_is_the_last() -> None:
    assert Retries(attempts=3).wait(3, _REPEATED[0]) is None
    assert Retries(attempts=1).wait(1, _REPEATED[0]) is None


def test_the_service_may_ask_for_a_longer_wait_but_not_for_any() -> None:
    retries, error = (
        Retries(patience=20, random=lambda: 0.5),
        _service("TooManyRequestsException", 400, "SignUp"),
    )
    error.retry_after = 7
    assert retries.wait(1, error) == 7
    error.retry_after = 20
    assert retries.wait(1, error) == 20
    error.retry_after = 20.1
    assert retries.wait(1, error) is None
