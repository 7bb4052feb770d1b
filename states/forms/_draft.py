"""The draft of a form: its parts that depend on the step, and the event that each action makes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from auth_flow.errors import EventNotAccepted, GuardRejected
from auth_flow.states._base import snake_case
from auth_flow.states._events import Cancel, Event
from auth_flow.states.forms._about import NOTHING_KNOWN, About
from auth_flow.states.forms._english import text
from auth_flow.states.forms._fields import ATTRIBUTES
from auth_flow.states.forms._models import (
    Action,
    Exhibit,
    Field,
    Form,
    Problem,
    Role,
    Text,
    map_texts,
)
from auth_flow.states.forms._problems import with_problems
from auth_flow.states.forms._reading import read

SUBMIT = "submit"


class Filled(dict[str, Any]):
    """The values of a form, cleaned and checked. An optional field that is empty has none."""

    @property
    def attributes(self) -> dict[str, str] | None:
        """The user attributes among them, by Cognito's names; None if there are none."""
        found = {
            name.removeprefix(ATTRIBUTES): str(value)
            for name, value in self.items()
            if name.startswith(ATTRIBUTES)
        }
        return found or None


@dataclass(frozen=True, slots=True)
class Offer:
    """An action besides `submit`, and the event that it makes.

    `needs` are the fields that have to be filled in for it.
    """

    name: str
    label: Text
    role: Role
    event: Callable[[Filled], Event]
    needs: tuple[str, ...] = ()
    available_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The parts of a form that depend on the step.

    `submit` makes the event from all fields. If `offers_first` is true, the offers come before it.
    """

    fields: tuple[Field, ...] = ()
    submit: Callable[[Filled], Event] | None = None
    submit_label: Text | None = None
    title: Text | None = None
    text: Text | None = None
    exhibits: tuple[Exhibit, ...] = ()
    offers: tuple[Offer, ...] = ()
    offers_first: bool = False
    cancel: bool = True

    def all_offers(self) -> tuple[Offer, ...]:
        """Return every action of the form, in the order in which to show them."""
        names = tuple(field.name for field in self.fields)
        label = self.submit_label or text("action.submit")
        submit = (Offer(SUBMIT, label, "submit", self.submit, names),) if self.submit else ()
        first, second = (self.offers, submit) if self.offers_first else (submit, self.offers)
        leave = (
            (Offer("cancel", text("action.cancel"), "leave", _cancel),)
            if self.cancel and not any(offer.name == "cancel" for offer in self.offers)
            else ()
        )
        return (*first, *second, *leave)


def _cancel(_: Filled) -> Event:
    return Cancel()


class HasForm:
    """Something that can describe itself to a person and read the answer. A step is one.

    A class overrides `_draft`, and `_draft_if_unanswered` if the reply to its event may be lost. It
    gives its own `texts`: by `title` and `text` those of the form, by any other key one that
    replaces a shared text on this form.
    """

    if TYPE_CHECKING:
        name: ClassVar[str]
    texts: ClassVar[dict[str, str]] = {}

    def _draft(self, about: About) -> Draft:
        """Return the parts of the form that depend on the step."""
        return Draft()

    def _draft_if_unanswered(self, about: About) -> Draft:
        """Return the parts of the form after a request whose reply was lost."""
        return self._draft(about)

    def _draft_now(self, about: About) -> Draft:
        return self._draft(about) if about.unanswered is None else self._draft_if_unanswered(about)

    def form(self, about: About = NOTHING_KNOWN) -> Form:
        """Describe the step to a person. Nothing is sent or read."""
        draft = self._draft_now(about)
        actions = tuple(
            Action(
                name=offer.name,
                label=offer.label,
                role=offer.role,
                available_at=offer.available_at,
            )
            for offer in draft.all_offers()
        )
        form = Form(
            name=self.name,
            token=_token(self.name, about.instance),
            title=draft.title or self._text("title") or text("form.title"),
            text=draft.text or self._text("text"),
            exhibits=draft.exhibits,
            fields=tuple(_with_value(field, about) for field in draft.fields),
            actions=actions,
            expires_at=about.expires_at,
        )
        return map_texts(with_problems(form, about), self._own)

    def fill(
        self, values: Mapping[str, object], action: str = SUBMIT, about: About = NOTHING_KNOWN
    ) -> Event:
        """Return the event that the values stand for. Nothing is sent.

        Raises `EventNotAccepted` if the step waits for nothing, and `GuardRejected` if a value is
        missing or cannot be right, if the form has no such field or action, or if it is too soon
        for another code. Its `problems` name every fault.
        """
        draft = self._draft_now(about)
        if not draft.all_offers():
            raise EventNotAccepted(self.name, "fill", ())
        fields = {field.name: field for field in draft.fields}
        unknown = {
            name: Problem(code="unknown_field", text=text("problem.unknown_field", name=name))
            for name in values
            if name not in fields
        }
        offer = next((offer for offer in draft.all_offers() if offer.name == action), None)
        if offer is None:
            name = action if action.isprintable() else ascii(action)
            refusal = Problem(code="unknown_action", text=text("problem.unknown_action", name=name))
            raise self._rejected(action, {"": refusal, **unknown})
        if offer.available_at is not None and about.now < offer.available_at:
            too_soon = Problem(
                code="too_soon", text=text("problem.too_soon"), retry_at=offer.available_at
            )
            raise self._rejected(action, {"": too_soon, **unknown})
        needed = [fields[name] for name in offer.needs if not fields[name].read_only]
        # A passkey that is presented stands for all other answers.
        passkeys = [one for one in needed if one.kind == "passkey" and values.get(one.name)]
        results = {
            field.name: read(field, values.get(field.name), about.settings)
            for field in passkeys or needed
        }
        problems = {name: found for name, found in results.items() if isinstance(found, Problem)}
        if problems or unknown:
            raise self._rejected(action, {**problems, **unknown})
        return offer.event(
            Filled({name: value for name, value in results.items() if value is not None})
        )

    def _rejected(self, action: str, problems: Mapping[str, Problem]) -> GuardRejected:
        own = {name: map_texts(problem, self._own) for name, problem in problems.items()}
        sentences = " ".join(dict.fromkeys(map(str, own.values())))
        return GuardRejected(self.name, action, "form_is_filled_in", sentences, problems=own)

    @classmethod
    def _slug(cls) -> str:
        return snake_case(cls.__name__.removesuffix("Form"))

    @classmethod
    def catalogue(cls) -> dict[str, str]:
        """Return the texts that this class adds to the catalogue, by their full keys."""
        return {cls._key(name): sentence for name, sentence in cls.texts.items()}

    @classmethod
    def _key(cls, name: str) -> str:
        return f"{name}.{cls._slug()}" if "." in name else f"form.{cls._slug()}.{name}"

    @classmethod
    def _text(cls, name: str, **params: str) -> Text | None:
        """Return a text of the form itself, or None if the class has none of this name."""
        sentence = cls.texts.get(name)
        return None if sentence is None else Text.of(cls._key(name), sentence, params)

    @classmethod
    def _own(cls, shared: Text) -> Text:
        """Return the text that replaces a shared one on this form, or the shared one."""
        sentence = cls.texts.get(shared.key) if "." in shared.key else None
        return (
            shared if sentence is None else Text.of(cls._key(shared.key), sentence, shared.params)
        )


def _with_value(field: Field, about: About) -> Field:
    typed = about.values.get(field.name)
    if field.secret or field.read_only or not isinstance(typed, str):
        return field
    return field.model_copy(update={"value": typed})


def _token(name: str, instance: str) -> str:
    digest = hashlib.sha256(f"{name}\n{instance}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()
