"""The step that the pool's own triggers define."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from auth_flow.states._effects import Dialogue
from auth_flow.states._events import Answer, AnswerChallenge, Event
from auth_flow.states._replies import AuthReply
from auth_flow.states._requests import respond
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft
from auth_flow.states.forms._fields import answer_field
from auth_flow.states.steps._base import Challenge

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn


class CustomChallenge(
    Challenge,
    name="CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE",
    challenges=("CUSTOM_CHALLENGE",),
    group="First factors",
):
    """The pool's triggers ask a question. `parameters` are its public parameters.

    Any number of rounds may follow.
    """

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

    def parse(self, answer: Answer) -> Event:
        """Read the text as the answer."""
        return AnswerChallenge(answer=answer.response, client_metadata=answer.client_metadata)

    def _draft(self, about: About) -> Draft:
        question = about.settings.custom_question
        return Draft(
            fields=(answer_field(),),
            submit=lambda filled: AnswerChallenge(answer=filled["answer"]),
            text=question(self.parameters) if question else None,
        )

    def abridged(self) -> Self:
        """Leave out the parameters, among which triggers may put pictures."""
        return self.model_copy(update={"parameters": {}})

    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply]:
        """Send the answer as it is."""
        assert isinstance(event, AnswerChallenge)
        return respond(turn, {"ANSWER": event.answer})
