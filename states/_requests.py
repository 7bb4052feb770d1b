"""The requests of a turn. Members and their names are those of the service model; an absent member
is left out. Secrets stay `SecretStr` until the request is sent.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from auth_flow.errors import (
    AuthFlowError,
    NotAuthorizedException,
    ResourceNotFoundException,
)
from auth_flow.states._base import Secret, reveal
from auth_flow.states._effects import Call, Dialogue, DropDevice
from auth_flow.states._replies import AuthReply, Reply

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn

R = TypeVar("R", bound=Reply)


def initiate(
    turn: Turn, flow: str, session: SecretStr | None = None, /, **parameters: Secret | None
) -> Dialogue[AuthReply]:
    """Send InitiateAuth. `parameters` become AuthParameters, `USERNAME` among them."""
    return _authenticate(
        turn, "InitiateAuth", "AuthParameters", parameters, AuthFlow=flow, Session=session
    )


def respond(
    turn: Turn, responses: Mapping[str, Secret], *, challenge: str | None = None
) -> Dialogue[AuthReply]:
    """Send RespondToAuthChallenge for the challenge that the flow stands at.

    `challenge` replaces the name under which the service posed it.
    """
    return respond_to(turn, challenge or turn.record.challenge, turn.record.session, responses)


def respond_to(
    turn: Turn, challenge: str | None, session: SecretStr | None, responses: Mapping[str, Secret]
) -> Dialogue[AuthReply]:
    """Send RespondToAuthChallenge. `responses` become ChallengeResponses, after the user's name."""
    return _authenticate(
        turn,
        "RespondToAuthChallenge",
        "ChallengeResponses",
        {"USERNAME": turn.record.username, **responses},
        ChallengeName=challenge,
        Session=session,
    )


def account(
    turn: Turn, operation: str, reply: type[R], username: str, **members: Any
) -> Dialogue[R]:
    """Send one of the operations on an account that is not signed in, such as SignUp."""
    body = {"Username": username, "SecretHash": turn.client.secret_hash(username), **members}
    return _call(operation, reply, {**body, **_common(turn)})


def software_token(
    operation: str, reply: type[R], session: SecretStr | None, **members: Secret | None
) -> Dialogue[R]:
    """Send AssociateSoftwareToken or VerifySoftwareToken. They know the app client by the
    session.
    """
    return _call(operation, reply, {"Session": session, **members})


def _authenticate(
    turn: Turn, operation: str, place: str, given: Mapping[str, Secret | None], **members: Any
) -> Dialogue[AuthReply]:
    # The hash must match the USERNAME of this request, which may differ from what the user typed.
    hashed = {**given, "SECRET_HASH": turn.client.secret_hash(reveal(given["USERNAME"] or ""))}
    proves_device, device = "DEVICE_KEY" in given, turn.device

    def send(**device_key: str) -> Dialogue[AuthReply]:
        parameters = present({**hashed, **device_key})
        return _call(operation, AuthReply, {**members, place: parameters, **_common(turn)})

    if device is None or proves_device:
        return (yield from send())
    try:
        return (yield from send(DEVICE_KEY=device.key))
    except ResourceNotFoundException as error:
        if not is_unknown_device(error):
            raise
    yield from drop_device(turn)
    return (yield from send())


def drop_device(turn: Turn) -> Dialogue[None]:
    """Go on without the device of the user, which the service does not accept."""
    for name in filter(None, (turn.record.username, turn.record.login_id)):
        turn.devices.drop(name)
        yield DropDevice(name)


def is_unknown_device(error: ResourceNotFoundException) -> bool:
    """Return whether the service does not know the device of the request. It uses the same
    exception for an app client that is gone; only the message differs.
    """
    return "device" in error.message.casefold()


def _common(turn: Turn) -> dict[str, Any]:
    return {
        "ClientId": turn.client.client_id,
        "ClientMetadata": turn.event.client_metadata,
        "UserContextData": (turn.user_context.to_members() or None) if turn.user_context else None,
    }


def _call(operation: str, reply: type[R], body: Mapping[str, Any]) -> Dialogue[R]:
    return reply.read(operation, (yield Call(operation, present(body))))


def pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return attributes, or validation data, as Cognito takes them."""
    return [{"Name": name, "Value": value} for name, value in values.items()]


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are not None; requests leave the others out."""
    return {name: value for name, value in members.items() if value is not None}


def session_is_over(error: NotAuthorizedException) -> bool:
    """Return whether the session was refused. The service uses the same exception for a wrong
    answer; only the message differs.
    """
    return "session" in error.message.casefold()


@contextmanager
def session_spent() -> Generator[None]:
    """Mark errors as not retryable, because a request of this event has used up the session that
    the record holds.
    """
    try:
        yield
    except AuthFlowError as error:
        error.retryable = False
        raise
