"""The base of the calls: operations of a signed-in user, or operations that need no flow."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, SecretStr

from auth_flow._flow import AuthFlow
from auth_flow.states._base import Metadata, Value, snake_case


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value():
        raise ValueError("it is empty")
    return secret


Typed = Annotated[SecretStr, AfterValidator(_not_empty)]
"""A password or a code that a person has typed."""

CALLS: dict[str, type[DriveCall]] = {}
"""Calls by name."""


class DriveCall(Value):
    """A call: the fields of its line, and the operation that they describe. The class of the call
    `sign_out` is `SignOutCall`.

    `client_metadata` is passed on if the operation takes it.
    """

    name: ClassVar[str]
    client_metadata: Metadata | None = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls.name = snake_case(cls.__name__.removesuffix("Call"))
        CALLS[cls.name] = cls

    @abstractmethod
    async def perform(self, flow: AuthFlow) -> Any:
        """Perform the operation, and return its result as JSON values."""
