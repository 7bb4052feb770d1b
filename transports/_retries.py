"""When a request is made again, and how long to wait before it.

What matters is what may have happened to the attempt that failed:

=====================================  =======================================================================
nothing was sent, or the service       every operation is repeated
declined to look at it (throttling)
the service failed (5xx)               what only reads or is idempotent is repeated, and so is `InitiateAuth`
the answer was lost                    what only reads or is idempotent is repeated
anything else the service says         nothing is repeated
=====================================  =======================================================================

So a challenge answer, a sign-up, a confirmation or a rotating refresh whose fate is unknown is
never sent twice: the second of two would be refused, spend one of the person's tries, or send one
more message.
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
"""Operations that can be made twice with the same effect and the same answer as once."""

_ANEW = IDEMPOTENT | {"InitiateAuth"}
"""What may be made again after the service failed: a sign-in that never began can begin anew."""

_DECLINED = frozenset(
    {
        "TooManyRequestsException",
        "ThrottlingException",
        "Throttling",
        "RequestLimitExceeded",
        "SlowDown",
    }
)
"""How AWS says that it did not look at the request. `LimitExceededException` is not among them: it
counts a person's attempts.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Exponential back-off with full jitter: before repetition n, anything from 0 to `base * 2**(n
    - 1)` seconds, at most `cap`.

    `attempts` counts the first one. A longer wait that the service asks for (`Retry-After`, in
    seconds) is kept; one of more than `patience` seconds is the caller's to wait, who finds it in
    `error.retry_after`.
    """

    attempts: int = 3
    base: float = 0.2
    cap: float = 5.0
    patience: float = 20.0
    random: Callable[[], float] = field(default=random.random, repr=False)

    def wait(self, attempt: int, error: AuthFlowError) -> float | None:
        """Seconds to wait after `attempt` (the first is 1) failed with `error`, or None where it is
        not to be repeated.
        """
        if attempt >= self.attempts or not repeatable(error) or error.retry_after > self.patience:
            return None
        ceiling = min(self.cap, self.base * 2.0 ** (attempt - 1))
        return max(self.random() * ceiling, error.retry_after)


def repeatable(error: AuthFlowError) -> bool:
    """Whether the request that ended in `error` may be made again without asking anybody."""
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
