"""Time-based one-time passwords by RFC 6238: HMAC-SHA-1, steps of 30 seconds, six digits."""

from __future__ import annotations

import base64
import hmac
import secrets

STEP = 30


def new_secret() -> str:
    """Return a random secret of 160 bits in base 32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code(secret: str, at: float) -> str:
    """Return the six digits for a time in seconds since the epoch."""
    return _code(secret, int(at // STEP))


def matching_step(secret: str, given: str, now: float) -> int | None:
    """Return the time step of the code: the present one or one next to it, or None."""
    present = int(now // STEP)
    for step in (present + 1, present, present - 1):
        if hmac.compare_digest(_code(secret, step).encode(), given.encode()):
            return step
    return None


def _code(secret: str, step: int) -> str:
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
