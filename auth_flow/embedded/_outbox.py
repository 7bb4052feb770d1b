"""The messages that Cognito would send by SMS and e-mail."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import anyio

Medium = Literal["SMS", "EMAIL"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message with a code, a temporary password or a link, which its repr does not show."""

    pool_id: str
    username: str
    medium: Medium
    destination: str
    """The whole phone number or e-mail address; callers of the service see it masked."""
    purpose: str
    """The second half of the CustomMessage trigger's source: `SignUp`, `ResendCode`,
    `ForgotPassword`, `Authentication` …
    """
    code: str = field(repr=False)
    """The digits, the temporary password, or the token of the link."""
    text: str = field(repr=False)
    sent_at: float
    """Seconds since the epoch, by the service's clock."""


class Outbox:
    """Messages in the order they were sent.

    `receive` waits for a message, `last` returns the newest, and `listeners` are called with each.
    """

    def __init__(self, kept: int = 1000) -> None:
        self.messages: deque[Message] = deque(maxlen=kept)
        self.listeners: list[Callable[[Message], object]] = []
        self._unread: deque[Message] = deque(maxlen=kept)
        self._arrived: anyio.Event | None = None

    def deliver(self, message: Message) -> None:
        """Add a message, wake the callers of `receive`, and call the listeners."""
        self.messages.append(message)
        self._unread.append(message)
        if self._arrived is not None:
            self._arrived.set()
            self._arrived = None
        for listener in self.listeners:
            listener(message)

    def last(self, username: str | None = None, *, medium: Medium | None = None) -> Message | None:
        """Return the newest message, of this user and medium if they are given, or None."""
        return next(
            (message for message in reversed(self.messages) if _fits(message, username, medium)),
            None,
        )

    async def receive(
        self, username: str | None = None, *, medium: Medium | None = None
    ) -> Message:
        """Wait for a message that no caller has received yet, the oldest first, and return it.

        Call it in the event loop that the service runs in.
        """
        while True:
            for message in self._unread:
                if _fits(message, username, medium):
                    self._unread.remove(message)
                    return message
            if self._arrived is None:
                self._arrived = anyio.Event()
            await self._arrived.wait()


def _fits(message: Message, username: str | None, medium: Medium | None) -> bool:
    return username in (None, message.username) and medium in (None, message.medium)
