"""CUSTOM_AUTH: three triggers choose the challenges, make them, and check the answers."""

from __future__ import annotations

from typing import Any

from auth_flow.embedded._challenges.attempt import Attempt, answers, asks, put_challenge
from auth_flow.embedded._challenges.progress import second_factor_passed
from auth_flow.embedded._fault import (
    Fault,
    invalid_parameter,
    missing_parameter,
    not_authorized,
    user_not_found,
)
from auth_flow.embedded._firing import fire, texts
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import check_may_sign_in
from auth_flow.embedded._triggers import TriggerName


async def define_next(attempt: Attempt, parameters: dict[str, str]) -> Reply:
    """Ask the DefineAuthChallenge trigger for the next step.

    `parameters` are the AuthParameters while the sign-in begins.
    """
    if attempt.user is None and not attempt.client.protects_users:
        raise user_not_found()
    if attempt.user is not None:
        check_may_sign_in(attempt.user)
    verdict = await _fire(attempt, "DefineAuthChallenge", {"session": attempt.session.rounds}, {})
    if verdict.get("failAuthentication"):
        raise not_authorized()
    if verdict.get("issueTokens"):
        return await second_factor_passed(attempt)
    name = verdict.get("challengeName")
    if name not in ("CUSTOM_CHALLENGE", "PASSWORD_VERIFIER"):
        raise Fault(
            "InvalidLambdaResponseException",
            "Invalid lambda function output : Invalid challenge name",
        )
    return await put_challenge(attempt, name, parameters)


async def round_passed(attempt: Attempt, name: str) -> Reply:
    """Add a built-in challenge that was passed to the rounds, and ask for the next step."""
    attempt.session.rounds.append({"challengeName": name, "challengeResult": True})
    return await define_next(attempt, {})


@asks("CUSTOM_CHALLENGE")
async def ask_custom_challenge(attempt: Attempt, name: str, _parameters: dict[str, str]) -> Reply:
    """Ask the question that the CreateAuthChallenge trigger makes; its private part stays here."""
    request = {"challengeName": name, "session": attempt.session.rounds}
    response: dict[str, Any] = {
        "publicChallengeParameters": {},
        "privateChallengeParameters": {},
        "challengeMetadata": None,
    }
    created = await _fire(attempt, "CreateAuthChallenge", request, response)
    attempt.session.private_parameters = texts(created, "privateChallengeParameters")
    public = texts(created, "publicChallengeParameters")
    round_ = {"challengeName": name, "challengeMetadata": created.get("challengeMetadata")}
    attempt.session.rounds.append(round_)
    return attempt.ask(name, {**public, "USERNAME": attempt.identity})


@answers("CUSTOM_CHALLENGE")
async def custom_challenge(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Let VerifyAuthChallengeResponse check the answer, and DefineAuthChallenge the next step."""
    if "ANSWER" not in responses:
        raise missing_parameter("ANSWER")
    request = {
        "privateChallengeParameters": attempt.session.private_parameters,
        "challengeAnswer": responses["ANSWER"],
    }
    verdict = await _fire(attempt, "VerifyAuthChallengeResponse", request, {"answerCorrect": False})
    attempt.session.rounds[-1]["challengeResult"] = bool(verdict.get("answerCorrect"))
    return await define_next(attempt, {})


async def _fire(
    attempt: Attempt, name: TriggerName, request: dict[str, Any], response: dict[str, Any]
) -> dict[str, Any]:
    context = attempt.context
    request = {**request, **context.metadata_member, "userNotFound": attempt.user is None}
    filled = await fire(context, name, "Authentication", request, response)
    if filled is None:
        raise invalid_parameter("Custom auth lambda trigger is not configured for the user pool.")
    return filled
