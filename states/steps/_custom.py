"""The step that the pool's own triggers make up."""

from __future__ import annotations

from typing import ClassVar, Self

from auth_flow.states._base import reveal
from auth_flow.states._events import Answer, AnswerChallenge, Event
from auth_flow.states._replies import AuthReply
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft
from auth_flow.states.forms._fields import answer_field
from auth_flow.states.steps._base import Challenge


class CustomChallenge(Challenge):
    """The pool's triggers pose a question; `parameters` are what they tell about it. Any number of
    rounds may follow.
    """

    name = "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    challenges = ("CUSTOM_CHALLENGE",)

    texts: ClassVar[dict[str, str]] = {
        "title": "One more question",
        "text": "Please answer the question that you were asked.",
        "problem.code_mismatch": "That is not the right answer.",
    }

    parameters: dict[str, str]

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read the public challenge parameters."""
        return cls(parameters=reply.parameters)

    def parse(self, said: Answer) -> Event:
        """Read the text as the answer."""
        return AnswerChallenge(answer=said.response, client_metadata=said.client_metadata)

    def _draft(self, about: About) -> Draft:
        question = about.settings.custom_question
        return Draft(
            fields=(answer_field(),),
            submit=lambda filled: AnswerChallenge(answer=filled["answer"]),
            text=question(self.parameters) if question else None,
        )

    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return the answer as it is."""
        assert isinstance(said, AnswerChallenge)
        return {"ANSWER": reveal(said.answer)}
