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

LevelNames = tuple[str, str, str, str]
"""The names of the levels in `acr`, that of level 1 first."""

LEVEL_NAMES: LevelNames = (
    "urn:cognito:loa:1",
    "urn:cognito:loa:2",
    "urn:cognito:loa:3",
    "urn:cognito:loa:4",
)
"""The names of the levels in a pool that has no AcrConfiguration."""

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


def levels_in(text: str, names: LevelNames) -> tuple[int, ...]:
    """Return the levels that a text names, separated by spaces. Unknown names are left out."""
    return tuple(names.index(name) + 1 for name in text.split() if name in names)


def level_of(methods: Iterable[Method]) -> int:
    """Return the highest level that the methods satisfy, 0 if they satisfy none."""
    proven = frozenset(methods)
    reached = [
        level
        for level, combinations in COMBINATIONS.items()
        if any(combination <= proven for combination in combinations)
    ]
    return max(reached, default=0)


def level_claims(methods: Collection[Method], names: LevelNames) -> dict[str, object]:
    """Return `acr` and `amr`, or nothing if the sign-in did not ask for a level."""
    if not methods:
        return {}
    level = level_of(methods)
    return {
        **({"acr": names[level - 1]} if level else {}),
        "amr": [*methods, *(["mfa"] if len(methods) > 1 else [])],
    }
