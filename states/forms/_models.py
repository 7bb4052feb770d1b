"""The parts of a form, as values that travel as JSON.

A form says what a person has to read, fill in and press. It has no markup, so that a web page, a
terminal and a chat bot can each show it in their own way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar, cast

from pydantic import Field as _Member
from pydantic import StringConstraints

from auth_flow.states._base import Value

Kind: TypeAlias = Literal[
    "username",
    "password",
    "new_password",
    "code",
    "email",
    "phone",
    "date",
    "text",
    "choice",
    "passkey",
]
"""The way in which a field is shown and read. The list is closed, because every user interface
needs a rendering of each kind.
"""

Role: TypeAlias = Literal["submit", "resend", "alternative", "go", "leave"]
"""The meaning of an action; see `Action`."""

FormName: TypeAlias = Literal["SIGN_IN", "SIGN_UP", "FORGOT_PASSWORD", "CONFIRM_SIGN_UP"]
"""The forms of an idle flow. Every other step has one form, which has the step's name."""


class Text(Value):
    """A text for a person: a key for translators, parameters, and the English sentence.

    `str(text)` is English. `in_language` looks the key up in a catalogue of another language.
    """

    key: str
    params: dict[str, str] = _Member(default_factory=dict[str, str])
    text: str

    def __str__(self) -> str:
        return self.text

    def in_language(self, catalogue: Mapping[str, str]) -> Text:
        """Return the text in the language of the catalogue, or unchanged if it lacks the key."""
        sentence = catalogue.get(self.key)
        return self if sentence is None else Text.of(self.key, sentence, self.params)

    @classmethod
    def of(cls, key: str, sentence: str, params: Mapping[str, str] | None = None) -> Text:
        """Make a text from a sentence that has its parameters in braces, as in `{destination}`."""
        given = dict(params or {})
        rendered = _PARAMETER.sub(lambda found: given.get(found[1], found[0]), sentence)
        return cls(key=key, params=given, text=rendered)


_PARAMETER = re.compile(r"\{(\w+)\}")


class Problem(Value):
    """Something that has to be put right, on a field or on the whole form.

    `code` is stable and meant for programs. If `retry_at` is given, trying again makes no sense
    before that time (seconds since the epoch).
    """

    code: str
    text: Text
    retry_at: float | None = None

    def __str__(self) -> str:
        return str(self.text)


class Rule(Value):
    """A condition that a value has to meet.

    `pattern` is a regular expression that means the same in Python and ECMAScript. A value meets
    the rule if the pattern is found in it.
    """

    text: Text
    pattern: str


class Choice(Value):
    """One option of a field of kind `choice`."""

    value: Annotated[str, StringConstraints(max_length=32)]
    label: Text
    hint: Text | None = None


class Field(Value):
    """Something to fill in.

    `name` is the key in the values that `fill` takes. A field that is `secret` never has a `value`,
    and its input should not be kept. A `read_only` field is there to be seen, and by password
    managers. `autocomplete` is the token of the HTML attribute.

    `options` are the WebAuthn request options of a `passkey` field. If such a field is not
    required, the form asks for something else, and a page may offer a passkey beside it, by
    conditional mediation for example. A passkey that is filled in stands for all other fields.
    """

    name: str
    kind: Kind
    label: Text
    hint: Text | None = None
    required: bool = True
    secret: bool = False
    autocomplete: str = "off"
    value: str | None = None
    read_only: bool = False
    choices: tuple[Choice, ...] = ()
    rules: tuple[Rule, ...] = ()
    options: dict[str, Any] | None = _Member(default=None, repr=False)
    problem: Problem | None = None


class Exhibit(Value):
    """Something to look at or take along.

    `qr` is a text to show as a QR code, `copy` a text to copy, `link` a URL, `note` a sentence.
    """

    kind: Literal["qr", "copy", "link", "note"]
    label: Text
    content: str = _Member(repr=False)


class Action(Value):
    """Something to press.

    The role `submit` sends the fields, `resend` has a code sent, `alternative` takes another way
    through the same step, `go` leads to another form of an idle flow (`go:sign_up` to SIGN_UP), and
    `leave` gives up. If `available_at` is given, the action is refused before that time (seconds
    since the epoch).
    """

    name: str
    label: Text
    role: Role
    available_at: float | None = None


class Form(Value):
    """The description of a step for a person.

    `name` is the name of the step or, if the flow is idle, a `FormName`. `token` is different for
    each instance of a step: post it back to notice answers to an old form. The first action is the
    one to offer most prominently. `problem` concerns the form as a whole. `expires_at` is the time
    by which the service wants an answer (seconds since the epoch).
    """

    name: str
    token: str
    title: Text
    text: Text | None = None
    exhibits: tuple[Exhibit, ...] = ()
    fields: tuple[Field, ...] = ()
    actions: tuple[Action, ...] = ()
    problem: Problem | None = None
    expires_at: float | None = None

    @property
    def questions(self) -> tuple[Field, ...]:
        """The fields that a person has to be asked for: all but those that are read-only, and but
        for a passkey that a page may offer beside them.
        """
        return tuple(
            field
            for field in self.fields
            if not field.read_only and (field.kind != "passkey" or field.required)
        )

    def action(self, name: str) -> Action | None:
        """Return the action of this name, or None if the form does not offer it."""
        return next((action for action in self.actions if action.name == name), None)

    def in_language(self, catalogue: Mapping[str, str]) -> Self:
        """Return the form with all texts in the language of the catalogue.

        A text whose key is not in the catalogue stays in English.
        """

        def translated(text: Text) -> Text:
            return text.in_language(catalogue)

        return map_texts(self, translated)

    def as_text(self) -> str:
        """Return everything that a person has to read before the first question, in plain text.

        That is, a line each: the problems, the title, the text, the exhibits, the hints, the values
        of each choice, and the names of the other actions. During the set-up of an authenticator
        app its key is among them, so do not log this text.
        """
        at_fields = [f"{field.label}: {field.problem}" for field in self.fields if field.problem]
        lines: list[object] = [self.problem, *at_fields, self.title, self.text]
        lines += [f"{exhibit.label}: {exhibit.content}" for exhibit in self.exhibits]
        for field in self.questions:
            lines += [f"{field.label}: {field.hint}"] if field.hint else []
            lines += [f"{field.label}: {json.dumps(field.options)}"] if field.options else []
            lines += [f"  {choice.value}: {choice.label}" for choice in field.choices]
        others = (action for action in self.actions if action.role not in ("submit", "go"))
        lines += [f"  {action.name}: {action.label}" for action in others]
        return "\n".join(str(line) for line in lines if line is not None)


_Part = TypeVar("_Part")


def map_texts(part: _Part, change: Callable[[Text], Text]) -> _Part:
    """Return a copy of a form, or of a part of one, in which `change` was applied to each text."""
    changed: object = part
    match part:
        case Text():
            changed = change(part)
        case Value():
            members = {name: getattr(part, name) for name in type(part).model_fields}
            mapped = {name: map_texts(member, change) for name, member in members.items()}
            changed = part.model_copy(update=mapped)
        case tuple():
            changed = tuple(map_texts(one, change) for one in cast("tuple[object, ...]", part))
        case _:
            pass
    return cast("_Part", changed)
