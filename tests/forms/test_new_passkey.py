"""The form that offers a signed-in user to create a passkey."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auth_flow.errors import GuardRejected, PasskeyError
from auth_flow.states._passkeys import CreationOptions, RegistrationResponse
from auth_flow.states.forms import new_passkey_form, read_new_passkey
from tests.states.webauthn import CREATION_OPTIONS, REGISTRATION

OPTIONS = CreationOptions.model_validate(CREATION_OPTIONS)


def test_it_has_the_options_and_two_actions() -> None:
    form = new_passkey_form(OPTIONS)
    assert (form.name, form.token, form.problem) == ("NEW_PASSKEY", "", None)
    assert form.title.key == "form.new_passkey.title"
    assert form.text
    assert form.text.key == "form.new_passkey.text"
    (field,) = form.fields
    assert (field.name, field.kind, field.label.key) == (
        "credential",
        "passkey",
        "field.credential",
    )
    assert (field.options, field.required, field.secret) == (CREATION_OPTIONS, True, True)
    assert [(one.name, one.role, one.label.key) for one in form.actions] == [
        ("submit", "submit", "action.create_passkey"),
        ("cancel", "leave", "action.no_passkey"),
    ]


def test_it_says_why_the_last_try_failed() -> None:
    (field,) = new_passkey_form(
        OPTIONS, error=PasskeyError("There is one.", reason="InvalidStateError")
    ).fields
    assert field.problem
    assert field.problem.code == "passkey_exists"


@pytest.mark.parametrize("given", [REGISTRATION, json.dumps(REGISTRATION)])
def test_the_credential_is_read(given: object) -> None:
    credential = RegistrationResponse.model_validate(REGISTRATION)
    assert read_new_passkey({"credential": given}) == credential


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "required"),
        ({"credential": " "}, "required"),
        ({"credential": "{}"}, "passkey_invalid"),
        ({"credential": {"error": "InvalidStateError"}}, "passkey_exists"),
    ],
)
def test_a_credential_that_is_missing_or_incomplete_is_refused(
    values: dict[str, Any], code: str
) -> None:
    with pytest.raises(GuardRejected) as caught:
        read_new_passkey(values)
    error = caught.value
    assert (error.state, error.event, error.guard) == ("NEW_PASSKEY", "submit", "form_is_filled_in")
    (problem,) = error.problems.items()
    assert (problem[0], problem[1].code) == ("credential", code)
    assert str(problem[1]) == error.rule
