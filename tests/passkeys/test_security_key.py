"""Security keys: the client of fido2 with a virtual key, against a real relying party.

The virtual key stands for the hardware; USB itself is not tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import anyio
import pytest
from anyio import to_thread
from fido2.ctap import CtapError
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AuthenticatorData

from auth_flow.errors import PasskeyCancelled, PasskeyError
from auth_flow.passkeys import (
    RequestOptions,
    SecurityKey,
    SoftwareAuthenticator,
    _security_key,
)
from auth_flow.states._passkeys import RelyingParty
from tests.passkeys.conftest import RP_ID, Place
from tests.passkeys.virtual_key import VirtualKey

pytestmark = pytest.mark.anyio

PIN = "2580"


def no_pin() -> str | None:
    raise AssertionError("the PIN was asked for")


@pytest.mark.parametrize("verification", ["preferred", "discouraged"])
@pytest.mark.parametrize("pin", [None, PIN])
async def test_a_key_signs_in(place: Place, pin: str | None, verification: str) -> None:
    place.settings(user_verification=verification)
    device = VirtualKey(pin)
    ask = no_pin if pin is None else lambda: pin
    key = SecurityKey(RP_ID, pin=ask, device=device)
    if pin is None and verification == "preferred":
        with pytest.raises(PasskeyError, match="no PIN yet") as caught:
            await place.add(key)
        assert caught.value.reason == "ConstraintError"
        return
    await place.add(key)
    await place.sign_in(key)
    await place.sign_in_at_once(key)
    (listed,) = (await (await place.by_password()).list_passkeys()).credentials
    assert listed.authenticator_attachment == "cross-platform"
    assert listed.authenticator_transports == ["usb"]
    assert device.closed == 0, "a key of the caller's stays open"


async def test_options_without_a_relying_party_are_for_the_host_of_the_origin(
    place: Place,
) -> None:
    device = VirtualKey(PIN)
    key = SecurityKey(RP_ID, origin=f"https://{RP_ID}:8443", pin=lambda: PIN, device=device)
    options = await (await place.by_password()).start_passkey_registration()
    await key.create(options.model_copy(update={"rp": RelyingParty(name="Example")}))
    assert [passkey["rp_id"] for passkey in device.passkeys] == [RP_ID]
    used = await key.get(RequestOptions(challenge=options.challenge))
    data = AuthenticatorData(websafe_decode(used.response.authenticator_data))
    assert data.rp_id_hash == sha256(RP_ID.encode())


async def test_what_a_registration_says(place: Place) -> None:
    options = await (await place.by_password()).start_passkey_registration()
    made = await SecurityKey(RP_ID, pin=lambda: PIN, device=VirtualKey(PIN)).create(options)
    attested = AttestationObject(websafe_decode(made.response.attestation_object))
    assert made.response.authenticator_data == websafe_encode(attested.auth_data)
    assert made.id == made.raw_id


async def test_a_key_verifies_the_person_by_its_pin(place: Place) -> None:
    place.settings(user_verification="required")
    key = SecurityKey(RP_ID, pin=lambda: PIN, device=VirtualKey(PIN))
    await place.add(key)
    await place.sign_in(key)


async def test_a_wrong_pin_is_tried_once(place: Place) -> None:
    device, typed = VirtualKey(PIN), ["0000", PIN]
    key = SecurityKey(RP_ID, pin=lambda: typed.pop(0), device=device)
    with pytest.raises(PasskeyError, match="PIN of the security key is wrong") as caught:
        await place.add(key)
    assert type(caught.value) is PasskeyError
    assert device.tries == 7
    await place.add(key)
    device.tries = 1
    with pytest.raises(PasskeyError, match="locked"):
        await place.add(SecurityKey(RP_ID, pin=lambda: "0000", device=device))


async def test_who_gives_no_pin_cancels(place: Place) -> None:
    with pytest.raises(PasskeyCancelled, match="PIN"):
        await place.add(SecurityKey(RP_ID, pin=lambda: None, device=VirtualKey(PIN)))
    with pytest.raises(PasskeyError, match=r"pin=…") as caught:
        await place.add(SecurityKey(RP_ID, device=VirtualKey(PIN)))
    assert caught.value.reason == "ConstraintError"


async def test_a_key_waits_to_be_touched(place: Place) -> None:
    device = VirtualKey(PIN)
    device.touched.clear()
    key = SecurityKey(RP_ID, pin=lambda: PIN, touch=device.touched.set, device=device)
    await place.add(key)
    device.touched.clear()
    await place.sign_in(key)
    assert device.waiting.is_set()


async def test_a_call_that_is_cancelled_lets_the_key_go(place: Place) -> None:
    device = VirtualKey(PIN)
    key = SecurityKey(RP_ID, pin=lambda: PIN, device=device)
    await place.add(key)
    device.touched.clear()
    device.waiting.clear()
    _, step = await place.asked()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(key.get, step.options)
        await to_thread.run_sync(device.waiting.wait)
        tasks.cancel_scope.cancel()
    with anyio.fail_after(20):
        await to_thread.run_sync(device.cancelled.wait)
    device.touched.set()
    await place.sign_in(key)


async def test_nobody_touches_the_key_in_time(place: Place) -> None:
    device = VirtualKey(PIN)
    key = SecurityKey(RP_ID, pin=lambda: PIN, device=device)
    await place.add(key)
    device.touched.clear()
    flow, step = await place.asked()
    hasty = step.options.model_copy(update={"timeout": 20})
    with pytest.raises(PasskeyCancelled, match="in time"):
        await key.get(hasty)
    assert flow.step == step


async def test_a_key_has_one_passkey_of_a_user(place: Place) -> None:
    key = SecurityKey(RP_ID, pin=lambda: PIN, device=VirtualKey(PIN))
    await place.add(key)
    with pytest.raises(PasskeyError, match="already has a passkey") as caught:
        await place.add(key)
    assert caught.value.reason == "InvalidStateError"


async def test_another_key_does_not(place: Place) -> None:
    await place.add(SoftwareAuthenticator(RP_ID))
    with pytest.raises(PasskeyError, match="no passkey of the user") as caught:
        await place.sign_in(SecurityKey(RP_ID, pin=lambda: PIN, device=VirtualKey(PIN)))
    assert caught.value.reason == "NotAllowedError"


async def test_a_smart_card_beside_the_key(place: Place) -> None:
    session = await place.by_password()
    made = await SoftwareAuthenticator(RP_ID).create(await session.start_passkey_registration())
    answer = made.to_json()
    answer["response"]["transports"] = ["smart-card"]
    await session.complete_passkey_registration(answer)
    key = SecurityKey(RP_ID, pin=lambda: PIN, device=VirtualKey(PIN))
    await place.add(key)
    await place.sign_in(key)


async def test_a_full_key(place: Place) -> None:
    with pytest.raises(PasskeyError, match="no room") as caught:
        await place.add(SecurityKey(RP_ID, pin=lambda: PIN, device=VirtualKey(PIN, room=0)))
    assert caught.value.reason == "ConstraintError"


async def test_a_pool_whose_algorithms_the_key_lacks(place: Place) -> None:
    options = await (await place.by_password()).start_passkey_registration()
    others = tuple(one for one in options.pub_key_cred_params if one.alg != -7)
    key = SecurityKey(RP_ID, pin=lambda: PIN, device=VirtualKey(PIN))
    with pytest.raises(PasskeyError, match="algorithms") as caught:
        await key.create(options.model_copy(update={"pub_key_cred_params": others}))
    assert caught.value.reason == "NotSupportedError"


async def test_a_pool_that_is_another_relying_party(place: Place) -> None:
    device = VirtualKey(PIN)
    await place.add(SecurityKey(RP_ID, pin=lambda: PIN, device=device))
    device.calls.clear()
    place.settings(relying_party_id="auth.example.com")
    key = SecurityKey(RP_ID, pin=no_pin, device=device)
    for use in (place.add, place.sign_in):
        with pytest.raises(PasskeyError, match=r"auth\.example\.com"):
            await use(key)
    with pytest.raises(PasskeyError, match="a subdomain"):
        SecurityKey(RP_ID, origin="https://example.com")
    assert device.calls == []


def plug_in(monkeypatch: pytest.MonkeyPatch, listed: Callable[[], Iterable[VirtualKey]]) -> None:
    monkeypatch.setattr(_security_key.CtapHidDevice, "list_devices", listed)


async def test_the_key_that_is_plugged_in(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    device = VirtualKey(PIN)
    plug_in(monkeypatch, lambda: [device])
    key = SecurityKey(RP_ID, pin=lambda: PIN)
    await place.add(key)
    await place.sign_in(key)
    assert device.closed == 2


async def test_no_key_and_too_many(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    key = SecurityKey(RP_ID)
    plug_in(monkeypatch, list)
    with pytest.raises(PasskeyError, match="Plug one in") as caught:
        await place.add(key)
    assert caught.value.reason == "NotFoundError"
    devices = [VirtualKey(), VirtualKey()]
    plug_in(monkeypatch, lambda: devices)
    with pytest.raises(PasskeyError, match="only one"):
        await place.add(key)
    assert [device.closed for device in devices] == [1, 1]

    def denied() -> Iterable[VirtualKey]:
        raise PermissionError("denied")

    plug_in(monkeypatch, denied)
    with pytest.raises(PasskeyError, match="denied") as caught:
        await place.add(key)
    assert caught.value.reason == "NotReadableError"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("code", "words", "reason", "kind"),
    [
        ("PIN_INVALID", "is wrong", "NotAllowedError", PasskeyError),
        ("PIN_AUTH_BLOCKED", "plugged in again", "NotAllowedError", PasskeyError),
        ("PIN_BLOCKED", "is locked", "NotAllowedError", PasskeyError),
        ("KEY_STORE_FULL", "no room", "ConstraintError", PasskeyError),
        ("UNSUPPORTED_ALGORITHM", "algorithms", "NotSupportedError", PasskeyError),
        ("OPERATION_DENIED", "in time", "NotAllowedError", PasskeyCancelled),
        ("USER_ACTION_TIMEOUT", "in time", "NotAllowedError", PasskeyCancelled),
        ("CREDENTIAL_EXCLUDED", "already has", "InvalidStateError", PasskeyError),
        ("UNSUPPORTED_OPTION", "cannot do what", "ConstraintError", PasskeyError),
        ("INTEGRITY_FAILURE", "refused: CTAP error: 0x3D", "UnknownError", PasskeyError),
    ],
)
async def test_what_a_key_refuses_has_words_and_a_reason(
    place: Place, code: str, words: str, reason: str, kind: type[PasskeyError]
) -> None:
    device = VirtualKey(PIN)
    device.refuses = CtapError.ERR[code]
    with pytest.raises(PasskeyError, match=words) as caught:
        await place.add(SecurityKey(RP_ID, pin=lambda: PIN, device=device))
    assert type(caught.value) is kind
    assert caught.value.reason == reason


async def test_a_refusal_that_has_no_words_of_its_own(place: Place) -> None:
    device = VirtualKey(PIN)
    key = SecurityKey(RP_ID, pin=lambda: PIN, device=device)
    await place.add(key)
    device.refuses = CtapError.ERR.INTEGRITY_FAILURE
    with pytest.raises(PasskeyError, match="refused: CTAP error: 0x3D") as caught:
        await place.sign_in(key)
    assert caught.value.reason == "UnknownError"


async def test_a_key_that_is_pulled_out(place: Place) -> None:
    device = VirtualKey(PIN)
    device.broken = OSError("No such device")
    with pytest.raises(PasskeyError, match="No such device") as caught:
        await place.add(SecurityKey(RP_ID, pin=lambda: PIN, device=device))
    assert caught.value.reason == "NotReadableError"
