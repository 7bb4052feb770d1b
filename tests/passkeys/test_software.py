"""The authenticator in software, against a relying party that verifies everything."""

from __future__ import annotations

import json
import sys
from typing import Any

import anyio.lowlevel
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AuthenticatorData
from pydantic import SecretStr

import auth_flow.passkeys
from auth_flow import PresentPasskey
from auth_flow.errors import (
    MissingExtra,
    NotAuthorizedException,
    PasskeyCancelled,
    PasskeyError,
    WebAuthnCredentialNotSupportedException,
)
from auth_flow.passkeys import CreationOptions, RequestOptions, SoftwareAuthenticator
from tests.passkeys.conftest import RP_ID, Place
from tests.session.test_frames import frames, shown
from tests.states.webauthn import CREATION_OPTIONS

pytestmark = pytest.mark.anyio


class Shelf:
    """Keeps the latest text of an authenticator."""

    def __init__(self) -> None:
        self.texts: list[SecretStr] = []

    async def keep(self, text: SecretStr) -> None:
        self.texts.append(text)

    def authenticator(self, **options: Any) -> SoftwareAuthenticator:
        kept = self.texts[-1] if self.texts else None
        return SoftwareAuthenticator(RP_ID, kept=kept, keep=self.keep, **options)


@pytest.mark.parametrize("verification", ["required", "preferred", "discouraged"])
async def test_a_passkey_signs_in(place: Place, verification: str) -> None:
    place.settings(user_verification=verification)
    authenticator = SoftwareAuthenticator(RP_ID)
    await place.add(authenticator)
    await place.sign_in(authenticator)
    await place.sign_in_at_once(authenticator)


async def test_what_was_kept_signs_in_another_time(place: Place) -> None:
    shelf = Shelf()
    await place.add(shelf.authenticator())
    for _ in range(3):
        await place.sign_in(shelf.authenticator())
    text = json.loads(shelf.texts[-1].get_secret_value())
    assert text.keys() == {"version", "passkeys"}
    assert text["version"] == 1
    (kept,) = text["passkeys"]
    assert kept["counter"] == 3
    assert kept["private_key"] not in repr(shelf.authenticator())
    assert kept["private_key"] not in repr(shelf.authenticator()._passkeys)


async def test_an_old_text_is_a_counter_that_does_not_grow(place: Place) -> None:
    shelf = Shelf()
    await place.add(shelf.authenticator())
    await place.sign_in(shelf.authenticator())
    old = SoftwareAuthenticator(RP_ID, kept=shelf.texts[0])
    with pytest.raises(NotAuthorizedException, match="count"):
        await place.sign_in(old)
    await place.sign_in(old)  # its counter has grown past the other one


async def test_nothing_is_answered_that_was_not_kept(place: Place) -> None:
    texts: list[SecretStr] = []

    async def full(text: SecretStr) -> None:
        texts.append(text)
        raise OSError("The disk is full.")

    with pytest.raises(OSError, match="full") as caught:
        await place.add(SoftwareAuthenticator(RP_ID, keep=full))
    (kept,) = json.loads(texts[0].get_secret_value())["passkeys"]
    for _, values in frames(caught.tb):
        assert not [text for text in shown(values) if kept["private_key"] in text]
    assert (await (await place.by_password()).list_passkeys()).credentials == []


async def test_two_answers_at_once_have_two_counters(place: Place) -> None:
    shelf = Shelf()

    async def confirm(_: str) -> bool:
        await anyio.lowlevel.checkpoint()
        return True

    authenticator = shelf.authenticator(confirm=confirm)
    await place.add(authenticator)
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(place.sign_in, authenticator)
    counters = [
        json.loads(text.get_secret_value())["passkeys"][0]["counter"] for text in shelf.texts
    ]
    assert counters == [0, 1, 2, 3]


PASSKEY = {"id": "AA", "rp_id": RP_ID, "user_id": "AA", "user_name": "ada", "private_key": "AQ"}


@pytest.mark.parametrize("counter", [{}, {"counter": 0}, {"counter": 2**32 - 2}])
def test_a_text_that_was_kept(counter: dict[str, int]) -> None:
    kept = json.dumps({"passkeys": [{**PASSKEY, **counter}]})
    assert SoftwareAuthenticator(RP_ID, kept=kept).passkey_ids == ("AA",)


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "marker{",
        '["marker"]',
        '{"version": 2, "passkeys": []}',
        '{"passkeys": [{"id": "marker"}]}',
        json.dumps({"passkeys": [{**PASSKEY, "private_key": "marker" * 20}]}),
        json.dumps({"passkeys": [{**PASSKEY, "private_key": ""}]}),
        json.dumps({"passkeys": [{**PASSKEY, "counter": -1}]}),
        json.dumps({"passkeys": [{**PASSKEY, "counter": 2**32 - 1}]}),
    ],
)
def test_a_text_that_was_not_kept_is_refused(kept: str) -> None:
    with pytest.raises(ValueError, match="no text that a SoftwareAuthenticator kept") as caught:
        SoftwareAuthenticator(RP_ID, kept=kept)
    assert caught.value.__suppress_context__
    for _, values in frames(caught.tb):
        assert not [text for text in shown(values) if "marker" in text]


async def test_who_declines_is_asked_again(place: Place) -> None:
    questions: list[str] = []
    answers = [False, True, False, True]

    async def confirm(question: str) -> bool:
        questions.append(question)
        return answers.pop(0)

    authenticator = SoftwareAuthenticator(RP_ID, confirm=confirm)
    with pytest.raises(PasskeyCancelled):
        await place.add(authenticator)
    assert authenticator.passkey_ids == ()
    await place.add(authenticator)
    flow, step = await place.asked()
    with pytest.raises(PasskeyCancelled) as caught:
        await authenticator.get(step.options)
    assert flow.step == step
    (field,) = flow.form(error=caught.value).fields
    assert field.problem
    assert field.problem.code == "passkey_cancelled"
    await place.sign_in(authenticator)
    assert questions[0] == "Make a passkey for ada at example.org?"
    assert questions[-1] == "Sign in to example.org as ada?"


async def test_one_of_several_users(place: Place) -> None:
    shelf, asked = Shelf(), list[str]()

    async def confirm(question: str) -> bool:
        asked.append(question)
        return "eve" not in question

    await place.add(shelf.authenticator())
    eve = creation(user={"id": "ZXZl", "name": "eve", "displayName": "Eve"})
    await shelf.authenticator().create(eve)
    flow, step = await place.asked()
    anybody = RequestOptions(challenge=step.options.challenge, rp_id=RP_ID)
    passkey = await shelf.authenticator(confirm=confirm).get(anybody)
    await flow.send(PresentPasskey(credential=passkey))
    assert flow.signed_in
    assert asked == ["Sign in to example.org as eve?", "Sign in to example.org as ada?"]


async def test_one_authenticator_has_one_passkey_of_a_user(place: Place) -> None:
    authenticator = SoftwareAuthenticator(RP_ID)
    await place.add(authenticator)
    with pytest.raises(PasskeyError, match="already has a passkey") as caught:
        await place.add(authenticator)
    assert caught.value.reason == "InvalidStateError"
    session = await place.by_password()
    (listed,) = (await session.list_passkeys()).credentials
    assert authenticator.passkey_ids == (listed.credential_id,)
    await session.delete_passkey(listed.credential_id)
    await place.add(authenticator)
    assert len(authenticator.passkey_ids) == 1, "the one that the pool forgot was replaced"
    await place.sign_in(authenticator)
    await authenticator.forget(authenticator.passkey_ids[0])
    with pytest.raises(PasskeyError, match="no passkey of this user") as caught:
        await place.sign_in(authenticator)
    assert caught.value.reason == "NotAllowedError"


async def test_a_second_authenticator(place: Place) -> None:
    first, second = SoftwareAuthenticator(RP_ID), SoftwareAuthenticator(RP_ID)
    await place.add(first)
    await place.add(second)
    session = await place.by_password()
    listed = (await session.list_passkeys()).credentials
    assert [one.credential_id for one in listed] == [*first.passkey_ids, *second.passkey_ids]
    for authenticator in (first, second):
        await place.sign_in(authenticator)
    await session.delete_passkey(first.passkey_ids[0])
    with pytest.raises(PasskeyError, match="no passkey"):
        await place.sign_in(first)
    await place.sign_in(second)


async def test_a_person_who_is_not_verified(place: Place) -> None:
    authenticator = SoftwareAuthenticator(RP_ID, verifies_user=False)
    await place.add(authenticator)
    await place.sign_in(authenticator)
    place.settings(user_verification="required")
    for use in (place.sign_in, place.add):
        with pytest.raises(PasskeyError, match="verified") as caught:
            await use(authenticator)
        assert caught.value.reason == "ConstraintError"


def creation(**changes: object) -> CreationOptions:
    return CreationOptions.model_validate({**CREATION_OPTIONS, **changes})


async def test_what_a_registration_says() -> None:
    made = (await SoftwareAuthenticator(RP_ID).create(creation())).to_json()
    assert made["clientExtensionResults"] == {"credProps": {"rk": True}}
    assert made["authenticatorAttachment"] == "platform"
    response = made["response"]
    assert response["transports"] == ["internal"]
    assert response["publicKeyAlgorithm"] == -7
    assert set(response) == {
        *("clientDataJSON", "attestationObject", "authenticatorData", "publicKey"),
        *("transports", "publicKeyAlgorithm"),
    }
    assert client_data(response) == (
        '{"type":"webauthn.create","challenge":"Y2hhbGxlbmdlLWNoYWxsZW5nZQ",'
        '"origin":"https://example.org","crossOrigin":false}'
    )
    credential = AuthenticatorData(websafe_decode(response["authenticatorData"])).credential_data
    assert credential
    public_key = load_der_public_key(websafe_decode(response["publicKey"]))
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    assert public_key.public_numbers().x == int.from_bytes(credential.public_key[-2])
    assert made["id"] == made["rawId"] == websafe_encode(credential.credential_id)
    assert len(credential.credential_id) == 16
    assert [len(credential.public_key[part]) for part in (-2, -3)] == [32, 32]
    for changes in ({"extensions": None}, {"authenticatorSelection": None}):
        plain = await SoftwareAuthenticator(RP_ID).create(creation(**changes))
        wanted = "extensions" not in changes
        assert plain.client_extension_results == ({"credProps": {"rk": True}} if wanted else {})


def client_data(response: dict[str, Any]) -> str:
    """The JSON that was signed. Servers may compare it as text."""
    return websafe_decode(response["clientDataJSON"]).decode()


async def test_what_a_sign_in_says() -> None:
    authenticator = SoftwareAuthenticator(RP_ID)
    made = await authenticator.create(creation())
    used = (await authenticator.get(RequestOptions(challenge="AAAA", rp_id=RP_ID))).to_json()
    response = used.pop("response")
    assert used == {
        "id": made.id,
        "rawId": made.id,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
    }
    assert response.keys() == {"clientDataJSON", "authenticatorData", "signature", "userHandle"}
    assert response["userHandle"] == CREATION_OPTIONS["user"]["id"]
    assert client_data(response) == (
        '{"type":"webauthn.get","challenge":"AAAA","origin":"https://example.org",'
        '"crossOrigin":false}'
    )


@pytest.mark.parametrize(
    ("attestation", "form"),
    [("none", "none"), ("indirect", "none"), ("direct", "packed"), ("enterprise", "packed")],
)
async def test_an_attestation_if_the_pool_wants_one(
    place: Place, attestation: str, form: str
) -> None:
    authenticator = SoftwareAuthenticator(RP_ID)
    session = await place.by_password()
    options = await session.start_passkey_registration()
    wanted = options.model_copy(update={"attestation": attestation})
    made = await authenticator.create(wanted)
    assert AttestationObject(websafe_decode(made.response.attestation_object)).fmt == form
    await session.complete_passkey_registration(made)
    await place.sign_in(authenticator)


async def test_an_answer_to_other_options_is_refused(place: Place) -> None:
    authenticator = SoftwareAuthenticator(RP_ID)
    session = await place.by_password()
    old = await session.start_passkey_registration()
    await session.start_passkey_registration()
    with pytest.raises(WebAuthnCredentialNotSupportedException):
        await session.complete_passkey_registration(await authenticator.create(old))


async def test_a_pool_without_es256() -> None:
    options = creation(pubKeyCredParams=[{"type": "public-key", "alg": -257}])
    with pytest.raises(PasskeyError, match="ES256") as caught:
        await SoftwareAuthenticator(RP_ID).create(options)
    assert caught.value.reason == "NotSupportedError"


@pytest.mark.parametrize(
    ("rp_id", "origin", "words"),
    [
        ("example.org", "https://example.org/", "is not an origin"),
        ("example.org", "example.org", "is not an origin"),
        ("example.org", "https://[", "is not an origin"),
        ("example.org", "https://", "is not an origin"),
        ("example.org", "http://localhost:3000", "a subdomain"),
        ("example.org", "http://example.org", "not secure"),
        ("example.org", "https://notexample.org", "a subdomain"),
        ("app.example.org", "https://example.org", "a subdomain"),
        ("co.uk", "https://shop.co.uk", "public suffix"),
        ("", "https://example.org", "RelyingPartyId"),
        ("https://example.org", None, "without scheme"),
        ("localhost:3000", None, "without scheme and port"),
        ("Example.org", None, "lower case"),
    ],
)
def test_an_origin_that_does_not_fit_says_what_to_set(
    rp_id: str, origin: str | None, words: str
) -> None:
    with pytest.raises(PasskeyError, match=words) as caught:
        SoftwareAuthenticator(rp_id, origin=origin)
    assert caught.value.reason == "SecurityError"


@pytest.mark.parametrize(
    ("rp_id", "origin"),
    [
        ("example.org", None),
        ("example.org", "https://app.example.org:8443"),
        ("localhost", "http://localhost:3000"),
    ],
)
async def test_an_origin_that_fits(place: Place, rp_id: str, origin: str | None) -> None:
    place.settings(relying_party_id=rp_id)
    authenticator = SoftwareAuthenticator(rp_id, origin=origin)
    await place.add(authenticator)
    await place.sign_in(authenticator)


async def test_a_pool_that_is_another_relying_party(place: Place) -> None:
    """With managed login, the relying party id has to be the custom domain of the pool."""
    authenticator = SoftwareAuthenticator(RP_ID)
    await place.add(authenticator)
    place.settings(relying_party_id="auth.example.com")
    for use in (place.sign_in, place.add):
        with pytest.raises(PasskeyError, match=r"'auth\.example\.com'.*custom domain") as caught:
            await use(authenticator)
        assert caught.value.reason == "SecurityError"
    without = RequestOptions(challenge="AAAA")
    assert await authenticator.get(without), "the origin decides"


def test_without_fido2_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("_fido", "_site", "_software", "_security_key"):
        monkeypatch.delitem(sys.modules, f"auth_flow.passkeys.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "fido2.client", None)
    for name in ("SoftwareAuthenticator", "SecurityKey"):
        with pytest.raises(MissingExtra, match=r"auth-flow\[passkeys\]") as caught:
            getattr(auth_flow.passkeys, name)
        assert caught.value.__suppress_context__
