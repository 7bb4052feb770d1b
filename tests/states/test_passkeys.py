"""The JSON of WebAuthn passes through its models unchanged."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from auth_flow.errors import PasskeyCancelled, PasskeyError
from auth_flow.states._passkeys import (
    AuthenticationResponse,
    AuthenticatorSelection,
    CreationOptions,
    PublicKeyCredentialDescriptor,
    RegistrationResponse,
    RequestOptions,
    WebAuthnValue,
    read_response,
)
from tests.states.webauthn import ASSERTION, CREATION_OPTIONS, REGISTRATION, REQUEST_OPTIONS

Json = dict[str, Any]
ALL = [
    (RequestOptions, REQUEST_OPTIONS),
    (CreationOptions, CREATION_OPTIONS),
    (AuthenticationResponse, ASSERTION),
    (RegistrationResponse, REGISTRATION),
]
LEAST = [
    (RequestOptions, {"challenge": "AAAA"}),
    (RequestOptions, {"challenge": "AAAA", "allowCredentials": [], "timeout": None}),
    (
        CreationOptions,
        {name: CREATION_OPTIONS[name] for name in ("rp", "user", "challenge", "pubKeyCredParams")},
    ),
    (AuthenticationResponse, {**ASSERTION, "authenticatorAttachment": None}),
]


@pytest.mark.parametrize(("model", "given"), [*ALL, *LEAST])
def test_a_value_is_passed_on_as_it_came(model: type[WebAuthnValue], given: Json) -> None:
    for value in (model.model_validate(given), model.model_validate_json(json.dumps(given))):
        assert value.to_json() == given
        assert json.loads(value.model_dump_json()) == given
        in_python = value.model_dump(by_alias=False)
        assert model.model_validate(in_python) == value
        assert len(in_python) == len(given)
        assert value.model_extra == {}


@pytest.mark.parametrize(("model", "given"), ALL)
def test_what_a_later_standard_adds_is_passed_on(model: type[WebAuthnValue], given: Json) -> None:
    later = copy.deepcopy(given)
    later["newMember"] = {"deep": [1, None]}
    for member in later.values():
        if isinstance(member, dict):
            member["anotherMember"] = "x"
    assert model.model_validate(later).to_json() == later


def test_members_have_the_names_of_python() -> None:
    options = RequestOptions.model_validate(REQUEST_OPTIONS)
    assert options.rp_id == "example.org"
    assert options.allow_credentials[0].transports == ("internal", "hybrid")
    assert RequestOptions(challenge="AAAA", rp_id="x").to_json() == {
        "challenge": "AAAA",
        "rpId": "x",
    }
    assert RequestOptions(challenge="AAAA").user_verification == "preferred"
    assert AuthenticatorSelection().user_verification == "preferred"
    assert AuthenticatorSelection().require_resident_key is False
    assert PublicKeyCredentialDescriptor(id="AAAA").type == "public-key"
    least = {name: CREATION_OPTIONS[name] for name in ("rp", "user", "challenge")}
    assert CreationOptions(**least, pub_key_cred_params=()).attestation == "none"
    assertion = AuthenticationResponse.model_validate(ASSERTION)
    assert assertion.response.client_data_json == "e30"


@pytest.mark.parametrize(("model", "given"), ALL)
def test_a_model_has_a_schema(model: type[WebAuthnValue], given: Json) -> None:
    for mode in ("validation", "serialization"):
        schema = TypeAdapter(model).json_schema(mode=mode)
        assert given.keys() <= schema["properties"].keys()
        binary = "challenge" if "challenge" in given else "rawId"
        assert (
            schema["properties"][binary].items()
            >= {"type": "string", "contentEncoding": "base64url"}.items()
        )


@pytest.mark.parametrize("wrong", ["AAAA=", "AA+A", "AA/A", "A", "AAAAA", "é", "AA A", "AAAA\n"])
def test_bytes_are_base64url(wrong: str) -> None:
    with pytest.raises(ValidationError, match="base64url"):
        RequestOptions(challenge=wrong)
    response = {**ASSERTION["response"], "signature": wrong}
    with pytest.raises(ValidationError, match=r"response\.signature") as caught:
        AuthenticationResponse.model_validate({**ASSERTION, "response": response})
    assert wrong.strip() not in str(caught.value).replace("AuthenticationResponse", "")


@pytest.mark.parametrize(
    ("model", "given", "needed"),
    [
        (AuthenticationResponse, ASSERTION, ("id", "rawId", "type", "response")),
        (RegistrationResponse, REGISTRATION, ("id", "rawId", "type", "response")),
        (CreationOptions, CREATION_OPTIONS, ("rp", "user", "challenge", "pubKeyCredParams")),
        (RequestOptions, REQUEST_OPTIONS, ("challenge",)),
    ],
)
def test_what_has_to_be_there(
    model: type[WebAuthnValue], given: Json, needed: tuple[str, ...]
) -> None:
    for member in given:
        rest = {name: value for name, value in given.items() if name != member}
        if member not in needed:
            model.model_validate(rest)
            continue
        with pytest.raises(ValidationError, match=member):
            model.model_validate(rest)


def test_a_response_does_not_show_its_signature() -> None:
    assert "c2ln" not in repr(AuthenticationResponse.model_validate(ASSERTION))
    assert "o2NmbXQ" not in repr(RegistrationResponse.model_validate(REGISTRATION))


def test_abridged_options_have_what_a_browser_needs() -> None:
    options = RequestOptions.model_validate(REQUEST_OPTIONS)
    assert options.abridged().to_json() == {
        "challenge": REQUEST_OPTIONS["challenge"],
        "timeout": 180000,
        "rpId": "example.org",
        "userVerification": "preferred",
    }
    assert RequestOptions(challenge="AAAA").abridged().to_json() == {"challenge": "AAAA"}


@pytest.mark.parametrize(
    ("name", "reason", "kind"),
    [
        ("NotAllowedError", "NotAllowedError", PasskeyCancelled),
        ("AbortError", "AbortError", PasskeyCancelled),
        ("SecurityError", "SecurityError", PasskeyError),
        ("<b>", "UnknownError", PasskeyError),
        ("e" * 9999, "UnknownError", PasskeyError),
    ],
)
def test_a_browser_that_has_no_passkey_says_why(
    name: str, reason: str, kind: type[PasskeyError]
) -> None:
    for given in ({"error": name}, json.dumps({"error": name})):
        with pytest.raises(PasskeyError) as caught:
            read_response(RegistrationResponse, given)
        assert type(caught.value) is kind
        assert caught.value.reason == reason
        if reason == "UnknownError":
            assert name not in str(caught.value)


def test_a_response_is_read_from_what_the_browser_posts() -> None:
    response = RegistrationResponse.model_validate(REGISTRATION)
    for given in (response, REGISTRATION, json.dumps(REGISTRATION)):
        assert read_response(RegistrationResponse, given) == response
    no_json = json.dumps({**REGISTRATION, "clientExtensionResults": {"x": float("nan")}})
    for wrong in ("", "[]", "{", "[" * 9999, no_json, '"\\ud800"', json.dumps(ASSERTION)):
        with pytest.raises(ValidationError):
            read_response(RegistrationResponse, wrong)
