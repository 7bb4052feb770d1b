"""Forms in a terminal: the introduction, and the questions."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from auth_flow._cli.prompter import Prompter
from auth_flow.states.forms import Action, Field, Form, Text

_RESEND = ("resend", "again")
"""The words that have a code sent again. The first is shown; the second is one that people try."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The values that a person gave by field name, and the action that they chose."""

    values: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    action: str = "submit"


def introduce(form: Form, person: Prompter) -> None:
    """Show everything that a person has to know before the first question."""
    if form.text:
        person.tell(str(form.text))
    with_qr = any(exhibit.kind == "qr" for exhibit in form.exhibits)
    for exhibit in form.exhibits:
        if not (exhibit.kind == "link" and with_qr):  # the link has the same text as the QR code
            person.show(exhibit)
    for one in form.questions:
        if one.options is not None:
            person.tell("Give these options to an authenticator:")
            person.tell(json.dumps(one.options))
    if any(map(_takes_words, form.questions)):
        for word, action in words(form).items():
            if word != _RESEND[1]:
                person.tell(f'Or type "{word}": {action.label}.', "quiet")


def ask(
    form: Form,
    person: Prompter,
    *,
    known: Mapping[str, str] | None = None,
    only: Collection[str] | None = None,
) -> Answers:
    """Ask for the fields of a form, one after the other.

    `known` are values that need not be asked for. If `only` is given, just those fields are asked
    for. A word for another action, typed in place of a code, chooses that action.
    """
    first = form.actions[0] if form.actions else None
    if only is None and first and first.role == "resend" and person.offer(f"{first.label}?"):
        return Answers(action=first.name)
    values = dict(known or {})
    for one in form.questions:
        if one.name in values if only is None else one.name not in only:
            continue
        typed = _ask(one, person)
        if _takes_words(one) and (action := words(form).get(typed.strip().casefold())):
            return Answers(action=action.name)
        values[one.name] = typed
    return Answers({name: typed for name, typed in values.items() if typed})


def words(form: Form) -> dict[str, Action]:
    """Return the words that stand for the actions of a form besides `submit`."""
    found: dict[str, Action] = {}
    for action in form.actions:
        match action.role:
            case "resend":
                found |= dict.fromkeys(_RESEND, action)
            case "leave" if action.label.key == "action.start_again":
                found |= dict.fromkeys(_RESEND, action)
            case "alternative":
                found[action.name.rpartition(":")[2].casefold()] = action
            case _:
                pass
    return found


def parameters_of(challenge: Mapping[str, str]) -> Text:
    """Return the parameters of a custom challenge as they are, a line each."""
    shown = "\n".join(f"{name}: {value}" for name, value in challenge.items())
    return Text(key="terminal.parameters", text=shown or "The pool asks a question of its own.")


def _takes_words(one: Field) -> bool:
    return one.kind in ("code", "passkey")


def _ask(one: Field, person: Prompter) -> str:
    label = str(one.label) if one.required else f"{one.label} (optional)"
    for hint in (one.hint, *(rule.text for rule in one.rules if one.kind == "new_password")):
        if hint is not None:
            person.tell(str(hint), "quiet")
    match one.kind:
        case "code":
            return person.code(label)
        case "password":
            return person.secret(label)
        case "new_password":
            return person.new_password(label)
        case "choice":
            return person.choose(label, {choice.value: str(choice.label) for choice in one.choices})
        case "passkey":
            return person.text(f"{label}, as one line of JSON")
        case _ if one.secret:
            return person.secret(label)
        case _:
            return person.text(label, one.value or (None if one.required else ""))
