"""The operations by name. A module of `operations` registers a handler for each request model it
declares.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from auth_flow.embedded._members import member_name
from auth_flow.embedded._service import CognitoService

Reply = dict[str, Any]
"""A reply's members, named as on the wire."""


class Request(BaseModel):
    """The input of an operation. The class of `SignUp` is `SignUpRequest`; its fields are the
    operation's members in Python's spelling.

    Members without an effect in this pool (AnalyticsMetadata, UserContextData …) are not declared
    and are ignored.
    """

    model_config = ConfigDict(alias_generator=member_name, frozen=True, strict=True)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        # Requests carry passwords, codes and tokens.
        return []


RequestT = TypeVar("RequestT", bound=Request)
Handler = Callable[[CognitoService, RequestT], Awaitable[Reply]]


class Operation(NamedTuple):
    """An operation of the service: the model of its input, and what carries it out."""

    request: type[Request]
    handler: Handler[Any]


OPERATIONS: dict[str, Operation] = {}


def operation(request: type[RequestT]) -> Callable[[Handler[RequestT]], Handler[RequestT]]:
    """Register the decorated function as the handler of the operation whose input `request` is."""

    def register(handler: Handler[RequestT]) -> Handler[RequestT]:
        OPERATIONS[request.__name__.removesuffix("Request")] = Operation(request, handler)
        return handler

    return register
