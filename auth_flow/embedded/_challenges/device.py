"""DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER: a confirmed device proves its secret by SRP."""

from __future__ import annotations

from auth_flow.embedded import _srp as srp
from auth_flow.embedded._challenges.attempt import Attempt, answers
from auth_flow.embedded._challenges.progress import finish
from auth_flow.embedded._fault import (
    invalid_parameter,
    missing_parameter,
    not_authorized,
    not_found,
)
from auth_flow.embedded._models import Client
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply


def session_of_device(
    pool: EmbeddedUserPool, client: Client, responses: dict[str, str]
) -> str | None:
    """Return the newest session that waits for this device, or None.

    Some clients answer DEVICE_SRP_AUTH without the Session that it came with.
    """
    wanted = "DEVICE_SRP_AUTH", client.id, responses.get("DEVICE_KEY")
    waiting = [
        token
        for token, session in pool.sessions.items()
        if (session.challenge, session.client_id, session.device_key) == wanted
    ]
    return waiting[-1] if waiting else None


@answers("DEVICE_SRP_AUTH")
async def device_srp_auth(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Answer the device's SRP_A."""
    device, a_public = attempt.device, responses.get("SRP_A")
    if not a_public:
        raise missing_parameter("SRP_A")
    if not responses.get("DEVICE_KEY"):
        raise missing_parameter("DEVICE_KEY")
    if device is None or device.verifier is None:
        raise not_found("Device does not exist.")
    exchange = await srp.begin(device.group_key, device.key, device.verifier, a_public)
    if exchange is None:
        raise invalid_parameter("SRP_A is not valid.")
    attempt.session.srp = exchange
    parameters = {**exchange.parameters, "USERNAME": attempt.identity, "DEVICE_KEY": device.key}
    return attempt.ask("DEVICE_PASSWORD_VERIFIER", parameters)


@answers("DEVICE_PASSWORD_VERIFIER")
async def device_password_verifier(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Check the device's proof and issue the tokens."""
    exchange = attempt.session.srp
    if attempt.device is None:
        raise not_found("Device does not exist.")
    if (
        exchange is None
        or exchange.identity != attempt.device.key
        or not await srp.proves(exchange, responses, attempt.pool.clock())
    ):
        raise not_authorized("Incorrect username or password.")
    attempt.session.srp, attempt.session.device_proven = None, True
    return await finish(attempt)
