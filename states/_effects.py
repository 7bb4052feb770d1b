"""What the core asks of whoever drives it. An effect is a value; performing it is the driver's
business.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from pydantic import SecretStr

from auth_flow.states._record import Record

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """Carry this request to Cognito; send the decoded reply back in, or throw the error."""

    operation: str
    body: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Compute:
    """Run this arithmetic, best in a worker thread: it takes milliseconds. Send the result back
    in.
    """

    work: Callable[[], Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The flow has come this far, whatever happens next: this is its record now. Send None back in.

    `password` is what the flow is to hold from now on, None if that stays as it is. `sending` is
    the name of the event if a request of it leaves next. Store the record before that, so that the
    request is never repeated if this process dies.
    """

    record: Record
    password: SecretStr | None = field(default=None, repr=False)
    sending: str | None = None


Effect: TypeAlias = Call | Compute | Checkpoint

Dialogue: TypeAlias = Generator[Effect, Any, T]
"""A conversation with the service: yields effects, is sent their results, and returns what came of
it.
"""
