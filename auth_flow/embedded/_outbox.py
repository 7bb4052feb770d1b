"""Where the messages go that Cognito would send by SMS and e-mail."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import anyio

Medium = Literal["SMS", "EMAIL"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message with a code, a temporary password or a link. Its secrets are kept out of the
    repr.
    """

    pool_id: str
    username: str
    medium: Medium
    destination: str
    """The whole telephone number or e-mail address; callers of the service see it masked."""
    purpose: str
    """The CustomMessage trigger source's second half: `SignUp`, `ResendCode`, `ForgotPassword`,
    `Authentication` …
    """
    code: str = field(repr=False)
    """The digits, the temporary password, or the token of the link."""
    text: str = field(repr=False)
    sent_at: float
    """Seconds since the epoch, by the service's clock."""


class Outbox:
    """Messages in the order they were sent. `receive` waits for one, `last` looks at one,
    `listeners` hear of each.
    """

    def __init__(self, kept: int = 1000) -> None:
        self.messages: deque[Message] = deque(maxlen=kept)
        self.listeners: list[Callable[[Message], object]] = []
        self._unread: deque[Message] = deque(maxlen=kept)
        self._arrived: anyio.Event | None = None

    def deliver(self, message: Message) -> None:
        """Put a message in, wake who waits, and tell the listeners."""
        self.messages.append(message)
        self._unread.append(message)
        if self._arrived is not None:
            self._arrived.set()
            self._arrived = None
        for listener in self.listeners:
            listener(message)

    def last(self, username: str | None = None, *, medium: Medium | None = None) -> Message | None:
        """The newest message, of this user and medium where given."""
        return next(
            (message for message in reversed(self.messages) if _fits(message, username, medium)),
            None,
        )

    async def receive(
        self, username: str | None = None, *, medium: Medium | None = None
    ) -> Message:
        """Take the oldest message that nobody has received yet, waiting for it in the event loop
        the service runs in.
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
