"""USER_AUTH: the user chooses the first factor."""

from __future__ import annotations

import json

from auth_flow.embedded._challenges.attempt import Attempt, answers, put_challenge
from auth_flow.embedded._challenges.passkey import web_authn
from auth_flow.embedded._challenges.password import prove_password
from auth_flow.embedded._challenges.progress import (
    active_factors,
    ask_second_factor,
    first_factor_passed,
)
from auth_flow.embedded._challenges.step_up import choose_level
from auth_flow.embedded._fault import invalid_parameter, missing_parameter, user_not_found
from auth_flow.embedded._models import User
from auth_flow.embedded._passkeys import request_options, satisfies_mfa
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import check_may_sign_in


async def begin_choice(attempt: Attempt, parameters: dict[str, str]) -> Reply:
    """Begin with the PREFERRED_CHALLENGE if it is available, else offer all that are."""
    if attempt.user is None and not attempt.client.protects_users:
        raise user_not_found()
    attempt.session.choices = available_challenges(attempt.pool, attempt.user)
    if attempt.user is not None:
        check_may_sign_in(attempt.user)
        if attempt.session.target_levels:
            needs_mfa = _needs_mfa(attempt.pool, attempt.user)
            attempt.session.choices = choose_level(
                attempt, attempt.session.choices, needs_mfa=needs_mfa
            )
            if not attempt.session.choices:
                return await ask_second_factor(attempt)
    preferred = challenge_of(parameters.get("PREFERRED_CHALLENGE", ""))
    if preferred in attempt.session.choices:
        return await take(attempt, preferred, parameters)
    offered = {"USERNAME": attempt.identity}
    if "WEB_AUTHN" in attempt.session.choices:
        # So that the choice can be answered together with the passkey's assertion.
        attempt.session.passkey_challenge, options = request_options(
            attempt.pool, attempt.known_user
        )
        offered["CREDENTIAL_REQUEST_OPTIONS"] = json.dumps(options)
    reply = attempt.ask("SELECT_CHALLENGE", offered)
    return {**reply, "AvailableChallenges": attempt.session.choices}


@answers("SELECT_CHALLENGE")
async def select_challenge(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Go on with the chosen first factor.

    A password, the SRP_A of its proof, or a passkey's CREDENTIAL comes along with the choice.
    """
    chosen = challenge_of(responses.get("ANSWER", ""))
    if not chosen:
        raise missing_parameter("ANSWER")
    if chosen not in attempt.session.choices:
        raise invalid_parameter("Selected challenge is not available.")
    return await take(attempt, chosen, responses)


async def take(attempt: Attempt, chosen: str, parameters: dict[str, str]) -> Reply:
    """Begin with a first factor."""
    attempt.session.passwordless = chosen not in ("PASSWORD", "PASSWORD_SRP")
    if chosen == "PASSWORD":
        await prove_password(attempt, parameters)
        return await first_factor_passed(attempt)
    if chosen == "WEB_AUTHN" and "CREDENTIAL" in parameters:
        return await web_authn(attempt, parameters)
    return await put_challenge(
        attempt, "PASSWORD_VERIFIER" if chosen == "PASSWORD_SRP" else chosen, parameters
    )


def available_challenges(pool: EmbeddedUserPool, user: User | None) -> list[str]:
    """Return the challenges of the first factors that the pool allows and the user has.

    If a second factor is needed, only the password and a passkey that satisfies MFA are available,
    because no second factor follows the others. If the user does not exist, these are the factors
    that any user could have.
    """
    allowed = pool.settings.first_factors
    challenges: list[str] = []
    if "PASSWORD" in allowed and (user is None or user.password):
        challenges += ["PASSWORD", "PASSWORD_SRP"]
    passkey = ["WEB_AUTHN"] if "WEB_AUTHN" in allowed and user and user.passkeys else []
    if _needs_mfa(pool, user):
        with_mfa = challenges + (passkey if user and satisfies_mfa(pool, user) else [])
        if with_mfa:
            return with_mfa
    if "EMAIL_OTP" in allowed and (user is None or "email" in user.attributes):
        challenges.append("EMAIL_OTP")
    if "SMS_OTP" in allowed and user and "phone_number" in user.attributes:
        challenges.append("SMS_OTP")
    if "SOFTWARE_TOKEN" in allowed and user and user.totp:
        challenges.append(challenge_of("SOFTWARE_TOKEN"))
    return challenges + passkey


def challenge_of(factor: str) -> str:
    """Return the name of the challenge that asks for a first factor. Most have the same name."""
    return "SOFTWARE_TOKEN_MFA" if factor == "SOFTWARE_TOKEN" else factor


def _needs_mfa(pool: EmbeddedUserPool, user: User | None) -> bool:
    return pool.settings.mfa_configuration == "ON" or bool(user and active_factors(pool, user))
