"""The fields that several forms have."""

from __future__ import annotations

from collections.abc import Iterable

from auth_flow.states._passkeys import CreationOptions, RequestOptions
from auth_flow.states.forms._about import About
from auth_flow.states.forms._english import COMMON, text
from auth_flow.states.forms._models import Choice, Field, Kind, Rule, Text

_LONGEST_LABEL = 45
"""Characters that Discord allows for the label of an input."""

_DIGITS = Rule(text=text("rule.digits"), pattern=r"^[0-9]{1,16}$")
_SIX_DIGITS = Rule(text=text("rule.six_digits"), pattern=r"^[0-9]{6}$")
_ONE_WORD = Rule(text=text("rule.one_word"), pattern=r"^\S{1,2048}$")
_USERNAME = Rule(text=text("rule.username"), pattern=r"^[\s\S]{1,128}$")
_EMAIL = Rule(text=text("rule.email"), pattern=r"^[^@\s]+@[^@\s]+$")
_PHONE = Rule(text=text("rule.phone"), pattern=r"^\+[1-9][0-9]{5,14}$")
_DATE = Rule(text=text("rule.date"), pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")

ATTRIBUTES = "attributes."
"""The prefix in the names of attribute fields."""

_KINDS: dict[str, tuple[Kind, tuple[Rule, ...], Text | None]] = {
    "email": ("email", (_EMAIL,), None),
    "phone_number": ("phone", (_PHONE,), text("hint.phone")),
    "birthdate": ("date", (_DATE,), text("hint.date")),
}

_AUTOCOMPLETE = {
    "email": "email",
    "phone_number": "tel",
    "name": "name",
    "given_name": "given-name",
    "family_name": "family-name",
    "middle_name": "additional-name",
    "nickname": "nickname",
    "birthdate": "bday",
    "gender": "sex",
    "address": "street-address",
    "locale": "language",
    "website": "url",
    "profile": "url",
    "picture": "photo",
}


def username_field(about: About, *, read_only: bool = False) -> Field:
    """Return the field of the user name, filled in if the name is known."""
    return Field(
        name="username",
        kind="username",
        label=text("field.username"),
        autocomplete="username",
        value=about.username,
        read_only=read_only,
        required=not read_only,
        rules=() if read_only else (_USERNAME,),
    )


def password_field() -> Field:
    """Return the field of the present password."""
    return Field(
        name="password",
        kind="password",
        label=text("field.password"),
        secret=True,
        autocomplete="current-password",
    )


def new_password_field(about: About) -> Field:
    """Return the field of a password to set, with the pool's rules or with a hint."""
    policy = about.settings.password_policy
    return Field(
        name="new_password",
        kind="new_password",
        label=text("field.new_password"),
        secret=True,
        autocomplete="new-password",
        hint=None if policy else text("hint.new_password"),
        rules=policy.rules() if policy else (),
    )


def code_field(rule: Rule = _ONE_WORD) -> Field:
    """Return the field of a code."""
    return Field(
        name="code",
        kind="code",
        label=text("field.code"),
        secret=True,
        autocomplete="one-time-code",
        rules=(rule,),
    )


def digits_field() -> Field:
    """Return the field of a code that consists of digits."""
    return code_field(_DIGITS)


def six_digits_field() -> Field:
    """Return the field of a code that an authenticator app shows."""
    return code_field(_SIX_DIGITS)


def email_field() -> Field:
    """Return the field of an e-mail address."""
    return attribute_field("email").model_copy(update={"name": "email"})


def attribute_field(name: str, *, required: bool = True) -> Field:
    """Return the field of a user attribute, by Cognito's name of it."""
    key = f"field.{name}"
    pretty = name.removeprefix("custom:").replace("_", " ").capitalize()[:_LONGEST_LABEL]
    kind, rules, hint = _KINDS.get(name, ("text", (), None))
    return Field(
        name=f"{ATTRIBUTES}{name}",
        kind=kind,
        label=text(key) if key in COMMON else text("field.attribute", name=pretty),
        hint=hint,
        required=required,
        autocomplete=_AUTOCOMPLETE.get(name, "off"),
        rules=rules,
    )


def answer_field() -> Field:
    """Return the field of the answer to a custom challenge, which may be secret."""
    return Field(name="answer", kind="text", label=text("field.answer"), secret=True)


def url_field() -> Field:
    """Return the field of the URL that the browser came back to. It contains a code."""
    return Field(name="url", kind="text", label=text("field.url"), secret=True)


def name_field() -> Field:
    """Return the field of the name that an authenticator app is listed by."""
    return Field(
        name="friendly_device_name",
        kind="text",
        label=text("field.friendly_device_name"),
        required=False,
    )


def choice_field(name: str, values: Iterable[str]) -> Field:
    """Return a field that takes one of several values. Their labels are in the catalogue."""
    choices = tuple(Choice(value=value, label=text(f"choice.{value}")) for value in values)
    return Field(
        name=name,
        kind="choice",
        label=text(f"field.{name}"),
        choices=choices,
    )


def passkey_field(options: RequestOptions | CreationOptions, *, required: bool = True) -> Field:
    """Return the field that takes the answer of a passkey as JSON."""
    return Field(
        name="credential",
        kind="passkey",
        label=text("field.credential"),
        required=required,
        secret=True,
        options=options.to_json(),
    )
