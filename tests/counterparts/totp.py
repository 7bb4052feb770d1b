"""An authenticator app: RFC 6238 with SHA-1, steps of 30 seconds, six digits."""

from __future__ import annotations

import base64
import hmac
import time

STEP = 30


def code(secret: str, *, steps_ahead: int = 0) -> str:
    """What the app shows for a secret in base32: now, or so many steps later."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    digest = hmac.digest(key, (int(time.time()) // STEP + steps_ahead).to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def wrong_code(secret: str) -> str:
    """Six digits that the app shows in no step near the present one."""
    shown = {code(secret, steps_ahead=steps) for steps in range(-2, 4)}
    return next(
        digits
        for digits in ("000000", "111111", "222222", "333333", "444444", "555555", "666666")
        if digits not in shown
    )
