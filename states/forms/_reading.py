"""Clean and check typed values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

from pydantic import ValidationError

from auth_flow.errors import PasskeyError
from auth_flow.states._passkeys import AuthenticationResponse, R, read_response
from auth_flow.states.forms._about import FormSettings
from auth_flow.states.forms._english import text
from auth_flow.states.forms._models import Field, Problem, Rule, Text
from auth_flow.states.forms._problems import passkey_problem


def read(field: Field, given: object, settings: FormSettings) -> Any | Problem:
    """Return the cleaned value of a field, None if an optional one is empty, or a problem."""
    if field.kind == "passkey":
        if not field.required and given in (None, ""):
            return None
        return read_passkey(AuthenticationResponse, given)
    if not isinstance(given, str | None):
        return Problem(code=f"{field.kind}_invalid", text=_missing(field.label).text)
    if given and not _is_unicode(given):
        garbled = text("problem.garbled", label=str(field.label))
        return Problem(code=f"{field.kind}_invalid", text=garbled)
    value = _cleaned(field, given or "", settings)
    if value == "":
        return _missing(field.label) if field.required else None
    if field.kind == "choice":
        return _chosen(field, value)
    broken = next((rule for rule in field.rules if not re.search(rule.pattern, value)), None)
    if broken is None and field.kind == "date":
        broken = _no_date(field, value)
    return Problem(code=f"{field.kind}_invalid", text=broken.text) if broken else value


def _is_unicode(typed: str) -> bool:
    """Return False for a text with half a character, as a wrong encoding leaves it."""
    try:
        return bool(typed.encode())
    except UnicodeEncodeError:
        return False


def _missing(label: Text) -> Problem:
    return Problem(code="required", text=text("problem.required", label=str(label)))


def _cleaned(field: Field, typed: str, settings: FormSettings) -> str:
    """Return a value as it has to be sent. A password, and an answer that is secret, stay as they
    are: their spaces may count.
    """
    clean = _CLEANERS.get(field.kind)
    if clean is not None:
        return clean(typed, settings)
    return typed if field.secret else typed.strip()


def _code(typed: str, _: FormSettings) -> str:
    """Remove the spaces and hyphens that codes are written with, and make all digits ASCII."""
    kept = (one for one in typed if not one.isspace() and unicodedata.category(one) != "Pd")
    return "".join(_ascii_digit(one) for one in kept)


def _phone(typed: str, settings: FormSettings) -> str:
    """Write a phone number in E.164."""
    number = "".join(_ascii_digit(one) for one in typed if one.isdigit() or one == "+")
    if number.startswith("00"):
        return f"+{number[2:]}"
    if number and not number.startswith("+") and settings.country_code:
        return f"+{settings.country_code.lstrip('+')}{number.removeprefix('0')}"
    return number or typed.strip()


def _date(typed: str, _: FormSettings) -> str:
    return "".join(_ascii_digit(one) for one in typed.strip())


_CLEANERS: dict[str, Callable[[str, FormSettings], str]] = {
    "code": _code,
    "phone": _phone,
    "date": _date,
}


def _ascii_digit(character: str) -> str:
    return str(unicodedata.decimal(character, character))


def _no_date(field: Field, value: str) -> Rule | None:
    with suppress(ValueError):
        date.fromisoformat(value)
        return None
    return field.rules[0]


def _chosen(field: Field, typed: str) -> str | Problem:
    by_name = {choice.value.casefold(): choice.value for choice in field.choices}
    chosen = by_name.get(typed.casefold())
    return chosen or Problem(code="choice_invalid", text=text("rule.choice"))


def read_passkey(kind: type[R], given: object) -> R | Problem:
    """Read what a browser answered to the options of a passkey, given as a mapping or as JSON.

    A browser that has no passkey gives `{"error": …}` in its place, with the name of a
    `DOMException`.
    """
    if given is None or (isinstance(given, str) and not given.strip()):
        return _missing(text("field.credential"))
    try:
        return read_response(kind, given)
    except PasskeyError as error:
        return passkey_problem(error.reason)
    except ValidationError:
        return Problem(code="passkey_invalid", text=text("rule.passkey"))
