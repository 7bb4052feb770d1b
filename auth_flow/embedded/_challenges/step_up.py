"""Step-up: a sign-in by USER_AUTH that aims at an authentication level.

The sign-in asks only for the methods that the caller's access token does not stand for, and fails
if the level is not reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from auth_flow.embedded._challenges.attempt import Attempt
from auth_flow.embedded._fault import Fault, invalid_parameter, not_authorized
from auth_flow.embedded._hosted import methods_of_browser
from auth_flow.embedded._levels import COMBINATIONS, Method, level_of, levels_in
from auth_flow.embedded._models import User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._service import CognitoService

FIRST_FACTORS: dict[Method, tuple[str, ...]] = {
    "pwd": ("PASSWORD", "PASSWORD_SRP"),
    "sms": ("SMS_OTP",),
    "email_otp": ("EMAIL_OTP",),
    "swk": ("WEB_AUTHN",),
    "hwk": ("WEB_AUTHN",),
}
"""The challenges that prove a method at the beginning of a sign-in."""

SECOND_FACTORS: dict[Method, str] = {
    "otp": "SOFTWARE_TOKEN_MFA",
    "sms": "SMS_MFA",
    "email_otp": "EMAIL_OTP",
}
"""The challenges that add a method to the password."""


class StepUp(NamedTuple):
    """The levels that a sign-in aims at, the preferred one first, and the methods that count as
    proven from the beginning.
    """

    levels: tuple[int, ...] = ()
    methods: tuple[Method, ...] = ()


def read_step_up(
    service: CognitoService, pool: EmbeddedUserPool, parameters: Mapping[str, str]
) -> StepUp:
    """Read TARGET_ACR_VALUES, MAX_AGE and ACCESS_TOKEN.

    Without the first one, the sign-in aims at no level.
    """
    token, values = parameters.get("ACCESS_TOKEN"), parameters.get("TARGET_ACR_VALUES")
    if values is None:
        if token is not None:
            raise invalid_parameter("ACCESS_TOKEN requires TARGET_ACR_VALUES.")
        return StepUp()
    if pool.settings.described.get("UserPoolTier") == "LITE":
        raise Fault(
            "FeatureUnavailableInTierException",
            "Step-up authentication is not available in the feature plan of this user pool.",
        )
    levels = levels_in(values, pool.settings.level_names)
    if not levels:
        raise invalid_parameter("TARGET_ACR_VALUES contains no valid value.")
    max_age = _max_age(parameters)
    if token is None:
        return StepUp(levels, methods_of_browser())
    caller, user = service.caller(token), pool.user(parameters.get("USERNAME", ""))
    if caller.pool is not pool or user is None or caller.user.sub != user.sub:
        raise not_authorized("Access Token does not belong to the user.")
    if max_age is not None and int(pool.clock()) - caller.grant.auth_time > max_age:
        return StepUp(levels)
    return StepUp(levels, tuple(caller.grant.methods))


def choose_level(attempt: Attempt, available: list[str], *, needs_mfa: bool) -> list[str]:
    """Choose the level to aim at: the first one that the user can reach.

    Return those of the `available` first factors that lead to it, or none if only a second factor
    is missing. If the user needs a second factor anyway, the password leads to every level that
    the second factor exceeds.

    Raises InvalidParameterException if the user can reach none of the levels, or if the access
    token satisfies the chosen one already.
    """
    session = attempt.session
    proven = frozenset(session.methods)
    possible = proven | _possible_methods(attempt.known_user)
    for level in session.target_levels:
        if level_of(proven) >= level:
            raise invalid_parameter("The access token already satisfies the requested level.")
        session.target_levels = [level]
        combinations = [methods for methods in COMBINATIONS[level] if methods <= possible]
        if missing_second_factors(attempt):
            return []
        leading = _first_factors(combinations, proven)
        if combinations and needs_mfa and not leading & set(available):
            leading = frozenset(FIRST_FACTORS["pwd"])
        begin = [challenge for challenge in available if challenge in leading]
        if begin:
            return begin
    raise invalid_parameter("The user has no factors for the requested authentication level.")


def reachable_level(levels: Iterable[int], user: User, proven: Iterable[Method]) -> int | None:
    """Return the first of the levels that the user can reach, or None."""
    possible = _possible_methods(user).union(proven)
    reachable = (
        level for level in levels if any(methods <= possible for methods in COMBINATIONS[level])
    )
    return next(reachable, None)


def missing_second_factors(attempt: Attempt) -> list[str]:
    """Return the challenges that take a proven password to the level that the sign-in aims at."""
    session = attempt.session
    proven = frozenset(session.methods)
    if not falls_short(attempt):
        return []
    possible = proven | _possible_methods(attempt.known_user)
    missing = [
        methods - proven
        for methods in COMBINATIONS[session.target_levels[0]]
        if "pwd" in methods and methods <= possible
    ]
    return [
        challenge for method, challenge in SECOND_FACTORS.items() if frozenset({method}) in missing
    ]


def falls_short(attempt: Attempt) -> bool:
    """Return whether the sign-in aims at a level and has not reached it yet."""
    session = attempt.session
    return bool(session.target_levels) and level_of(session.methods) < session.target_levels[0]


def _first_factors(
    combinations: list[frozenset[Method]], proven: frozenset[Method]
) -> frozenset[str]:
    return frozenset(
        challenge
        for methods in combinations
        for method in methods - proven
        if method == "pwd" or len(methods) == 1
        for challenge in FIRST_FACTORS[method]
    )


def _possible_methods(user: User) -> frozenset[Method]:
    """Return the methods that the user has what it takes for."""
    has = {
        "pwd": user.password is not None,
        "sms": "phone_number" in user.attributes,
        "email_otp": "email" in user.attributes,
        "otp": user.totp is not None,
    }
    return frozenset(method for method, possible in has.items() if possible) | frozenset(
        passkey.method for passkey in user.passkeys
    )


def _max_age(parameters: Mapping[str, str]) -> int | None:
    text = parameters.get("MAX_AGE")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise invalid_parameter("MAX_AGE must be a number of seconds.")
    return int(text)
