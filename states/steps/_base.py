"""The base classes of the steps."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from auth_flow.errors import EventNotAccepted, GuardRejected, MalformedResponse
from auth_flow.states._base import Metadata, Value, require_tag, reveal, tag
from auth_flow.states._effects import Dialogue
from auth_flow.states._events import Answer, Event, EventBase
from auth_flow.states._replies import AuthReply, DeliveryDetails
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, HasForm
from auth_flow.states.forms._unanswered import sign_in_again

if TYPE_CHECKING:
    from auth_flow.states._record import Record
    from auth_flow.states._turn import Turn

Choice = TypeVar("Choice", bound=str)


class StepBase(Value, HasForm):
    """The base of all steps. A flow waits at a step until an event answers it.

    `class SmsCode(StepBase, name="…", group="…")` gives the step its name, which is Amplify's name
    of the step and the state of the chart, and the group that the diagram shows it in. In JSON, a
    step is an object whose `name` is that name.
    """

    model_config = ConfigDict(json_schema_extra=require_tag("name"))

    if TYPE_CHECKING:
        name: ClassVar[str]
    else:
        name: str  # declared here, so that it is the first field of every step
    group: ClassVar[str | None] = None

    def __init_subclass__(
        cls, *, name: str | None = None, group: str | None = None, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if group is not None:
            cls.group = group
        if name is not None:
            tag(cls, "name", name)

    @classmethod
    def __pydantic_init_subclass__(cls, *, name: str | None = None, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if name is not None:
            cls.name = name  # pydantic has taken it from the class, as it does with all defaults

    def to_json(self) -> dict[str, Any]:
        """Return the step as JSON values."""
        return self.model_dump(mode="json")

    def answer(
        self,
        text: str,
        *,
        user_attributes: dict[str, str] | None = None,
        friendly_device_name: str | None = None,
        client_metadata: Metadata | None = None,
    ) -> Event:
        """Return the event that a typed text stands for in this step.

        Raises `EventNotAccepted` if a text cannot answer this step, and `GuardRejected` if the
        step offers choices and the text is another one.
        """
        answer = Answer(
            response=text,
            user_attributes=user_attributes,
            friendly_device_name=friendly_device_name,
            client_metadata=client_metadata,
        )
        del text  # reports of errors show the variables of a frame
        return self.parse(answer)

    def parse(self, answer: Answer) -> Event:
        """Return the event that a typed text stands for."""
        raise EventNotAccepted(self.name, answer.name, ())

    def abridged(self) -> Self:
        """Return the step without what no answer needs, so that a parked flow is shorter."""
        return self

    def _draft_if_unanswered(self, about: About) -> Draft:
        return sign_in_again(about)


class Question(StepBase):
    """A step that a person can answer by typing one text."""

    @abstractmethod
    def parse(self, answer: Answer) -> Event:
        """Return the event that a typed text stands for."""

    @staticmethod
    def code(answer: Answer) -> str:
        """Return a typed code without spaces: apps and messages show some, and people copy them."""
        return "".join(reveal(answer.response).split())

    def pick(self, answer: Answer, offered: tuple[Choice, ...], event: type[EventBase]) -> Choice:
        """Return the choice that was typed, ignoring case and surrounding space."""
        text = reveal(answer.response).strip().casefold()
        for choice in offered:
            if text == choice.casefold():
                return choice
        del text  # it may be a password that was typed too early
        raise GuardRejected(
            self.name,
            event.name,
            "choice_is_offered",
            f"The choice is one of {', '.join(offered)}.",
        )


class Challenge(Question):
    """A question that Cognito asks during a sign-in.

    `class SmsCode(Challenge, name="…", challenges=("SMS_MFA",), group="…")` lists Cognito's names
    of the challenge. The class contains all there is to know about it: `read` makes the step from
    the service's reply, `parse` turns a typed text into an event, and `respond` answers with that
    event. A challenge of more than one request also overrides `pose`.
    """

    challenges: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, challenges: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.challenges = challenges

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read the step from the reply that poses it. Raises `MalformedResponse` if the reply lacks
        something that the service model promises.
        """
        return cls()

    @classmethod
    def pose(cls, turn: Turn, reply: AuthReply) -> Dialogue[AuthReply | Record]:
        """Return the flow's record once it waits at this step; by default at once.

        Overrides may send requests first. They may also return the service's reply to one, if it
        has already moved on.
        """
        yield from ()
        return turn.waiting_at(cls.read(reply), reply.session, reply.challenge)

    @abstractmethod
    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply | Record]:
        """Answer the challenge and return the service's reply to the answer.

        The chart lets only those events through that have a transition from this step. Overrides
        may return a record instead of a reply if they know the next step themselves.
        """


class CodeDelivery(Value):
    """The recipient of a code: the masked `destination`, the `medium` (`SMS`, `EMAIL`), and the
    user's `attribute` if the service names it.
    """

    destination: str | None = None
    medium: str | None = None
    attribute: str | None = None

    @classmethod
    def of(cls, details: DeliveryDetails | None) -> Self | None:
        """Read `CodeDeliveryDetails`. Returns None if the service sent none."""
        if details is None:
            return None
        return cls(
            destination=details.destination, medium=details.medium, attribute=details.attribute
        )

    @classmethod
    def of_challenge(cls, reply: AuthReply) -> Self:
        """Read the parameters of a challenge that a code was sent for."""
        parameters = reply.parameters
        return cls(
            destination=parameters.get("CODE_DELIVERY_DESTINATION"),
            medium=parameters.get("CODE_DELIVERY_DELIVERY_MEDIUM"),
        )


def list_parameter(reply: AuthReply, parameter: str) -> list[str]:
    """Decode a challenge parameter that is a JSON list of names. An absent one is empty."""
    with contextlib.suppress(ValidationError):
        return _NAMES.validate_json(reply.parameters.get(parameter) or "[]")
    raise unexpected(reply, parameter)


_NAMES = TypeAdapter(list[str], config=ConfigDict(defer_build=True))


def unexpected(reply: AuthReply, parameter: str) -> MalformedResponse:
    """Return the error for a challenge parameter that cannot be read."""
    return MalformedResponse(
        f"the challenge parameter {parameter} is not as expected", operation=reply.operation
    )
