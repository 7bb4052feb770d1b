"""The one thing a transport does: carry an operation to Cognito and bring the reply back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Transport(Protocol):
    """How requests travel. Anything with these two methods will do; a test's may be ten lines
    long.
    """

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Carry one request and return the decoded reply (`{}` where the service answers with no
        body).

        `operation` is a name of the service model such as `"InitiateAuth"`, `body` its input as
        JSON values, complete with client id and secret hash. Cancelling is always safe for the
        transport; whether the service saw the request is then unknown.

        Raises `ServiceError` where the service refused, `MalformedResponse` where its answer is of
        no use, and `TransportError` where none came. Each says by `retryable` whether the same
        request may be made again.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections. A closed transport is not used again."""
        ...
