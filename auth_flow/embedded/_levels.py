"""Authentication levels: the methods that a sign-in has proven (`amr`), and the level that they
reach (`acr`).

Names and combinations are the service's; it lets a pool change the names only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

Method = str
"""A value of `amr`: `pwd`, `otp` (an authenticator app), `sms`, `email_otp`, `swk` or `hwk` (a
passkey of the platform, or on a security key).
"""

LEVELS = {f"urn:cognito:loa:{level}": level for level in range(1, 5)}
"""The levels by their names in `acr`."""

COMBINATIONS: dict[int, tuple[frozenset[Method], ...]] = {
    1: (frozenset({"pwd"}),),
    2: (frozenset({"sms"}), frozenset({"email_otp"})),
    3: (
        frozenset({"swk"}),
        frozenset({"hwk"}),
        frozenset({"pwd", "sms"}),
        frozenset({"pwd", "email_otp"}),
    ),
    4: (frozenset({"pwd", "otp"}),),
}
"""The methods that satisfy each level. Each combination is sufficient."""


def levels_in(text: str) -> tuple[int, ...]:
    """Return the levels that a text names, separated by spaces. Unknown names are left out."""
    return tuple(LEVELS[value] for value in text.split() if value in LEVELS)


def level_of(methods: Iterable[Method]) -> int:
    """Return the highest level that the methods satisfy, 0 if they satisfy none."""
    proven = frozenset(methods)
    reached = [
        level
        for level, combinations in COMBINATIONS.items()
        if any(combination <= proven for combination in combinations)
    ]
    return max(reached, default=0)


def level_claims(methods: Collection[Method]) -> dict[str, object]:
    """Return `acr` and `amr`, or nothing if the sign-in did not ask for a level."""
    if not methods:
        return {}
    level = level_of(methods)
    return {
        **({"acr": f"urn:cognito:loa:{level}"} if level else {}),
        "amr": [*methods, *(["mfa"] if len(methods) > 1 else [])],
    }
