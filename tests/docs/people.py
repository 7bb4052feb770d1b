"""A person who reads what a program shows, and answers its questions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from auth_flow.embedded import EmbeddedUserPool
from auth_flow.embedded import _totp as totp
from tests.embedded.authenticator import Authenticator

PASSWORD, NEW_PASSWORD = "Correct-Horse-1", "Another-Horse-2"


@dataclass(slots=True)
class Person:
    """Answers by the label of a question and by the text above it. The first code is mistyped.

    `choices` are the answers to questions that offer several.
    """

    pool: EmbeddedUserPool
    choices: dict[str, str] = field(default_factory=dict[str, str])
    totp_secret: str | None = None
    authenticator: Authenticator = field(default_factory=Authenticator)
    screens: list[str] = field(default_factory=list[str])
    mistyped: bool = False

    def answer(self, screen: str, label: str) -> str:
        self.screens.append(screen)
        assert len(self.screens) < 25, f"the program asks without end: {screen}"
        known = {
            "User name": "ada",
            "Password": PASSWORD,
            "New password": NEW_PASSWORD,
            "E-mail address": "ada@example.org",
            "Answer": "4",
            "Name for this app": "phone",
            **self.choices,
        }
        if label == "Code":
            return self._code(screen)
        if label == "Passkey":
            options = re.search(r"(?m)^Passkey: (\{.*\})$", screen)
            assert options
            return json.dumps(self.authenticator.get(json.loads(options[1])))
        return known.get(label, "Ada")

    def _code(self, screen: str) -> str:
        if "No code was sent" in screen:
            return "resend_code"
        if not self.mistyped:
            self.mistyped = True
            return "000000"
        if "app" in screen:
            shown = re.search(r"(?m)^Or type this key into the app: (.*)$", screen)
            secret = shown[1].replace(" ", "") if shown else self.totp_secret
            assert secret
            self.totp_secret = secret
            return totp.code(secret, self.pool.clock())
        message = self.pool.outbox.last("ada")
        assert message
        return message.code
