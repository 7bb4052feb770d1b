"""MFA_SETUP: setting up a second factor during a sign-in."""

from __future__ import annotations

from auth_flow.embedded._challenges.attempt import Attempt, answers, put_challenge
from auth_flow.embedded._challenges.progress import mfa_passed
from auth_flow.embedded._fault import invalid_parameter
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._schema import check_attributes


@answers("MFA_SETUP")
async def mfa_setup(attempt: Attempt, responses: dict[str, str]) -> Reply:
    """Go on after VerifySoftwareToken has registered a token, or send a code to the EMAIL given."""
    session = attempt.session
    email = responses.get("EMAIL")
    if email:
        if "EMAIL_OTP" not in session.choices:
            raise invalid_parameter("EMAIL_OTP cannot be set up.")
        check_attributes(attempt.pool.settings, {"email": email}, client=None)
        session.new_email = email
        return await put_challenge(attempt, "EMAIL_OTP")
    if not session.totp_verified:
        raise invalid_parameter("User has not verified software token mfa")
    session.proved("otp")
    return await mfa_passed(attempt)
