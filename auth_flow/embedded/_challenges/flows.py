"""The flows of InitiateAuth that name a user."""

from __future__ import annotations

from auth_flow.embedded._challenges.attempt import Attempt, flow, put_challenge
from auth_flow.embedded._challenges.choice import begin_choice
from auth_flow.embedded._challenges.custom import define_next
from auth_flow.embedded._challenges.password import prove_password
from auth_flow.embedded._challenges.progress import first_factor_passed
from auth_flow.embedded._registry import Reply


@flow("USER_SRP_AUTH")
async def user_srp_auth(attempt: Attempt, parameters: dict[str, str]) -> Reply:
    """Let the client prove the password without sending it."""
    return await put_challenge(attempt, "PASSWORD_VERIFIER", parameters)


@flow("USER_PASSWORD_AUTH")
@flow("ADMIN_USER_PASSWORD_AUTH")
async def user_password_auth(attempt: Attempt, parameters: dict[str, str]) -> Reply:
    """Check a password that is sent as it is."""
    await prove_password(attempt, parameters)
    return await first_factor_passed(attempt)


@flow("CUSTOM_AUTH")
async def custom_auth(attempt: Attempt, parameters: dict[str, str]) -> Reply:
    """Let the DefineAuthChallenge trigger lead. CHALLENGE_NAME=SRP_A is the first of its rounds."""
    attempt.session.custom = True
    if parameters.get("CHALLENGE_NAME") == "SRP_A":
        attempt.session.rounds.append({"challengeName": "SRP_A", "challengeResult": True})
    return await define_next(attempt, parameters)


@flow("USER_AUTH")
async def user_auth(attempt: Attempt, parameters: dict[str, str]) -> Reply:
    """Let the user choose among the first factors that the pool allows and the user has."""
    return await begin_choice(attempt, parameters)
