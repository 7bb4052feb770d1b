"""Rules for repeating a request, and for the time to wait before it.

A repetition must not do twice what should be done once, so the rule depends on the state in which
the failed attempt may have left the service:

==================================  ==========================================================
nothing was sent, or the service    every operation is repeated
refused to look at it (throttling)
the service failed (5xx)            operations that only read or are idempotent are repeated,
                                    and so is `InitiateAuth`
the reply was lost                  operations that only read or are idempotent are repeated
any other refusal                   nothing is repeated
==================================  ==========================================================

If it is unknown whether a challenge answer, a sign-up, a confirmation or a rotating refresh was
carried out, it is therefore never sent twice: the second request would be refused, use up one of
the user's tries, or send one more message.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from auth_flow.errors import AuthFlowError, MalformedResponse, ServiceError, TransportError

IDEMPOTENT = frozenset({
    "DeleteUserAttributes",
    "GetDevice",
    "GetUser",
    "GetUserAuthFactors",
    "ListDevices",
    "ListWebAuthnCredentials",
    "RevokeToken",
    "SetUserMFAPreference",
    "StartWebAuthnRegistration",
    "UpdateDeviceStatus",
})  # fmt: skip
"""Operations that have the same effect and the same reply if they are made twice."""

_ANEW = IDEMPOTENT | {"InitiateAuth"}
"""Operations that may be made again if the service failed: a sign-in that did not begin can begin
anew.
"""

_DECLINED = frozenset(
    {
        "TooManyRequestsException",
        "ThrottlingException",
        "Throttling",
        "RequestLimitExceeded",
        "SlowDown",
    }
)
"""Exceptions by which AWS refuses to look at a request. `LimitExceededException` is not one of
them: it counts the attempts of a user.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Exponential back-off with full jitter.

    Before repetition n, the wait is a random time from 0 to `base * 2**(n - 1)` seconds, at most
    `cap`. `attempts` counts the first one. If the service asks for a longer wait (`Retry-After`, in
    seconds), that one is kept, unless it exceeds `patience` seconds: then the error is raised, and
    the caller finds the wait in `error.retry_after`.
    """

    attempts: int = 3
    base: float = 0.2
    cap: float = 5.0
    patience: float = 20.0
    random: Callable[[], float] = field(default=random.random, repr=False)

    def wait(self, attempt: int, error: AuthFlowError) -> float | None:
        """Return the seconds to wait after `attempt` (the first is 1) failed with `error`.

        Return None if the request must not be repeated.
        """
        if attempt >= self.attempts or not repeatable(error) or error.retry_after > self.patience:
            return None
        ceiling = min(self.cap, self.base * 2.0 ** (attempt - 1))
        return max(self.random() * ceiling, error.retry_after)


def repeatable(error: AuthFlowError) -> bool:
    """Return whether a request that ended in `error` may be repeated without asking the caller."""
    match error:
        case TransportError():
            return error.retryable
        case ServiceError() if error.status == 429 or error.name in _DECLINED:
            return error.name != "LimitExceededException"
        case (
            ServiceError(status=status, operation=operation)
            | MalformedResponse(status=int(status), operation=operation)
        ):
            return status >= 500 and operation in _ANEW
        case _:
            return False
