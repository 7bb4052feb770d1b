"""Proving by SRP that the password is known, without sending it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_flow.errors import MalformedResponse
from auth_flow.states import _srp as srp
from auth_flow.states._base import Secret
from auth_flow.states._effects import Compute, Dialogue
from auth_flow.states._replies import AuthReply
from auth_flow.states._requests import respond_to

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn


def new_keys() -> Dialogue[srp.ClientKeys]:
    """Make the keys of one exchange."""
    keys: srp.ClientKeys = yield Compute(srp.ClientKeys.generate)
    return keys


def prove(
    turn: Turn, reply: AuthReply, keys: srp.ClientKeys, password: Secret
) -> Dialogue[AuthReply]:
    """Answer PASSWORD_VERIFIER, and return the service's next reply. If the service asks for
    something else, return `reply` as it is.
    """
    if reply.challenge != "PASSWORD_VERIFIER":
        return reply
    user = reply.parameters.get("USER_ID_FOR_SRP")
    if not user:
        raise MalformedResponse(
            "PASSWORD_VERIFIER lacks USER_ID_FOR_SRP", operation=reply.operation
        )
    group, now = (
        srp.pool_name(turn.client.user_pool_id),
        srp.timestamp(turn.clock() + turn.clock_difference()),
    )
    signature: str = yield Compute(
        lambda: srp.claim(
            keys,
            reply.parameters,
            group=group,
            user=user,
            password=password,
            timestamp=now,
            operation=reply.operation,
        )
    )
    responses = {
        "USERNAME": user,
        "PASSWORD_CLAIM_SECRET_BLOCK": reply.parameters["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": signature,
        "TIMESTAMP": now,
    }
    return (yield from respond_to(turn, "PASSWORD_VERIFIER", reply.session, responses))
