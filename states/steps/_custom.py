"""The step that the pool's own triggers make up."""

from __future__ import annotations

from typing import Self

from auth_flow.states._base import reveal
from auth_flow.states._events import Answer, AnswerChallenge, Event
from auth_flow.states._replies import AuthReply
from auth_flow.states.steps._base import Challenge


class CustomChallenge(Challenge):
    """The pool's triggers pose a question; `parameters` are what they tell about it. Any number of
    rounds may follow.
    """

    name = "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    challenges = ("CUSTOM_CHALLENGE",)

    parameters: dict[str, str]

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read the public challenge parameters."""
        return cls(parameters=reply.parameters)

    def parse(self, said: Answer) -> Event:
        """Read the text as the answer."""
        return AnswerChallenge(answer=said.response, client_metadata=said.client_metadata)

    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return the answer as it is."""
        assert isinstance(said, AnswerChallenge)
        return {"ANSWER": reveal(said.answer)}
