"""Write the outlines of all forms anew: what each one has, and the event that each action makes.

    python3 scripts/tool.py tests.forms.outlines

The texts are there by their keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from auth_flow import AuthFlow, FormSettings, SignInOptions
from auth_flow.states import (
    AutoSignInReady,
    CodeDelivery,
    ConfirmationRequired,
    CustomChallenge,
    CustomProvider,
    EmailCode,
    Event,
    NewPasswordRequired,
    PasswordResetCode,
    Record,
    SmsCode,
    Step,
)
from auth_flow.states._base import in_clear
from auth_flow.states._record import Unanswered
from auth_flow.states.forms import Field, FormName, Text
from tests.chart.samples import CALLBACK, DELIVERY, NOW
from tests.forms.resting import PASSWORD, STANDING, answers, resting

FILE = Path(__file__).with_suffix(".txt")

_SMS = CodeDelivery(destination="+*******5309", medium="SMS")
_ATTRIBUTES = (
    *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
    *("email", "phone_number", "birthdate", "gender", "address", "locale", "zoneinfo"),
    *("website", "profile", "picture", "custom:a_name_that_is_longer_than_what_all_platforms_show"),
)
_NO_PASSWORD = FormSettings(
    sign_in_options=SignInOptions(auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP"),
    auto_sign_in=False,
    optional_attributes=_ATTRIBUTES,
    redirect_uri=CALLBACK,
    providers=("Google", CustomProvider(custom="Contoso")),
)


def _other_cases() -> Iterator[tuple[str, AuthFlow, FormName | None]]:
    """Yield forms that differ from those of the samples by the settings or by what is known."""
    idle: tuple[FormName, ...] = ("SIGN_IN", "SIGN_UP")
    for form in idle:
        yield f"IDLE {form}: no password", resting(Record(), settings=_NO_PASSWORD), form
    sent = {"code_sent_at": NOW - FormSettings().resend_delay}
    chosen = {"sign_in_options": SignInOptions(auth_flow_type="USER_AUTH"), **sent}
    preferred = {"sign_in_options": _NO_PASSWORD.sign_in_options, **sent}
    custom = {"sign_in_options": SignInOptions(auth_flow_type="CUSTOM_WITHOUT_SRP"), **sent}
    steps: tuple[tuple[str, Step, dict[str, Any]], ...] = (
        ("no code was sent", ConfirmationRequired(), {}),
        ("by SMS", ConfirmationRequired(code_delivery=_SMS), {}),
        ("by SMS", PasswordResetCode(code_delivery=_SMS), {}),
        ("the service did not say where", PasswordResetCode(code_delivery=CodeDelivery()), {}),
        ("by password", AutoSignInReady(), {}),
        ("by session", AutoSignInReady(), {"session": "s-1", "expires_at": NOW + 1}),
        ("by session that is over", AutoSignInReady(), {"session": "s-1", "expires_at": NOW}),
        ("by session without an end", AutoSignInReady(), {"session": "s-1"}),
        ("chosen", SmsCode(code_delivery=_SMS), {"challenge": "SMS_OTP", **chosen}),
        ("chosen", EmailCode(code_delivery=DELIVERY), {"challenge": "EMAIL_OTP", **chosen}),
        ("chosen by another name", SmsCode(code_delivery=_SMS), {"challenge": "SMS_MFA", **chosen}),
        ("preferred", EmailCode(code_delivery=DELIVERY), preferred),
        ("the service did not say where", EmailCode(code_delivery=CodeDelivery()), preferred),
        ("of a custom sign-in", SmsCode(code_delivery=CodeDelivery()), custom),
        ("of nobody", EmailCode(code_delivery=DELIVERY), {**preferred, "login_id": None}),
    )
    for case, step, more in steps:
        for password in (None, PASSWORD):
            record = Record(**{"step": step, "login_id": "ada", "code_sent_at": NOW - 10, **more})
            held = " with password" if password else ""
            flow = resting(record, settings=FormSettings(), password=password)
            yield f"{step.name}: {case}{held}", flow, None
    lost: tuple[tuple[Step, str, str | None], ...] = (
        (NewPasswordRequired(), "new_password", "ada"),
        (PasswordResetCode(), "confirm_reset_password", "ada"),
        (ConfirmationRequired(), "confirm_sign_up", "ada"),
        (ConfirmationRequired(code_delivery=_SMS), "confirm_sign_up", "ada"),
        (CustomChallenge(parameters={}), "answer_challenge", None),
    )
    for step, event, name in lost:
        unanswered = Unanswered(event=event, at=NOW - 10)
        record = Record(step=step, login_id=name, code_sent_at=NOW - 10, unanswered=unanswered)
        case = f"{step.name} of {name or 'nobody'} without reply to {event} with password"
        yield case, resting(record, password=PASSWORD), None


def _of_text(text: Text | None) -> str:
    if text is None:
        return "–"
    return " ".join([text.key, *(f"{name}={value}" for name, value in text.params.items())])


def _of_field(field: Field) -> Iterator[str]:
    traits = [
        field.kind,
        "required" if field.required else "optional",
        *(name for name in ("secret", "read_only") if getattr(field, name)),
        *([f"autocomplete={field.autocomplete}"] if field.autocomplete != "off" else []),
        *([f"value={field.value}"] if field.value is not None else []),
        *(["options"] if field.options is not None else []),
    ]
    yield f"  field {field.name}: {_of_text(field.label)} ({', '.join(traits)})"
    if field.hint:
        yield f"    hint {_of_text(field.hint)}"
    for choice in field.choices:
        yield f"    choice {choice.value}: {_of_text(choice.label)}"
    for rule in field.rules:
        yield f"    rule {_of_text(rule.text)}: {rule.pattern}"


def _of_event(event: Event) -> str:
    """Return the event with the members that are not the default."""
    given = {
        name: getattr(event, name)
        for name, field in type(event).model_fields.items()
        if getattr(event, name) != field.default
    }
    members = (f"{name}={_plain(value)!r}" for name, value in given.items())
    return f"{type(event).__name__}({', '.join(members)})"


def _plain(value: Any) -> Any:
    return in_clear(value) if isinstance(value, SecretStr) else value


def _outline(flow: AuthFlow, name: FormName | None) -> str:
    """Return the form of a flow, a line for each of its parts."""
    form = flow.form(name)
    lines = [f"  title {_of_text(form.title)}", f"  text {_of_text(form.text)}"]
    if form.problem:
        lines.append(f"  problem {form.problem.code}: {_of_text(form.problem.text)}")
    lines += [f"  {one.kind} {_of_text(one.label)}: {one.content}" for one in form.exhibits]
    for field in form.fields:
        lines += _of_field(field)
    for action in form.actions:
        waits = action.available_at is not None and action.available_at > NOW
        event = None if waits else flow.fill(answers(form), action.name, form=name)
        after = f"in {action.available_at - NOW:g} s" if waits else _of_event(event)
        lines.append(f"  {action.role} {action.name}: {_of_text(action.label)} → {after}")
    if form.expires_at is not None:
        lines.append(f"  expires in {form.expires_at - NOW:g} s")
    return "".join(f"{line}\n" for line in lines)


def outlines() -> str:
    """Return the outlines of all forms, each after the cases that it is the form of."""
    found: dict[str, list[str]] = {}
    for case, flow, name in (*STANDING, *_other_cases()):
        found.setdefault(_outline(flow, name), []).append(case)
    return "\n".join("\n".join([*cases, drawn]) for drawn, cases in found.items())


if __name__ == "__main__":
    FILE.write_text(outlines(), encoding="utf-8")
