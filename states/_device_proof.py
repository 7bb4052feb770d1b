"""Proving by SRP that this is a remembered device. Callers never see it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, ClassVar

from auth_flow.errors import (
    DeviceNotRemembered,
    NotAuthorizedException,
    ResourceNotFoundException,
)
from auth_flow.states import _srp as srp
from auth_flow.states._base import reveal
from auth_flow.states._effects import Compute, Dialogue
from auth_flow.states._password_proof import new_keys
from auth_flow.states._replies import AuthReply
from auth_flow.states._requests import (
    drop_device,
    is_unknown_device,
    respond_to,
    session_is_over,
    session_spent,
)

if TYPE_CHECKING:
    from auth_flow.states._devices import RememberedDevice
    from auth_flow.states._turn import Turn


class DeviceGone(Exception):
    """The device was forgotten elsewhere just before it could prove itself. The service's session
    is used up, so the sign-in has to begin again.
    """

    def __init__(self, error: ResourceNotFoundException) -> None:
        self.error = error


class DeviceProof:
    """The state at work in which the device proves its secret.

    The service asks for it in place of a second factor, or after one, as the reply to any challenge
    or to the beginning of a sign-in. Nothing is left for the user to answer.
    """

    name: ClassVar[str] = "PROVING_DEVICE"
    challenges: ClassVar[tuple[str, ...]] = ("DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER")

    @classmethod
    def pose(cls, turn: Turn, reply: AuthReply) -> Dialogue[AuthReply]:
        """Answer DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER, and return the service's next reply.

        Raises `DeviceNotRemembered` if no secret of such a device is kept here, and `DeviceGone` if
        the service does not know the device any more. If the service refuses the proof, the secret
        is wrong. In both cases the device is dropped, so that the next sign-in does without it.
        """
        device = turn.device
        if device is None or reply.challenge != "DEVICE_SRP_AUTH":
            raise DeviceNotRemembered(str(reply.challenge))
        answers_step = turn.record.session is not None
        try:
            with session_spent() if answers_step else nullcontext():
                return (yield from _prove(turn, reply, device))
        except NotAuthorizedException as error:
            if not session_is_over(error):
                yield from drop_device(turn)
            raise
        except ResourceNotFoundException as error:
            if not is_unknown_device(error):
                raise
            gone = DeviceGone(error)
        yield from drop_device(turn)
        raise gone


def _prove(turn: Turn, reply: AuthReply, device: RememberedDevice) -> Dialogue[AuthReply]:
    keys = yield from new_keys()
    named = {"DEVICE_KEY": device.key}
    responses = {"SRP_A": keys.public_hex, **named}
    asked = yield from respond_to(turn, "DEVICE_SRP_AUTH", reply.session, responses)
    if asked.challenge != "DEVICE_PASSWORD_VERIFIER":
        return asked
    now = srp.timestamp(turn.clock() + turn.clock_difference())
    signature: str = yield Compute(
        lambda: srp.claim(
            keys,
            asked.parameters,
            group=device.group_key,
            user=device.key,
            password=reveal(device.password),
            timestamp=now,
        )
    )
    responses = {
        "USERNAME": asked.parameters.get("USERNAME") or turn.record.username or "",
        "PASSWORD_CLAIM_SECRET_BLOCK": asked.parameters["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": signature,
        "TIMESTAMP": now,
        **named,
    }
    return (yield from respond_to(turn, "DEVICE_PASSWORD_VERIFIER", asked.session, responses))
