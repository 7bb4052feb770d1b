"""Flows at rest at every step, and the values that their forms would be filled in with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

from pydantic import SecretStr

from auth_flow import AuthFlow, UserPool
from auth_flow.states import Record
from auth_flow.states._record import Unanswered
from auth_flow.states.forms import Field, Form, FormName, FormSettings, PasswordRules
from tests.chart.samples import NOW, RECORDS
from tests.states.webauthn import ASSERTION

POOL = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example")
SETTINGS = FormSettings(
    required_attributes=("given_name", "birthdate", "custom:a_name_of_20_letters"),
    password_policy=PasswordRules(),
)
PASSWORD = "Correct-Horse-1"

IDLE_FORMS: tuple[FormName, ...] = get_args(FormName)

_BY_KIND = {
    "username": "ada",
    "password": PASSWORD,
    "new_password": PASSWORD,
    "code": " 123-456 ",
    "email": "ada@example.org",
    "phone": "+12065550100",
    "date": "1985-12-31",
    "text": "Ada",
    "passkey": json.dumps(ASSERTION),
}


def resting(
    record: Record, *, settings: FormSettings | None = None, password: str | None = None
) -> AuthFlow:
    """Return a flow that stands at a record, a minute after its code was sent."""
    flow = AuthFlow(POOL, record=record, clock=lambda: NOW, forms=settings or SETTINGS)
    flow._password = SecretStr(password) if password else None
    flow._record = record
    return flow


def filled(field: Field) -> str:
    """Return a value that a person could type into the field."""
    if field.name == "url":
        return "code=c-1&state=s-1"
    return field.choices[-1].value if field.choices else _BY_KIND[field.kind]


def answers(form: Form) -> dict[str, str]:
    """Return values for all fields that a person is asked for."""
    return {field.name: filled(field) for field in form.questions}


def with_lost_reply(record: Record) -> Iterator[Record]:
    """Yield the record after the reply to the event that its form makes was lost."""
    if record.state in ("RESET_PASSWORD", "DONE"):
        return  # their events may be repeated, or there are none
    names: tuple[FormName | None, ...] = ("SIGN_UP", "CONFIRM_SIGN_UP")
    for name in names if record.state == "IDLE" else (None,):
        flow = resting(record)
        form = flow.form(name)
        event = flow.fill(answers(form) if form.questions else {}, form=name)
        lost = Unanswered(event=event.name, at=NOW - 30)
        yield record.model_copy(update={"unanswered": lost, "login_id": record.login_id or "ada"})


def standing() -> Iterator[tuple[AuthFlow, FormName | None]]:
    """Every form that there is, as the flow that has it and the form's name."""
    lost = (later for record in RECORDS for later in with_lost_reply(record))
    for record in (*RECORDS, *lost):
        names: tuple[FormName | None, ...] = IDLE_FORMS if record.state == "IDLE" else (None,)
        for password in (None, PASSWORD):
            for name in names:
                yield resting(record, password=password), name


def _conditions(flow: AuthFlow) -> str:
    sent = flow.record.unanswered
    lost = f" without reply to {sent.event}" if sent else ""
    return f"{lost} with password" if flow._password else lost


STANDING: list[tuple[str, AuthFlow, FormName | None]] = [
    (f"{' '.join(filter(None, (flow.step.name, name)))}{_conditions(flow)}", flow, name)
    for flow, name in standing()
]
