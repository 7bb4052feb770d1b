"""The pool of the demo, and the made-up user's second factors."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

from auth_flow._cli.demo.phone import Phone
from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME, EmbeddedPool
from auth_flow._flow import AuthFlow
from auth_flow.embedded import PoolSettings
from auth_flow.embedded import _totp as totp
from auth_flow.embedded._settings import MfaFactor

Mfa = Literal["sms", "email", "totp", "choice", "set-up"]

_FACTORS: dict[Mfa, tuple[MfaFactor, ...]] = {
    "sms": ("SMS_MFA",),
    "email": ("EMAIL_OTP",),
    "totp": ("SOFTWARE_TOKEN_MFA",),
    "choice": ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"),
    "set-up": (),
}


@asynccontextmanager
async def demo_flow(mfa: Mfa, phone: Phone, *, with_user: bool = True) -> AsyncGenerator[AuthFlow]:
    """Open a flow with an embedded pool that nobody else sees, and whose messages arrive on the
    phone.
    """
    required = mfa == "set-up"
    settings = PoolSettings(
        mfa_configuration="ON" if required else "OPTIONAL",
        mfa_factors=("SOFTWARE_TOKEN_MFA", "EMAIL_OTP")
        if required
        else ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"),
    )
    factors = _FACTORS[mfa]
    if "SOFTWARE_TOKEN_MFA" in factors:
        phone.authenticator_key = totp.new_secret()
    with EmbeddedPool.open(settings) as embedded:
        embedded.service.outbox.listeners.append(phone.receive)
        if with_user:
            # A verified address would be a second factor by itself, and leave nothing to set up.
            attributes = {} if required else ATTRIBUTES
            embedded.pool.create_user(
                USERNAME,
                PASSWORD,
                attributes=attributes,
                mfa=factors,
                totp_secret=phone.authenticator_key,
            )
        async with embedded.flow(issuer="auth-flow demo") as flow:
            yield flow
