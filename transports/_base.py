"""The protocol of a transport: it carries an operation to Cognito and returns the reply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Transport(Protocol):
    """Carries requests. Anything with these two methods will do; a test's may be ten lines long.

    A transport may also have an attribute `clock_difference`: the seconds that the service's clock
    is ahead of this machine's, or None if they are not known. Then sign-ins with SRP work even if
    this machine's clock is wrong.
    """

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Carry one request and return the decoded reply (`{}` if the service's reply is empty).

        `operation` is a name of the service model such as `"InitiateAuth"`, `body` its input as
        JSON values, complete with client id and secret hash. Cancelling is always safe for the
        transport; whether the service received the request is then unknown.

        Raises `ServiceError` if the service refused, `MalformedResponse` if its reply cannot be
        used, and `TransportError` if none came. `retryable` of each is true if the same request may
        be made again.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections. A closed transport is not used again."""
        ...


class Content(bytes):
    """The bytes of a request or a reply, which hold passwords and tokens.

    They do not show in reports of errors that record the local values of each frame.
    """

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


class Headers(dict[str, str]):
    """The headers of a request, which may hold a token or a client secret. Its repr shows names."""

    def __repr__(self) -> str:
        return f"<headers {', '.join(self)}>"
