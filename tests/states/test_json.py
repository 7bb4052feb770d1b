"""Steps and events as JSON: unions tell them apart, secrets show nowhere, and what must not be
written is refused.
"""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from auth_flow import Event, Step
from auth_flow.states import EVENTS
from auth_flow.states.steps import STEPS
from tests.chart import samples
from tests.states.webauthn import ASSERTION

ANY_EVENT = TypeAdapter[Event](Event)
ANY_STEP = TypeAdapter[Step](Step)
PASSWORD = "Marker-password-1"

SENT: list[dict[str, Any]] = [
    {"event": "sign_in", "username": "ada", "password": PASSWORD},
    {"event": "sign_in_with_redirect", "redirect_uri": "https://example.org/back"},
    {"event": "return_from_redirect", "url": "https://example.org/back?code=1"},
    {"event": "enter_code", "code": "123456", "friendly_device_name": "phone"},
    {"event": "choose_mfa", "mfa": "TOTP"},
    {"event": "choose_factor", "factor": "WEB_AUTHN"},
    {"event": "enter_password", "password": PASSWORD},
    {"event": "new_password", "password": PASSWORD, "user_attributes": {"name": "Ada"}},
    {"event": "answer_challenge", "answer": "blue"},
    {"event": "set_up_email", "email": "ada@example.org"},
    {"event": "present_passkey", "credential": ASSERTION},
    {"event": "answer", "response": "123456"},
    {"event": "sign_up", "username": "ada", "auto_sign_in": {"auth_flow_type": "USER_AUTH"}},
    {"event": "confirm_sign_up", "code": "123456"},
    {"event": "resend_code"},
    {"event": "auto_sign_in", "password": PASSWORD},
    {"event": "reset_password", "username": "ada"},
    {"event": "confirm_reset_password", "code": "1", "new_password": PASSWORD},
    {"event": "cancel"},
]


def test_the_bodies_are_complete() -> None:
    assert {body["event"] for body in SENT} == set(EVENTS)


@pytest.mark.parametrize("body", SENT, ids=lambda body: body["event"])
def test_the_tag_decides_which_event_it_is(body: dict[str, Any]) -> None:
    event = ANY_EVENT.validate_python(body)
    assert type(event) is EVENTS[body["event"]]
    fields = {name: value for name, value in body.items() if name != "event"}
    assert event == EVENTS[body["event"]].model_validate(fields)
    assert ANY_EVENT.validate_json(json.dumps(body)) == event
    assert ANY_EVENT.validate_python(event) is event


@pytest.mark.parametrize("event", samples.EVENTS, ids=lambda event: event.name)
def test_an_event_refuses_to_be_dumped(event: Event) -> None:
    for dump in (
        event.model_dump,
        event.model_dump_json,
        lambda: ANY_EVENT.dump_python(event),
        lambda: ANY_EVENT.dump_json(event),
    ):
        with pytest.raises(PydanticSerializationError, match="read back as asterisks"):
            dump()


@pytest.mark.parametrize("value", [*samples.EVENTS, *(one.step for one in samples.RECORDS)])
def test_a_repr_does_not_repeat_the_tag(value: Event | Step) -> None:
    assert not re.search(r"\b(event|name)='", repr(value))


@pytest.mark.parametrize("step", [record.step for record in samples.RECORDS])
def test_a_step_comes_back_from_json(step: Step) -> None:
    dumped = ANY_STEP.dump_python(step, mode="json")
    assert dumped == step.to_json()
    assert next(iter(dumped)) == "name"
    for again in (
        ANY_STEP.validate_python(dumped),
        ANY_STEP.validate_json(ANY_STEP.dump_json(step)),
        type(step).model_validate_json(step.model_dump_json()),
    ):
        assert again == step
        assert type(again) is type(step)


@pytest.mark.parametrize(("name", "step"), STEPS.items(), ids=list(STEPS))
def test_a_steps_name_is_its_tag(name: str, step: type[Step]) -> None:
    assert step.name == name
    assert get_args(step.model_fields["name"].annotation) == (name,)
    with pytest.raises(ValidationError):
        step.model_validate({"name": "another"})


@pytest.mark.parametrize(
    ("union", "tag", "members"), [(ANY_EVENT, "event", EVENTS), (ANY_STEP, "name", STEPS)]
)
@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_schema_requires_the_tag(
    union: TypeAdapter[Any], tag: str, members: dict[str, Any], mode: Any
) -> None:
    if union is ANY_EVENT and mode == "serialization":
        return  # events are never written
    schema = union.json_schema(mode=mode)
    assert schema["discriminator"]["propertyName"] == tag
    assert set(schema["discriminator"]["mapping"]) == set(members)
    for name, member in members.items():
        defined = schema["$defs"][member.__name__]
        assert tag in defined["required"]
        assert defined["properties"][tag]["const"] == name
        if mode == "validation":
            fields = member.model_fields.items()
            needed = [field for field, info in fields if info.is_required() and field != tag]
            assert defined["required"] == [tag, *needed]
        assert "default" not in defined["properties"][tag]


def test_the_schema_shows_the_limits_of_a_user_name() -> None:
    defined = ANY_EVENT.json_schema()["$defs"]
    for name in ("SignIn", "SignUp"):
        field = defined[name]["properties"]["username"]
        assert (field["minLength"], field["maxLength"]) == (1, 128)
    optional = defined["ResetPassword"]["properties"]["username"]["anyOf"]
    assert {"type": "string", "minLength": 1, "maxLength": 128} in optional


class Envelope(BaseModel):
    flow: str
    event: Event


@pytest.mark.parametrize(
    "body",
    [
        {"username": "ada", "password": PASSWORD},
        {"event": PASSWORD, "username": "ada"},
        {"event": [PASSWORD]},
        {"event": "sign_in", "username": "ada", "password": [PASSWORD]},
        {"event": "sign_in", "password": PASSWORD},
        {"event": "sign_in", "username": "ada", "password": PASSWORD, "extra": PASSWORD},
        {"event": "enter_code", "code": {"code": PASSWORD}},
        {"name": "DONE", "signed_in": PASSWORD},
        {"name": PASSWORD},
        [PASSWORD],
        PASSWORD,
    ],
    ids=repr,
)
def test_the_errors_of_the_unions_do_not_show_the_input(body: Any) -> None:
    for validate in (
        ANY_EVENT.validate_python,
        lambda body: ANY_EVENT.validate_json(json.dumps(body)),
        ANY_STEP.validate_python,
        lambda body: Envelope.model_validate({"flow": "f", "event": body}),
    ):
        with pytest.raises(ValidationError) as caught:
            validate(body)
        for text in (
            str(caught.value),
            caught.value.json(),
            repr(caught.value.errors()),
            repr(caught.value.__context__),
        ):
            assert PASSWORD not in text
