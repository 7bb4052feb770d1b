"""The phone of the example user: messages arrive on it, and it has an authenticator app."""

from __future__ import annotations

import time

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from auth_flow.embedded import Message
from auth_flow.embedded import _totp as totp


class Phone:
    """The source of codes: the messages of an embedded pool, and an authenticator app."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.authenticator_key: str | None = None
        self._message_code: str | None = None

    def receive(self, message: Message) -> None:
        """Show a message.

        The event loop's thread calls it, while the console shows that a request is under way.
        """
        self._message_code = message.code
        self._show(f"outbox: {message.medium} to {message.destination}", message.text)

    def look(self) -> str | None:
        """Return the code to type now: that of the newest message, or else that of the app."""
        if self._message_code is not None or self.authenticator_key is None:
            return self._message_code
        code = totp.code(self.authenticator_key, time.time())
        self._show("Authenticator app", code)
        return code

    def _show(self, title: str, text: str) -> None:
        if self.console.is_dumb_terminal:
            self.console.print(Text(f"{title}: {text}", "bold"), soft_wrap=True)
            return
        self.console.print(
            Panel.fit(Text(text, "bold"), title=Text(title), border_style="cyan", padding=(0, 2))
        )
