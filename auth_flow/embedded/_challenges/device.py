"""A known device proves itself, by the same arithmetic as a password."""

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
from auth_flow.embedded._registry import Reply


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
    """Check the device's proof; nothing comes after it."""
    exchange = attempt.session.srp
    if exchange is None or not await srp.proves(exchange, responses, attempt.pool.clock()):
        raise not_authorized("Incorrect username or password.")
    attempt.session.srp, attempt.session.device_proven = None, True
    return await finish(attempt)
