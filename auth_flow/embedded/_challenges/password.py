"""The password as the first factor, sent or proven, and NEW_PASSWORD_REQUIRED."""

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
from auth_flow.embedded._passwords import (
    check_lock,
    check_password,
    note_proof,
    set_password,
    verifier_of,
)
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._schema import check_attributes
from auth_flow.embedded._service import check_status


async def prove_password(attempt: Attempt, parameters: dict[str, str]) -> None:
    """Check a PASSWORD that was sent. The UserMigration trigger may bring in an unknown user."""
    password = parameters.get("PASSWORD")
    if not password:
        raise missing_parameter("PASSWORD")
    if attempt.user is None:
        attempt.user = await migrate(attempt.context, password, attempt.validation_data)
        attempt.session.simulated = attempt.user is None
        if attempt.user is not None:
            attempt.session.username = attempt.user.username
    if attempt.user is None and not attempt.client.protects_users:
        raise user_not_found()
    if attempt.user is not None:
        check_status(attempt.user)
    await check_password(attempt.pool, attempt.user, attempt.identity, password)
    attempt.session.proved("pwd")


@asks("PASSWORD_VERIFIER")
async def ask_for_proof(attempt: Attempt, name: str, parameters: dict[str, str]) -> Reply:
    """Answer the client's SRP_A with a salt and SRP_B, made up if the user does not exist."""
    a_public = parameters.get("SRP_A")
    if not a_public:
        raise missing_parameter("SRP_A")
    if attempt.user is None and not attempt.client.protects_users:
        raise user_not_found()
    user, identity = attempt.user, attempt.identity
    check_lock(attempt.pool, user, identity)
    verifier = verifier_of(attempt.pool, user, identity)
    exchange = await srp.begin(attempt.pool.group, identity, verifier, a_public)
    if exchange is None:
        raise invalid_parameter("SRP_A is not valid.")
    attempt.session.srp = exchange
    return attempt.ask(
        name, {**exchange.parameters, "USERNAME": identity, "USER_ID_FOR_SRP": identity}
    )


@answers("PASSWORD_VERIFIER")
async def password_verifier(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Check the proof that the caller knows the password."""
    exchange, identity = attempt.session.srp, attempt.identity
    if exchange is None:
        raise not_authorized()
    for name in ("PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"):
        if name not in responses:
            raise missing_parameter(name)
    if attempt.user is not None:
        check_status(attempt.user)
    check_lock(attempt.pool, attempt.user, identity)
    right = await srp.proves(exchange, responses, attempt.pool.clock())
    note_proof(attempt.pool, attempt.user, identity, right=right)
    attempt.session.srp, attempt.session.password_proven = None, True
    attempt.session.proved("pwd")
    if attempt.session.custom:
        return await round_passed(attempt, "PASSWORD_VERIFIER")
    return await first_factor_passed(attempt)


@answers("NEW_PASSWORD_REQUIRED")
async def new_password_required(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Take the new password, and values for required attributes that the user does not have."""
    pool, user = attempt.pool, attempt.known_user
    required = pool.settings.required_attributes
    password = responses.get("NEW_PASSWORD")
    if not password:
        raise missing_parameter("NEW_PASSWORD")
    prefix = "userAttributes."
    given = {
        name.removeprefix(prefix): value
        for name, value in responses.items()
        if name.startswith(prefix)
    }
    for name in required:
        if name in given and name in user.attributes:
            raise invalid_parameter(f"Cannot modify an already provided {name}")
    check_attributes(pool.settings, given, client=attempt.client.settings)
    missing = [name for name in required if not given.get(name) and name not in user.attributes]
    if missing:
        raise invalid_parameter(f"Invalid attributes given, {missing[0]} is missing")
    await set_password(pool, user, password)
    user.write(given)
    user.status = "CONFIRMED"
    pool.save(user)
    attempt.session.password_replaced = True
    return await ask_second_factor(attempt)
