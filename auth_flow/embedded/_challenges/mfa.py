"""Codes that prove a phone, a mailbox or a software token.

They are second factors, or (SMS_OTP, EMAIL_OTP, a software token) the first one.
"""

from __future__ import annotations

import hmac

from auth_flow.embedded import _totp as totp
from auth_flow.embedded._aliases import verify_attribute
from auth_flow.embedded._challenges.attempt import Attempt, answers, asks, put_challenge
from auth_flow.embedded._challenges.progress import first_factor_passed, mfa_passed
from auth_flow.embedded._delivery import (
    ATTRIBUTE_OF,
    destination_of,
    new_code,
    send,
    simulated_details,
)
from auth_flow.embedded._fault import (
    Fault,
    code_mismatch,
    expired_code,
    invalid_parameter,
    missing_parameter,
)
from auth_flow.embedded._outbox import Medium
from auth_flow.embedded._registry import Reply

MEDIUM: dict[str, Medium] = {"SMS_MFA": "SMS", "SMS_OTP": "SMS", "EMAIL_OTP": "EMAIL"}


@asks("SOFTWARE_TOKEN_MFA")
async def ask_for_token(attempt: Attempt, name: str, _parameters: dict[str, str]) -> Reply:
    """Ask for a code of the user's software token."""
    return attempt.ask(name, {"USER_ID_FOR_SRP": attempt.identity})


@asks("SMS_MFA", "SMS_OTP", "EMAIL_OTP")
async def ask_for_code(attempt: Attempt, name: str, _parameters: dict[str, str]) -> Reply:
    """Send a code and ask for it."""
    session, medium = attempt.session, MEDIUM[name]
    session.code = new_code()
    if attempt.user is None:
        details = simulated_details(attempt.pool, attempt.identity)
    else:
        session.code_destination = session.new_email or destination_of(attempt.user, medium)
        details = await send(
            attempt.context,
            medium,
            purpose="Authentication",
            code=session.code,
            destination=session.code_destination,
        )
    parameters = {
        "USER_ID_FOR_SRP": attempt.identity,
        "CODE_DELIVERY_DELIVERY_MEDIUM": details["DeliveryMedium"],
        "CODE_DELIVERY_DESTINATION": details["Destination"],
    }
    return attempt.ask(name, parameters)


@answers("SELECT_MFA_TYPE")
async def select_mfa_type(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Go on with the chosen second factor."""
    chosen = responses.get("ANSWER")
    if not chosen:
        raise missing_parameter("ANSWER")
    if chosen not in attempt.session.choices:
        raise invalid_parameter("Selected challenge is not available.")
    return await put_challenge(attempt, chosen)


@answers("SMS_MFA", "SMS_OTP", "EMAIL_OTP")
async def sent_code(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Check a code that was sent. A new e-mail address that it proves becomes a second factor.

    Raises ExpiredCodeException if the user's address has changed since the code was sent.
    """
    session, medium = attempt.session, MEDIUM[attempt.session.challenge]
    given = responses.get(f"{session.challenge}_CODE")
    if not given:
        raise missing_parameter(f"{session.challenge}_CODE")
    right = hmac.compare_digest((session.code or "").encode(), given.encode())
    if not right or attempt.user is None:
        raise code_mismatch("Invalid code or auth state for the user.")
    if not session.new_email and session.code_destination != attempt.user.attributes.get(
        ATTRIBUTE_OF[medium]
    ):
        raise expired_code()
    session.proved("sms" if medium == "SMS" else "email_otp")
    if session.new_email:
        verify_attribute(attempt.pool, attempt.user, "email", session.new_email)
        attempt.user.turn_on("EMAIL_OTP")
    if session.passwordless:
        return await first_factor_passed(attempt)
    return await mfa_passed(attempt)


@answers("SOFTWARE_TOKEN_MFA")
async def software_token_mfa(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Check a code of the software token.

    Raises ExpiredCodeException if this code, or a later one, was used before.
    """
    user, given = attempt.known_user, responses.get("SOFTWARE_TOKEN_MFA_CODE")
    if not given:
        raise missing_parameter("SOFTWARE_TOKEN_MFA_CODE")
    if user.totp is None:
        raise Fault(
            "SoftwareTokenMFANotFoundException", "Software token MFA is not set up for the user."
        )
    step = totp.matching_step(user.totp.secret, given, attempt.pool.clock())
    if step is None:
        raise code_mismatch("Invalid code received for user")
    if step <= user.totp.last_step:
        raise expired_code("Your software token has already been used once.")
    user.totp.last_step = step
    attempt.session.proved("otp")
    if attempt.session.passwordless:
        return await first_factor_passed(attempt)
    return await mfa_passed(attempt)
