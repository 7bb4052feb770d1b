"""The pool of the demo, and the second factors of its user."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Literal

from auth_flow._cli.demo.phone import Phone
from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME, EmbeddedPool
from auth_flow._flow import AuthFlow
from auth_flow.embedded import PoolSettings
from auth_flow.embedded import _totp as totp
from auth_flow.embedded._settings import MfaFactor
from auth_flow.states.forms import FormSettings

Mfa = Literal["sms", "email", "totp", "choice", "set-up"]

_FACTORS: dict[Mfa, tuple[MfaFactor, ...]] = {
    "sms": ("SMS_MFA",),
    "email": ("EMAIL_OTP",),
    "totp": ("SOFTWARE_TOKEN_MFA",),
    "choice": ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"),
    "set-up": (),
}


@asynccontextmanager
async def demo_flow(
    mfa: Mfa, phone: Phone, *, forms: FormSettings, with_user: bool = True
) -> AsyncGenerator[AuthFlow]:
    """Open a flow on the pool of the demo."""
    with demo_pool(mfa, phone, with_user=with_user) as embedded:
        async with embedded.flow(issuer="auth-flow demo", forms=forms) as flow:
            yield flow


@contextmanager
def demo_pool(mfa: Mfa, phone: Phone, *, with_user: bool = True) -> Generator[EmbeddedPool]:
    """Open a new embedded pool, with messages that arrive on the phone."""
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
            # A verified address is a second factor in itself, so that none would be set up.
            attributes = {} if required else ATTRIBUTES
            embedded.pool.create_user(
                USERNAME,
                PASSWORD,
                attributes=attributes,
                mfa=factors,
                totp_secret=phone.authenticator_key,
            )
        yield embedded
