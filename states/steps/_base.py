"""What a step is."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from typing import Any, ClassVar, Self, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from auth_flow.errors import EventNotAccepted, GuardRejected, MalformedResponse
from auth_flow.states._base import Metadata, Value, reveal
from auth_flow.states._events import Answer, Event, EventBase
from auth_flow.states._replies import AuthReply, DeliveryDetails
from auth_flow.states.forms._draft import HasForm

Choice = TypeVar("Choice", bound=str)


class StepBase(Value, HasForm):
    """What the flow waits for. `name` is Amplify's name of the step, and the state of the chart."""

    name: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """Return the step as JSON values: its name, and what it carries."""
        return {"name": self.name, **self.model_dump(mode="json")}

    def answer(
        self,
        text: str,
        *,
        user_attributes: dict[str, str] | None = None,
        friendly_device_name: str | None = None,
        client_metadata: Metadata | None = None,
    ) -> Event:
        """Turn what a person typed into the event it stands for here.

        Raises `EventNotAccepted` where a typed text stands for nothing, and `GuardRejected` where
        it is none of the choices on offer.
        """
        return self.parse(
            Answer(
                response=text,
                user_attributes=user_attributes,
                friendly_device_name=friendly_device_name,
                client_metadata=client_metadata,
            )
        )

    def parse(self, said: Answer) -> Event:
        """Read an answer as the event it stands for."""
        raise EventNotAccepted(self.name, said.name, ())


class Question(StepBase):
    """A step that a person can answer by typing."""

    @abstractmethod
    def parse(self, said: Answer) -> Event:
        """Read an answer as the event it stands for."""

    @staticmethod
    def code(said: Answer) -> str:
        """Read a typed code: authenticator apps and messages space it out, and so people type
        it.
        """
        return "".join(reveal(said.response).split())

    def pick(self, said: Answer, offered: tuple[Choice, ...], event: type[EventBase]) -> Choice:
        """Find a typed text among the choices on offer; neither case nor space around it
        matters.
        """
        text = reveal(said.response).strip().casefold()
        for choice in offered:
            if text == choice.casefold():
                return choice
        raise GuardRejected(
            self.name,
            event.name,
            "choice_is_offered",
            f"The choice is one of {', '.join(offered)}.",
        )


class Challenge(Question):
    """A question that Cognito asks during a sign-in. `challenges` are its names for it.

    A challenge has everything about itself in its class: how it is read from the reply that poses
    it (`read`), which event a typed text stands for (`parse`), and how that event becomes
    `ChallengeResponses` (`responses`).
    """

    challenges: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read the step from the reply that poses it. Raises `MalformedResponse` where it lacks
        what the model promises.
        """
        return cls()

    @abstractmethod
    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return the members of `ChallengeResponses` besides `USERNAME`, `SECRET_HASH` and
        `DEVICE_KEY`.
        """


class CodeDelivery(Value):
    """Where a code went: the masked `destination`, the `medium` (`SMS`, `EMAIL`), and the user
    `attribute` where it is told.
    """

    destination: str | None = None
    medium: str | None = None
    attribute: str | None = None

    @classmethod
    def of(cls, details: DeliveryDetails | None) -> Self | None:
        """Read `CodeDeliveryDetails`; None where the service told nothing."""
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
    """Decode a challenge parameter that is a JSON list of names; an absent one is empty."""
    return _json_parameter(reply, parameter, "[]", _NAMES)


def object_parameter(reply: AuthReply, parameter: str) -> dict[str, Any]:
    """Decode a challenge parameter that is a JSON object; an absent one is empty."""
    return _json_parameter(reply, parameter, "{}", _OBJECT)


_LATER = ConfigDict(defer_build=True, hide_input_in_errors=True)
_NAMES = TypeAdapter(list[str], config=_LATER)
_OBJECT = TypeAdapter(dict[str, Any], config=_LATER)
_T = TypeVar("_T")


def _json_parameter(reply: AuthReply, parameter: str, absent: str, kind: TypeAdapter[_T]) -> _T:
    with contextlib.suppress(ValidationError):
        return kind.validate_json(reply.parameters.get(parameter) or absent)
    raise MalformedResponse(
        f"the challenge parameter {parameter} is not as expected", operation=reply.operation
    )
