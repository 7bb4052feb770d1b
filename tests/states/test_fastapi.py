"""The unions as they are, as bodies and as a response model of FastAPI."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from auth_flow import Event, Idle, SmsCode, Step
from auth_flow.states import EVENTS
from auth_flow.states.steps import STEPS, CodeDelivery

PASSWORD = "Marker-password-1"

app = FastAPI()
received: list[Event] = []


@app.post("/events")
def send(event: Event) -> Step:
    received.append(event)
    return SmsCode(code_delivery=CodeDelivery(destination="+*0100", medium="SMS"))


@app.get("/step")
def step() -> Step:
    return Idle()


client = TestClient(app)


def test_an_event_is_a_body_and_a_step_a_response() -> None:
    body = {"event": "sign_in", "username": "ada", "password": PASSWORD}
    response = client.post("/events", json=body)
    assert (response.status_code, received[-1].name) == (200, "sign_in")
    assert response.json() == {
        "name": "CONFIRM_SIGN_IN_WITH_SMS_CODE",
        "code_delivery": {"destination": "+*0100", "medium": "SMS", "attribute": None},
    }
    assert client.get("/step").json() == {"name": "IDLE"}


@pytest.mark.parametrize(
    "body",
    [
        {"password": PASSWORD},
        {"username": "ada", "password": PASSWORD},
        {"event": "sign_in", "password": PASSWORD},
        {"event": PASSWORD},
        {"event": "enter_password", "password": {"text": PASSWORD}},
        PASSWORD,
        [PASSWORD],
    ],
    ids=repr,
)
def test_a_422_does_not_show_the_password(body: Any) -> None:
    response = client.post("/events", json=body)
    assert response.status_code == 422
    assert response.json()["detail"]
    assert PASSWORD not in response.text


def test_the_openapi_document_tells_them_apart() -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/events"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    reply = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(body["discriminator"]["mapping"]) == set(EVENTS)
    assert set(reply["discriminator"]["mapping"]) == set(STEPS)
    schemas = document["components"]["schemas"]
    for tag, mapping in (("event", EVENTS), ("name", STEPS)):
        for name, member in mapping.items():
            assert schemas[member.__name__]["properties"][tag]["const"] == name
            assert tag in schemas[member.__name__]["required"]
