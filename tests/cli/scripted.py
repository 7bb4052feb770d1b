"""A person who answers from a list, and remembers what was said."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

from auth_flow._cli.prompter import Tone
from auth_flow.states.forms import Exhibit

Line = str | Callable[[], str]


class ScriptedPerson:
    """Gives one answer for each question, whatever its kind; an answer may be made when it is
    needed.
    """

    def __init__(self, *answers: Line, patient: bool = True) -> None:
        self.answers = deque(answers)
        self.patient = patient
        self.heard: list[str] = []
        self.asked: list[tuple[str, str]] = []

    @property
    def everything_heard(self) -> str:
        return "\n".join(self.heard)

    def tell(self, text: str, tone: Tone = "plain") -> None:
        self.heard.append(text)

    def text(self, label: str, default: str | None = None) -> str:
        return self._answer("text", label) or default or ""

    def code(self, label: str) -> str:
        return self._answer("code", label)

    def secret(self, label: str) -> str:
        return self._answer("secret", label)

    def new_password(self, label: str) -> str:
        return self._answer("new password", label)

    def choose(self, label: str, choices: Mapping[str, str]) -> str:
        chosen = self._answer("choice", label)
        assert chosen in choices
        return chosen

    def offer(self, question: str) -> bool:
        return self.patient and self._answer("offer", question) == "yes"

    def show(self, exhibit: Exhibit) -> None:
        self.heard.append(f"{exhibit.kind}: {exhibit.content}")

    def waiting(self) -> AbstractContextManager[object]:
        return nullcontext()

    def _answer(self, kind: str, label: str) -> str:
        self.asked.append((kind, label))
        answer = self.answers.popleft()
        return answer if isinstance(answer, str) else answer()
