"""A made-up user of an embedded pool, and the phone on which the pool's messages arrive."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from auth_flow.flow import AuthFlow
from auth_flow.pool import UserPool
from auth_flow.transports.cognito import CognitoTransport
from auth_flow.transports.embedded import EmbeddedCognito, Message, PoolSettings, totp
from auth_flow.transports.embedded.settings import MfaFactor

Mfa = Literal["sms", "email", "totp", "choice", "set-up"]

USERNAME, PASSWORD = "ada", "Correct-Horse-1"
ATTRIBUTES = {"email": "ada@example.org", "phone_number": "+12065550100"}

_FACTORS: dict[Mfa, tuple[MfaFactor, ...]] = {
    "sms": ("SMS_MFA",),
    "email": ("EMAIL_OTP",),
    "totp": ("SOFTWARE_TOKEN_MFA",),
    "choice": ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"),
    "set-up": (),
}


class Phone:
    """Where codes come from: the messages of an embedded pool, and an authenticator app."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.authenticator_key: str | None = None
        self._message_code: str | None = None

    def receive(self, message: Message) -> None:
        """Show a message. It is called on the event loop's thread, while the console shows that somebody waits."""
        self._message_code = message.code
        self._show(f"outbox: {message.medium} to {message.destination}", message.text)

    def look(self) -> str | None:
        """The code to type now: of the newest message that was not looked at, else the one that the authenticator app shows."""
        code, self._message_code = self._message_code, None
        if code is None and self.authenticator_key is not None:
            code = totp.code(self.authenticator_key, time.time())
            self._show("Authenticator app", code)
        return code

    def _show(self, title: str, text: str) -> None:
        self.console.print(Panel.fit(Text(text, "bold"), title=Text(title), border_style="cyan", padding=(0, 2)))


@asynccontextmanager
async def made_up_flow(mfa: Mfa, phone: Phone, *, with_user: bool = True) -> AsyncGenerator[AuthFlow]:
    """Open a flow with an embedded pool that nobody else sees, and whose messages arrive on the phone."""
    service = EmbeddedCognito()
    service.outbox.listeners.append(phone.receive)
    required = mfa == "set-up"
    pool = service.create_pool(
        PoolSettings(
            mfa_configuration="ON" if required else "OPTIONAL",
            mfa_factors=("SOFTWARE_TOKEN_MFA", "EMAIL_OTP") if required else ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"),
        )
    )
    factors = _FACTORS[mfa]
    if "SOFTWARE_TOKEN_MFA" in factors:
        phone.authenticator_key = totp.new_secret()
    if with_user:
        # A verified address would be a second factor by itself, and leave nothing to set up.
        attributes = {} if required else ATTRIBUTES
        pool.create_user(USERNAME, PASSWORD, attributes=attributes, mfa=factors, totp_secret=phone.authenticator_key)
    app = UserPool(user_pool_id=pool.id, client_id=pool.create_client().id, issuer="auth-flow demo")
    async with (
        service.http_client() as http,
        AuthFlow(app, transport=CognitoTransport("http://embedded", client=http)) as flow,
    ):
        yield flow
