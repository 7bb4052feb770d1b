"""How codes are made, sent to the outbox, described to the caller, and checked when they come
back.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any

from auth_flow.embedded._fault import Fault, code_mismatch, expired_code, limit_exceeded
from auth_flow.embedded._models import Code, User
from auth_flow.embedded._outbox import Medium, Message
from auth_flow.embedded._triggers import fire

if TYPE_CHECKING:
    from auth_flow.embedded._pool import EmbeddedUserPool

VALIDITY = {"SignUp": 86400, "ForgotPassword": 3600, "email": 86400, "phone_number": 86400}
"""Seconds that a code is good for, by its purpose; codes that answer a challenge live as long as
its session.
"""

ATTRIBUTE_OF: dict[Medium, str] = {"SMS": "phone_number", "EMAIL": "email"}
MEDIUM_OF: dict[str, Medium] = {"phone_number": "SMS", "email": "EMAIL"}


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def masked(medium: Medium, destination: str) -> str:
    """A telephone number or address as callers see it: `+*******5309`, `a***@e***`."""
    if medium == "SMS":
        return "+" + "*" * (len(destination) - 5) + destination[-4:]
    local, _, domain = destination.partition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def details(medium: Medium, destination: str) -> dict[str, str]:
    """CodeDeliveryDetails of the service model."""
    return {
        "AttributeName": ATTRIBUTE_OF[medium],
        "DeliveryMedium": medium,
        "Destination": masked(medium, destination),
    }


def simulated_details(pool: EmbeddedUserPool, username: str) -> dict[str, str]:
    """CodeDeliveryDetails for a user who does not exist: the same each time the same name is asked
    for.
    """
    letters = hmac.new(pool.secret, username.encode(), hashlib.sha256).digest()
    address = f"{chr(97 + letters[0] % 26)}@{chr(97 + letters[1] % 26)}"
    return details("EMAIL", address)


async def send(
    pool: EmbeddedUserPool,
    user: User,
    medium: Medium,
    *,
    purpose: str,
    code: str,
    client_id: str,
    to: str | None = None,
    client_metadata: dict[str, str] | None = None,
) -> dict[str, str]:
    """Put a message into the outbox and say, masked, where it went. `to` overrides the user's
    attribute as the destination.
    """
    destination = to or user.attributes.get(ATTRIBUTE_OF[medium])
    if destination is None:
        raise Fault(
            "CodeDeliveryFailureException",
            f"The user has no {ATTRIBUTE_OF[medium]} to send a code to.",
        )
    text = await _text(pool, user, medium, purpose, code, client_id, client_metadata)
    pool.outbox.deliver(
        Message(
            pool_id=pool.id,
            username=user.username,
            medium=medium,
            destination=destination,
            purpose=purpose,
            code=code,
            text=text,
            sent_at=pool.clock(),
        )
    )
    return details(medium, destination)


async def send_code(
    pool: EmbeddedUserPool,
    user: User,
    medium: Medium,
    *,
    kept_as: str,
    purpose: str,
    client_id: str,
    to: str | None = None,
    client_metadata: dict[str, str] | None = None,
) -> dict[str, str]:
    """Make a code, keep it with the user in place of an older one, and send it; at most so many in
    an hour.
    """
    now = pool.clock()
    recent = [sent for sent in user.messages_sent if sent > now - 3600]
    if len(recent) >= pool.settings.limits.messages_per_hour:
        raise limit_exceeded()
    by_link = (
        kept_as == "SignUp"
        and medium == "EMAIL"
        and pool.settings.email_confirmation == "CONFIRM_WITH_LINK"
    )
    code = secrets.token_urlsafe(16) if by_link else new_code()
    user.codes[kept_as] = Code(
        text=code, attribute=ATTRIBUTE_OF[medium], expires_at=now + VALIDITY[kept_as]
    )
    user.messages_sent = [*recent, now]
    pool.save(user)
    return await send(
        pool,
        user,
        medium,
        purpose=purpose,
        code=code,
        client_id=client_id,
        to=to,
        client_metadata=client_metadata,
    )


def check_code(pool: EmbeddedUserPool, user: User, kept_as: str, given: str) -> str:
    """The attribute that the code proves, if it is the right one, else what the service raises. The
    code stays on.
    """
    code = user.codes.get(kept_as)
    if code is None or code.expires_at <= pool.clock():
        raise expired_code()
    if code.wrong >= pool.settings.limits.wrong_codes:
        raise Fault(
            "TooManyFailedAttemptsException",
            "Too many failed attempts. Please request a code again.",
        )
    if not hmac.compare_digest(code.text.encode(), given.encode()):
        code.wrong += 1
        pool.save(user)
        raise code_mismatch()
    return code.attribute


async def _text(
    pool: EmbeddedUserPool,
    user: User,
    medium: Medium,
    purpose: str,
    code: str,
    client_id: str,
    client_metadata: dict[str, str] | None,
) -> str:
    request: dict[str, Any] = {
        "codeParameter": "{####}",
        "usernameParameter": "{username}",
        "clientMetadata": client_metadata or {},
    }
    response = await fire(
        pool,
        "CustomMessage",
        purpose,
        client_id=client_id,
        username=user.username,
        user=user,
        request=request,
        response={},
    )
    template = (response or {}).get(
        "smsMessage" if medium == "SMS" else "emailMessage"
    ) or "Your code is {####}."
    return str(template).replace("{####}", code).replace("{username}", user.username)
