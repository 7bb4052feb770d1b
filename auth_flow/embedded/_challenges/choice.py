"""USER_AUTH: the user chooses the first factor."""

from __future__ import annotations

from auth_flow.embedded._challenges.attempt import Attempt, answers, put_challenge
from auth_flow.embedded._challenges.password import prove_password
from auth_flow.embedded._challenges.progress import active_factors, first_factor_passed
from auth_flow.embedded._fault import invalid_parameter, missing_parameter, user_not_found
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import check_may_sign_in


async def begin_choice(attempt: Attempt, parameters: dict[str, str]) -> Reply:
    """Go straight to the PREFERRED_CHALLENGE if it can be had, else offer what can."""
    if attempt.user is None and not attempt.client.protects_users:
        raise user_not_found()
    if attempt.user is not None:
        check_may_sign_in(attempt.user)
    attempt.session.choices = available_challenges(attempt)
    preferred = parameters.get("PREFERRED_CHALLENGE")
    if preferred in attempt.session.choices:
        return await take(attempt, preferred, parameters)
    reply = attempt.ask("SELECT_CHALLENGE", {"USERNAME": attempt.identity})
    return {**reply, "AvailableChallenges": attempt.session.choices}


@answers("SELECT_CHALLENGE")
async def select_challenge(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Go on with the first factor that was chosen; a password, or the SRP_A of its proof, comes
    along with the choice.
    """
    chosen = responses.get("ANSWER")
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
    return await put_challenge(
        attempt, "PASSWORD_VERIFIER" if chosen == "PASSWORD_SRP" else chosen, parameters
    )


def available_challenges(attempt: Attempt) -> list[str]:
    """The first factors that the pool allows and the user has; for a user who does not exist, those
    that anybody could have.

    Who has to pass a second factor is offered the password only: the other first factors have no
    second one after them.
    """
    allowed, user = attempt.pool.settings.first_factors, attempt.user
    challenges: list[str] = []
    if "PASSWORD" in allowed and (user is None or user.password):
        challenges += ["PASSWORD", "PASSWORD_SRP"]
    mfa_required = attempt.pool.settings.mfa_configuration == "ON" or (
        user and active_factors(attempt.pool, user)
    )
    if mfa_required and challenges:
        return challenges
    if "EMAIL_OTP" in allowed and (user is None or "email" in user.attributes):
        challenges.append("EMAIL_OTP")
    if "SMS_OTP" in allowed and user and "phone_number" in user.attributes:
        challenges.append("SMS_OTP")
    if "WEB_AUTHN" in allowed and user and user.passkeys:
        challenges.append("WEB_AUTHN")
    return challenges
