"""The signed-in user, and the base of the operations: requests with a fresh access token."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter

from auth_flow.states._replies import Reply

R = TypeVar("R", bound=Reply)


class _Pair(Reply):
    name: str = Field(alias="Name")
    value: str | None = Field(None, alias="Value")


_PAIRS = TypeAdapter(list[_Pair], config=ConfigDict(defer_build=True))


def _instant(value: object) -> object:
    try:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else value
    except (ValueError, OverflowError, OSError):
        raise ValueError("is not a date") from None


def _attributes(value: object) -> dict[str, str]:
    return {
        pair.name: pair.value for pair in _PAIRS.validate_python(value) if pair.value is not None
    }


Instant: TypeAlias = Annotated[datetime, BeforeValidator(_instant)]
"""A moment in UTC. In a reply it is a number of seconds since the epoch, with fractions."""

Attributes: TypeAlias = Annotated[dict[str, str], BeforeValidator(_attributes)]
"""Attributes by name. In a reply they are a list of objects with `Name` and `Value`."""


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """The signed-in user: the name in the pool, the `sub`, and the name that was typed at sign-in.

    `login_id` is None if the session was not made by a flow.
    """

    username: str
    user_id: str
    login_id: str | None = None


class UserCalls(ABC):
    """Makes requests as the signed-in user. Every request raises `SessionEnded` if the session has
    ended.
    """

    @property
    @abstractmethod
    def username(self) -> str:
        """The user's name in the pool."""

    @abstractmethod
    async def call(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Make a request with a fresh `AccessToken`, and return the decoded reply.

        Members are those of the service model; one that is None is left out.
        """

    async def _read(self, reply: type[R], operation: str, /, **members: Any) -> R:
        return reply.read(operation, await self.call(operation, **members))
