"""Render a form as HTML that works without a script, except for passkeys.

The result is one `<form>`. Its buttons have the name `action`, so the pressed one is posted with
the fields. Texts and values are escaped. If `segno` is installed, QR codes are drawn; if not, a
link takes their place.

A passkey field is a hidden input that `PASSKEY_SCRIPT` fills in. Its options are in the attribute
`data-passkey`. If the field is required, the buttons for passkeys are hidden until the script has
shown them. If not, the passkey is one of the choices of the form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape

from auth_flow.states.forms import Action, Exhibit, Field, Form

_TYPES = {
    "password": "password",
    "new_password": "password",
    "email": "email",
    "phone": "tel",
    "date": "date",
}
"""The `type` of an input by the kind of its field; `text` for all others."""

_FOR_PASSKEYS = ("submit", "choose_factor:WEB_AUTHN")
"""The actions of a form with a required passkey field that are of use only with a passkey."""


def render(form: Form, *, post_to: str, hidden: Mapping[str, str] | None = None) -> str:
    """Return a form as HTML.

    `post_to` is the URL that it posts to, and `hidden` are values that it posts besides its fields.
    The form's own token is among the values, as `token`.
    """
    focused = _to_begin_with(form)
    by_passkey = any(field.kind == "passkey" for field in form.questions)
    kept = {**(hidden or {}), "token": form.token}
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in kept.items()
    )
    fields = "".join(_field(field, autofocus=field is focused) for field in form.fields)
    buttons = "".join(
        _button(action, first=index == 0, hidden=by_passkey and action.name in _FOR_PASSKEYS)
        for index, action in enumerate(form.actions)
    )
    alert = f'<p class="alert" role="alert">{escape(str(form.problem))}</p>' if form.problem else ""
    text = f'<p class="soft">{escape(str(form.text))}</p>' if form.text else ""
    return (
        f"<h1>{escape(str(form.title))}</h1>{alert}{text}"
        f"{''.join(map(_exhibit, form.exhibits))}"
        f'<form method="post" action="{escape(post_to)}">{inputs}{fields}{buttons}</form>'
    )


def _to_begin_with(form: Form) -> Field | None:
    """Return the field that has the focus: a faulty one, or the first that is still empty."""
    faulty = (field for field in form.questions if field.problem)
    empty = (field for field in form.questions if field.required and not field.value)
    return next(faulty, None) or next(empty, None) or next(iter(form.questions), None)


def title_of(form: Form) -> str:
    """Return the title of a page with this form. After a refusal it begins with "Error:"."""
    refused = form.problem is not None or any(field.problem for field in form.fields)
    return f"Error: {form.title}" if refused else str(form.title)


def _field(field: Field, *, autofocus: bool) -> str:
    if field.kind == "passkey":
        return _passkey(field)
    notes = _notes(field)
    described = " ".join(notes)
    if field.kind == "choice":
        return _choices(field, autofocus=autofocus, notes=notes)
    attributes = {
        "id": f"field-{field.name}",
        "name": field.name,
        "type": _TYPES.get(field.kind, "text"),
        "autocomplete": field.autocomplete,
        **({"value": field.value} if field.value is not None and not field.secret else {}),
        **({"inputmode": "numeric"} if field.autocomplete == "one-time-code" else {}),
        **({"autocapitalize": "none", "spellcheck": "false"} if field.kind == "username" else {}),
        **({"aria-describedby": described} if described else {}),
        **({"aria-invalid": "true"} if field.problem else {}),
    }
    flags = [
        *(["required"] if field.required else []),
        *(["readonly"] if field.read_only else []),
        *(["autofocus"] if autofocus else []),
    ]
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    optional = " (optional)" if not (field.required or field.read_only) else ""
    label = escape(str(field.label)) + optional
    return (
        f'<div class="field"><label for="{escape(attributes["id"])}">{label}</label>'
        f"<input {' '.join([written, *flags])}>{''.join(notes.values())}</div>"
    )


def _passkey(field: Field) -> str:
    problem = f'<p class="alert" role="alert">{escape(str(field.problem))}</p>'
    without = (
        '<p class="soft" data-without-passkeys>This page cannot use passkeys: scripts are turned '
        "off, or the browser has no passkeys. Choose another way.</p>"
    )
    return (
        f'<div data-passkey="{escape(json.dumps(field.options))}">'
        f'<input type="hidden" name="{escape(field.name)}">{problem if field.problem else ""}'
        f"{without if field.required else ''}</div>"
    )


def _notes(field: Field) -> dict[str, str]:
    """Return the texts that belong to a field, as HTML by id."""
    notes: dict[str, str] = {}
    if field.problem:
        name = f"problem-{escape(field.name)}"
        notes[name] = f'<p class="problem" id="{name}">{escape(str(field.problem))}</p>'
    if field.hint:
        name = f"hint-{escape(field.name)}"
        notes[name] = f'<p class="soft" id="{name}">{escape(str(field.hint))}</p>'
    if field.kind == "new_password" and field.rules:  # other values are typed without reading them
        name = f"rules-{escape(field.name)}"
        rules = "".join(f"<li>{escape(str(rule.text))}</li>" for rule in field.rules)
        notes[name] = f'<ul id="{name}">{rules}</ul>'
    return notes


def _choices(field: Field, *, autofocus: bool, notes: Mapping[str, str]) -> str:
    radios: list[str] = []
    known = next((one for one in field.choices if one.value == field.value), field.choices[0])
    for choice in field.choices:
        hint = f' <span class="soft">{escape(str(choice.hint))}</span>' if choice.hint else ""
        flags = (" required" if field.required else "") + (
            " autofocus" if autofocus and choice is known else ""
        )
        checked = " checked" if choice.value == field.value else ""
        radios.append(
            f'<label class="choice"><input type="radio" name="{escape(field.name)}" '
            f'value="{escape(choice.value)}"{flags}{checked}>'
            f"<span>{escape(str(choice.label))}{hint}</span></label>"
        )
    described = f' aria-describedby="{" ".join(notes)}"' if notes else ""
    return (
        f"<fieldset{described}><legend>{escape(str(field.label))}</legend>{''.join(radios)}"
        f"{''.join(notes.values())}</fieldset>"
    )


def _button(action: Action, *, first: bool, hidden: bool) -> str:
    kind = {"submit": "", "resend": "other", "alternative": "other"}.get(action.role, "link")
    # An action that leads elsewhere is allowed even if a field is still empty.
    flags = ("" if action.role == "submit" else " formnovalidate") + (" hidden" if hidden else "")
    shown = f' class="{kind}"' if kind and not (first and action.role == "resend") else ""
    return (
        f'<button name="action" value="{escape(action.name)}"{shown}{flags}>'
        f"{escape(str(action.label))}</button>"
    )


def _exhibit(exhibit: Exhibit) -> str:
    label, content = escape(str(exhibit.label)), escape(exhibit.content)
    match exhibit.kind:
        case "qr":
            return _qr_code(label, exhibit.content)
        case "copy":
            return f"<p>{label}<br><code>{content}</code></p>"
        case "link":
            return f'<p><a class="button" href="{content}">{label}</a></p>'
        case "note":
            return f'<p class="soft">{content}</p>'


def _qr_code(label: str, content: str) -> str:
    try:
        import segno
    except ImportError:
        return f'<p><a href="{escape(content)}">{label}</a></p>'
    image = escape(segno.make(content).svg_data_uri())
    return f'<img src="{image}" alt="{label}">'
