"""Codes that prove a telephone, a mailbox or a software token, as a second factor or (SMS_OTP,
EMAIL_OTP) as the first.
"""

from __future__ import annotations

import hmac

from auth_flow.embedded import _totp as totp
from auth_flow.embedded._aliases import verify_attribute
from auth_flow.embedded._challenges.attempt import Attempt, answers, asks, put_challenge
from auth_flow.embedded._challenges.progress import first_factor_passed, second_factor_passed
from auth_flow.embedded._delivery import new_code, send, simulated_details
from auth_flow.embedded._fault import Fault, code_mismatch, invalid_parameter, missing_parameter
from auth_flow.embedded._outbox import Medium
from auth_flow.embedded._registry import Reply

MEDIUM: dict[str, Medium] = {"SMS_MFA": "SMS", "SMS_OTP": "SMS", "EMAIL_OTP": "EMAIL"}


@asks("SOFTWARE_TOKEN_MFA")
async def ask_for_token(attempt: Attempt, name: str, _parameters: dict[str, str]) -> Reply:
    """Ask for a code that the user's software token makes."""
    return attempt.ask(name, {"USER_ID_FOR_SRP": attempt.identity})


@asks("SMS_MFA", "SMS_OTP", "EMAIL_OTP")
async def ask_for_code(attempt: Attempt, name: str, _parameters: dict[str, str]) -> Reply:
    """Send a code and ask for it."""
    medium = MEDIUM[name]
    attempt.session.code = new_code()
    if attempt.user is None:
        details = simulated_details(attempt.pool, attempt.identity)
    else:
        details = await send(
            attempt.pool,
            attempt.user,
            medium,
            purpose="Authentication",
            code=attempt.session.code,
            client_id=attempt.client.id,
            to=attempt.session.new_email,
            client_metadata=attempt.client_metadata,
        )
    parameters = {
        "USER_ID_FOR_SRP": attempt.identity,
        "CODE_DELIVERY_DELIVERY_MEDIUM": details["DeliveryMedium"],
        "CODE_DELIVERY_DESTINATION": details["Destination"],
    }
    return attempt.ask(name, parameters)


@answers("SELECT_MFA_TYPE")
async def select_mfa_type(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Go on with the second factor that was chosen."""
    chosen = responses.get("ANSWER")
    if not chosen:
        raise missing_parameter("ANSWER")
    if chosen not in attempt.session.choices:
        raise invalid_parameter("Selected challenge is not available.")
    return await put_challenge(attempt, chosen)


@answers("SMS_MFA", "SMS_OTP", "EMAIL_OTP")
async def sent_code(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Check a code that was sent; a new e-mail address that it proves becomes the user's second
    factor.
    """
    session = attempt.session
    given = responses.get(f"{session.challenge}_CODE")
    if not given:
        raise missing_parameter(f"{session.challenge}_CODE")
    right = hmac.compare_digest((session.code or "").encode(), given.encode())
    if not right or attempt.user is None:
        raise code_mismatch("Invalid code or auth state for the user.")
    session.code = None
    if session.new_email:
        attempt.user.unverified["email"], session.new_email = session.new_email, None
        verify_attribute(attempt.pool, attempt.user, "email")
        attempt.user.turn_on("EMAIL_OTP")
    if session.passwordless:
        return await first_factor_passed(attempt)
    return await second_factor_passed(attempt)


@answers("SOFTWARE_TOKEN_MFA")
async def software_token_mfa(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Check the code of a software token; each of its codes is good once."""
    user, given = attempt.known_user, responses.get("SOFTWARE_TOKEN_MFA_CODE")
    if not given:
        raise missing_parameter("SOFTWARE_TOKEN_MFA_CODE")
    if user.totp is None:
        raise Fault(
            "SoftwareTokenMFANotFoundException", "Software token MFA is not set up for the user."
        )
    step = totp.matching_step(user.totp.secret, given, attempt.pool.clock(), user.totp.last_step)
    if step is None:
        raise code_mismatch("Invalid code received for user")
    user.totp.last_step = step
    return await second_factor_passed(attempt)
