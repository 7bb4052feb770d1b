"""What holds for every error."""

from __future__ import annotations

import pickle
import re

import pytest

from auth_flow import errors
from auth_flow.errors import AuthFlowError

SAMPLES: list[AuthFlowError] = [
    errors.NotAuthorizedException(
        "Wrong.", operation="InitiateAuth", status=400, request_id="id-1"
    ),
    errors.ServiceError.of("NewException", "New.", operation="SignUp", status=503),
    errors.EventNotAccepted("IDLE", "enter_code", ("sign_in",)),
    errors.GuardRejected("IDLE", "sign_in", "guard", "A rule."),
    errors.UnknownChallenge("NEW_CHALLENGE"),
    errors.MalformedResponse(
        "nothing of use", operation="SignUp", status=500, request_id="id-1", retryable=True
    ),
    errors.TimedOut("too late", operation="SignUp", retryable=True),
    errors.MissingExtra("Sealing", "park"),
    errors.StoreConflict(),
    errors.PasskeyCancelled("No."),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_travels_to_another_process_whole(error: AuthFlowError) -> None:
    error.retry_after = 7
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert (str(there), there.name, vars(there)) == (str(error), error.name, vars(error))


def test_the_overview_names_every_error_that_is_not_an_exception_of_the_service() -> None:
    named = re.findall(r"^[ │├└─]+(\w+)  ", errors.__doc__ or "", re.MULTILINE)
    own = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type)
        and issubclass(value, AuthFlowError)
        and not name.endswith("Exception")
    ]
    assert sorted(named) == sorted(own)
