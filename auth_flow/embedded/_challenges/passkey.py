"""WEB_AUTHN: a passkey as the first factor."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic_core import from_json

from auth_flow.embedded._challenges.attempt import Attempt, answers, asks
from auth_flow.embedded._challenges.progress import first_factor_passed
from auth_flow.embedded._fault import invalid_parameter, missing_parameter, not_authorized
from auth_flow.embedded._passkeys import check_assertion, request_options
from auth_flow.embedded._registry import Reply


@asks("WEB_AUTHN")
async def ask_for_passkey(attempt: Attempt, name: str, _parameters: dict[str, str]) -> Reply:
    """Ask for an assertion of one of the user's passkeys."""
    attempt.session.passkey_challenge, options = request_options(attempt.pool, attempt.known_user)
    return attempt.ask(
        name, {"USERNAME": attempt.identity, "CREDENTIAL_REQUEST_OPTIONS": json.dumps(options)}
    )


@answers("WEB_AUTHN")
async def web_authn(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Check the assertion in CREDENTIAL, a JSON text."""
    challenge = attempt.session.passkey_challenge
    if challenge is None:
        raise not_authorized()
    if "CREDENTIAL" not in responses:
        raise missing_parameter("CREDENTIAL")
    try:
        credential = from_json(responses["CREDENTIAL"])
    except ValueError:
        credential = None
    if not isinstance(credential, dict):
        raise invalid_parameter("CREDENTIAL is not a JSON object.")
    passkey = check_assertion(
        attempt.pool, attempt.known_user, challenge, cast("dict[str, Any]", credential)
    )
    attempt.session.proved(passkey.method)
    return await first_factor_passed(attempt)
