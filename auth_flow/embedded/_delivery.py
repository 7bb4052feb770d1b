"""Codes: making them, sending them to the outbox, and checking them when they come back."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from auth_flow.embedded._fault import Fault, code_mismatch, expired_code, limit_exceeded
from auth_flow.embedded._firing import fire
from auth_flow.embedded._models import Code, User
from auth_flow.embedded._outbox import Medium, Message

if TYPE_CHECKING:
    from auth_flow.embedded._context import Context
    from auth_flow.embedded._pool import EmbeddedUserPool

VALIDITY = {"SignUp": 86400, "ForgotPassword": 3600, "email": 86400, "phone_number": 86400}
"""Seconds that a code is valid for, by its purpose. A code that answers a challenge is valid for as
long as the challenge's session.
"""

ATTRIBUTE_OF: dict[Medium, str] = {"SMS": "phone_number", "EMAIL": "email"}
MEDIUM_OF: dict[str, Medium] = {"phone_number": "SMS", "email": "EMAIL"}


def new_code() -> str:
    """Return six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def masked(medium: Medium, destination: str) -> str:
    """Return a phone number or address as callers see it: `+*******5309`, `a***@e***`."""
    if medium == "SMS":
        return "+" + "*" * (len(destination) - 5) + destination[-4:]
    local, _, domain = destination.partition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def details(medium: Medium, destination: str) -> dict[str, str]:
    """Return CodeDeliveryDetails of the service model."""
    return {
        "AttributeName": ATTRIBUTE_OF[medium],
        "DeliveryMedium": medium,
        "Destination": masked(medium, destination),
    }


def simulated_details(pool: EmbeddedUserPool, username: str) -> dict[str, str]:
    """Return CodeDeliveryDetails of an unknown user; one name always gets the same."""
    letters = hmac.new(pool.secret, username.encode(), hashlib.sha256).digest()
    address = f"{chr(97 + letters[0] % 26)}@{chr(97 + letters[1] % 26)}"
    return details("EMAIL", address)


def destination_of(user: User, medium: Medium, *, unverified: bool = False) -> str:
    """Return the user's address or phone number; with `unverified`, a new one that waits for its
    code.

    Raises CodeDeliveryFailureException if the user has none.
    """
    attribute = ATTRIBUTE_OF[medium]
    waiting = user.unverified.get(attribute) if unverified else None
    destination = waiting or user.attributes.get(attribute)
    if not destination:
        raise Fault(
            "CodeDeliveryFailureException", f"The user has no {attribute} to send a code to."
        )
    return destination


async def send(
    context: Context, medium: Medium, *, purpose: str, code: str, destination: str
) -> dict[str, str]:
    """Put a message into the outbox and return its CodeDeliveryDetails.

    `purpose` is the second half of the CustomMessage trigger's source.
    """
    pool = context.pool
    text = await _text(context, medium, purpose, code)
    pool.outbox.deliver(
        Message(
            pool_id=pool.id,
            username=context.username,
            medium=medium,
            destination=destination,
            purpose=purpose,
            code=code,
            text=text,
            sent_at=pool.clock(),
        )
    )
    return details(medium, destination)


def check_may_send(pool: EmbeddedUserPool, user: User, messages: int = 1) -> None:
    """Raise LimitExceededException if so many messages are too many for the user this hour."""
    recent = _recent(pool, user)
    if len(recent) + messages > pool.settings.limits.messages_per_hour:
        raise limit_exceeded()


async def send_code(
    context: Context, medium: Medium, *, kept_as: str, purpose: str
) -> dict[str, str]:
    """Make a code, keep it in place of an older one, send it, and return its CodeDeliveryDetails.

    `kept_as` is the key in the user's `codes`. A code for an attribute goes to the attribute's new
    value, if one waits to be verified. Raises LimitExceededException after too many messages.
    """
    pool, user = context.pool, context.existing_user
    check_may_send(pool, user)
    destination = destination_of(user, medium, unverified=kept_as in MEDIUM_OF)
    now = pool.clock()
    by_link = (
        kept_as == "SignUp"
        and medium == "EMAIL"
        and pool.settings.email_confirmation == "CONFIRM_WITH_LINK"
    )
    code = secrets.token_urlsafe(16) if by_link else new_code()
    user.codes[kept_as] = Code(
        text=code,
        attribute=ATTRIBUTE_OF[medium],
        destination=destination,
        expires_at=now + VALIDITY[kept_as],
    )
    user.messages_sent = [*_recent(pool, user), now]
    pool.save(user)
    return await send(context, medium, purpose=purpose, code=code, destination=destination)


def check_code(pool: EmbeddedUserPool, user: User, kept_as: str, given: str) -> Code:
    """Return the user's code, which stays valid, if it is the given one.

    A code proves the address that it was sent to, so it expires if the user's address changes.
    Raises ExpiredCodeException, TooManyFailedAttemptsException or CodeMismatchException.
    """
    code = user.codes.get(kept_as)
    if code is None or code.expires_at <= pool.clock() or not _is_current(user, code, kept_as):
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
    return code


def _is_current(user: User, code: Code, kept_as: str) -> bool:
    waiting = user.unverified.get(code.attribute) if kept_as in MEDIUM_OF else None
    return code.destination == (waiting or user.attributes.get(code.attribute))


def _recent(pool: EmbeddedUserPool, user: User) -> list[float]:
    hour_ago = pool.clock() - 3600
    return [sent for sent in user.messages_sent if sent > hour_ago]


async def _text(context: Context, medium: Medium, purpose: str, code: str) -> str:
    request = {
        "codeParameter": "{####}",
        "usernameParameter": "{username}",
        **context.metadata_member,
    }
    response = await fire(context, "CustomMessage", purpose, request)
    template = (response or {}).get(
        "smsMessage" if medium == "SMS" else "emailMessage"
    ) or "Your code is {####}."
    return str(template).replace("{####}", code).replace("{username}", context.username)
