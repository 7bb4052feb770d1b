"""The effects that the core asks its driver to perform, and the outcome that it ends with."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from pydantic import SecretStr

from auth_flow.errors import AuthFlowError
from auth_flow.states._base import in_clear

if TYPE_CHECKING:
    from auth_flow.states._devices import NewDevice, RememberedDevice
    from auth_flow.states._record import Record
    from auth_flow.states._tokens import Tokens

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """Send this request to Cognito. Send the decoded reply back in, or throw the error."""

    __match_args__ = ("operation", "body")

    operation: str
    members: dict[str, Any] = field(repr=False)
    """The members of the request, with secrets as `SecretStr`."""

    @property
    def body(self) -> dict[str, Any]:
        """The members in clear. Do not keep them in a variable: reports of errors show those."""
        body: dict[str, Any] = in_clear(self.members)
        return body


@dataclass(frozen=True, slots=True)
class Fetch:
    """Make this plain HTTP request, without following redirections. Send the status and the content
    of the answer back in, or throw the error. A POST must not be repeated.
    """

    method: Literal["GET", "POST"]
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Compute:
    """Run this computation, preferably in a worker thread: it takes milliseconds. Send the result
    back in.
    """

    work: Callable[[], Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Replace the flow's record now, whatever happens next. Send None back in.

    `password` is the password to hold from now on. None leaves it as it is. `sending` is the name
    of the event if its request is sent next. Store the record before that, so that the request is
    never repeated if this process dies.
    """

    record: Record
    password: SecretStr | None = field(default=None, repr=False)
    sending: str | None = None


@dataclass(frozen=True, slots=True)
class DropDevice:
    """Forget the secrets of a remembered device that the service does not accept, for good. Send
    None back in.

    `name` is the user's name in the pool. It can also be a name that was typed: then it only leads
    to the device no more. See `DeviceBook.drop`.
    """

    name: str


Effect: TypeAlias = Call | Fetch | Compute | Checkpoint | DropDevice

Dialogue: TypeAlias = Generator[Effect, Any, T]
"""A conversation with the service. It yields effects, is sent their results, and returns its
result.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The flow after an event.

    `tokens` are set if the event signed the user in. `device` is the remembered device that they
    were issued to, and `new_device` one that has yet to be confirmed, by ConfirmDevice with the
    access token. `error` is set if the event ended the flow; it is to be raised once `record` has
    been stored. `password` is what the flow may hold in memory for a later sign-in. No record
    contains it.
    """

    record: Record
    tokens: Tokens | None = None
    device: RememberedDevice | None = None
    new_device: NewDevice | None = None
    password: SecretStr | None = field(default=None, repr=False)
    error: AuthFlowError | None = None
