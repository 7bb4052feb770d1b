"""The password as a first factor, sent or proven, and the new one that replaces a temporary one."""

from __future__ import annotations

from auth_flow.embedded import _srp as srp
from auth_flow.embedded._challenges.attempt import Attempt, answers, asks
from auth_flow.embedded._challenges.custom import round_passed
from auth_flow.embedded._challenges.progress import ask_second_factor, first_factor_passed
from auth_flow.embedded._fault import (
    invalid_parameter,
    missing_parameter,
    not_authorized,
    user_not_found,
)
from auth_flow.embedded._migration import migrate
from auth_flow.embedded._passwords import check_lock, check_password, note_proof, set_password
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._schema import check_attributes
from auth_flow.embedded._srp import Verifier


async def prove_password(attempt: Attempt, parameters: dict[str, str]) -> None:
    """Check a PASSWORD that was sent. A user nobody knows may be brought in by the UserMigration
    trigger.
    """
    password = parameters.get("PASSWORD")
    if not password:
        raise missing_parameter("PASSWORD")
    if attempt.user is None:
        attempt.user = await migrate(
            attempt.pool, attempt.client, attempt.session.username, password
        )
        attempt.session.simulated = attempt.user is None
    if attempt.user is None and not attempt.client.protects_users:
        raise user_not_found()
    await check_password(attempt.pool, attempt.user, attempt.identity, password)


@asks("PASSWORD_VERIFIER")
async def ask_for_proof(attempt: Attempt, name: str, parameters: dict[str, str]) -> Reply:
    """Answer the client's SRP_A with a salt and SRP_B; for a user who does not exist, with ones
    made up.
    """
    a_public = parameters.get("SRP_A")
    if not a_public:
        raise missing_parameter("SRP_A")
    if attempt.user is None and not attempt.client.protects_users:
        raise user_not_found()
    check_lock(attempt.pool, attempt.user)
    user, identity = attempt.user, attempt.identity
    verifier = (
        user.password
        if user and user.password
        else Verifier.simulated(attempt.pool.secret, identity)
    )
    exchange = await srp.begin(attempt.pool.group, identity, verifier, a_public)
    if exchange is None:
        raise invalid_parameter("SRP_A is not valid.")
    attempt.session.srp = exchange
    return attempt.ask(
        name, {**exchange.parameters, "USERNAME": identity, "USER_ID_FOR_SRP": identity}
    )


@answers("PASSWORD_VERIFIER")
async def password_verifier(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Check the proof that the password is known."""
    exchange = attempt.session.srp
    if exchange is None:
        raise not_authorized()
    for name in ("PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"):
        if name not in responses:
            raise missing_parameter(name)
    check_lock(attempt.pool, attempt.user)
    right = await srp.proves(exchange, responses, attempt.pool.clock())
    note_proof(attempt.pool, attempt.user, right=right)
    attempt.session.srp = None
    if attempt.session.custom:
        return await round_passed(attempt, "PASSWORD_VERIFIER")
    return await first_factor_passed(attempt)


@answers("NEW_PASSWORD_REQUIRED")
async def new_password_required(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Take the new password, and the attributes that the pool requires and the user lacks."""
    pool, user = attempt.pool, attempt.known_user
    password = responses.get("NEW_PASSWORD")
    if not password:
        raise missing_parameter("NEW_PASSWORD")
    prefix = "userAttributes."
    given = {
        name.removeprefix(prefix): value
        for name, value in responses.items()
        if name.startswith(prefix)
    }
    check_attributes(pool.settings, given)
    missing = [
        name
        for name in pool.settings.required_attributes
        if not given.get(name) and name not in user.attributes
    ]
    if missing:
        raise invalid_parameter(f"Invalid attributes given, {missing[0]} is missing")
    await set_password(pool, user, password)
    user.write(given)
    user.status = "CONFIRMED"
    pool.save(user)
    return await ask_second_factor(attempt)
