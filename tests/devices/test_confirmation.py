"""New devices are confirmed after every way of getting tokens, and a failure is never fatal."""

from __future__ import annotations

import base64
import platform
from collections.abc import Mapping
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from auth_flow import (
    AuthFlow,
    AutoSignIn,
    DeviceNotConfirmed,
    Done,
    EnterCode,
    MemoryStore,
    Observers,
    SignIn,
    SignUp,
    Tokens,
    TransportError,
)
from auth_flow.embedded import TurnableClock
from auth_flow.errors import (
    AuthFlowError,
    InternalErrorException,
    InvalidParameterException,
    SessionEnded,
    StoreUnavailable,
)
from auth_flow.session import RememberedDevice, Session
from auth_flow.states import _srp as srp
from auth_flow.states._base import reveal
from auth_flow.states.steps import CurrentDevice
from auth_flow.stores import Entry
from tests.flow.scripted import (
    POOL,
    SUBJECT,
    Clock,
    Exchange,
    Json,
    Script,
    challenge,
    initiate,
    jwt,
    refusal,
    respond,
    tokens,
)

from .conftest import ANSWERS, EMAIL, PASSWORD, Asked, Place, sent_device_keys

pytestmark = pytest.mark.anyio

DEVICE = RememberedDevice(key="eu-west-1_0e0f", group_key="-group", password="c2VjcmV0")
NEW = {"DeviceKey": "eu-west-1_0a1b", "DeviceGroupKey": "-group"}


class Kept:
    """Equal to every ConfirmDevice request, and keeps it."""

    body: Json

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, dict)
        self.body = other
        return True

    __hash__ = None  # type: ignore[assignment]


def confirmed(**reply: Any) -> tuple[Kept, Exchange]:
    kept: Any = Kept()
    return kept, Exchange("ConfirmDevice", kept, reply)


def flow_of(script: Script, **options: Any) -> AuthFlow:
    return AuthFlow(POOL, transport=script, **options)


AT_ONCE: Asked = (tokens(NewDeviceMetadata=NEW), None, {})


@pytest.mark.parametrize("way", ["tokens at once", *ANSWERS])
async def test_after_every_way_of_getting_tokens(script: Script, way: str) -> None:
    begun, event, responses = ANSWERS.get(way, AT_ONCE)
    flow = flow_of(script)
    kept, confirmation = confirmed(UserConfirmationNecessary=False)
    at_once = [confirmation] if event is None else []
    script.expect(initiate("USER_AUTH", begun, USERNAME="ada"), *at_once)
    step = await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    if event is not None:
        answered = respond(
            way, "session-1", tokens(NewDeviceMetadata=NEW), USERNAME="ada", **responses
        )
        script.expect(answered, confirmation)
        step = await flow.send(event)
    assert isinstance(step, Done)
    assert step.device == CurrentDevice(key=NEW["DeviceKey"])
    assert _is_a_verifier(kept.body, flow)


async def test_after_setting_up_an_authenticator_app(script: Script) -> None:
    flow = flow_of(script)
    kept, confirmation = confirmed()
    set_up = challenge("MFA_SETUP", "session-1", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]')
    script.expect(
        initiate("USER_AUTH", set_up, USERNAME="ada"),
        Exchange(
            "AssociateSoftwareToken",
            {"Session": "session-1"},
            {"SecretCode": "JBSWY3DP", "Session": "session-2"},
        ),
    )
    await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    script.expect(
        Exchange(
            "VerifySoftwareToken",
            {"Session": "session-2", "UserCode": "123456"},
            {"Status": "SUCCESS", "Session": "session-3"},
        ),
        respond("MFA_SETUP", "session-3", tokens(NewDeviceMetadata=NEW), USERNAME="ada"),
        confirmation,
    )
    await flow.send(EnterCode(code="123456"))
    assert _is_a_verifier(kept.body, flow)


@pytest.mark.parametrize("hours", [0, 1], ids=["by the session", "with the password"])
async def test_after_an_auto_sign_in(optional: Place, clock: TurnableClock, hours: int) -> None:
    flow, attributes = optional.flow(), {"email": "zoe@example.org"}
    await flow.send(
        SignUp(username="zoe", password=PASSWORD, user_attributes=attributes, auto_sign_in=True)
    )
    message = optional.service.outbox.last("zoe")
    assert message is not None
    await flow.send(EnterCode(code=message.code))
    clock.turn(hours=hours)
    step = await flow.send(AutoSignIn())
    assert isinstance(step, Done)
    (device,) = await flow.session.fetch_devices()
    assert step.device == CurrentDevice(key=device.device_key)
    await flow.session.sign_out()
    await flow.send(SignIn(username="zoe", password=PASSWORD))
    assert set(sent_device_keys(optional)) == {None, device.device_key}
    assert [one.device_key for one in await flow.session.fetch_devices()] == [device.device_key]


def _is_a_verifier(body: Json, flow: AuthFlow) -> bool:
    """Whether the service can check the device's proof with what it was given."""
    device, config = flow.session.device, body["DeviceSecretVerifierConfig"]
    assert device is not None
    assert set(body) == {
        "AccessToken",
        "DeviceKey",
        "DeviceName",
        "DeviceSecretVerifierConfig",
    }
    assert body["DeviceKey"] == device.key == NEW["DeviceKey"]
    salt = int.from_bytes(base64.b64decode(config["Salt"]), "big")
    secret = reveal(device.password)
    verifier = pow(2, srp.password_key(salt, device.group_key, device.key, secret), srp.N)
    assert len(base64.b64decode(secret)) == 40
    octets = verifier.to_bytes(verifier.bit_length() // 8 + 1, "big")
    return base64.b64decode(config["PasswordVerifier"]) == octets


@pytest.mark.parametrize("metadata", [None, {}, {"DeviceKey": "k"}, {"DeviceGroupKey": "g"}])
async def test_without_metadata_nothing_is_confirmed(script: Script, metadata: Json | None) -> None:
    flow = flow_of(script)
    script.expect(initiate("USER_AUTH", tokens(NewDeviceMetadata=metadata), USERNAME="ada"))
    step = await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    assert isinstance(step, Done)
    assert step.device is None


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, f"auth-flow on {platform.system()}"),
        ("", f"auth-flow on {platform.system()}"),
        ("Firefox", "Firefox"),
        ("x" * 1025, "x" * 1024),
    ],
)
async def test_a_device_has_a_name(script: Script, given: str | None, sent: str) -> None:
    kept, confirmation = confirmed()
    script.expect(
        initiate("USER_AUTH", tokens(NewDeviceMetadata=NEW), USERNAME="ada"), confirmation
    )
    flow = flow_of(script, device_name=given)
    await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    assert kept.body["DeviceName"] == sent


INVALID = InvalidParameterException("Invalid device key given.", operation="ConfirmDevice")
NO_ANSWER = TransportError("No answer.", operation="ConfirmDevice")


async def test_a_failure_is_reported_and_tried_again_before_the_next_refresh(
    always: Place, clock: TurnableClock
) -> None:
    always.transport.failures["ConfirmDevice"] = [INVALID]
    flow, _ = await always.sign_in()
    assert isinstance(flow.step, Done)
    assert flow.step.signed_in
    assert flow.step.device is not None
    assert flow.step.device.error == "InvalidParameterException"
    assert flow.session.device is None
    key = flow.step.device.key
    (notice,) = [one for one in always.notices if isinstance(one, DeviceNotConfirmed)]
    assert notice == DeviceNotConfirmed("ada", always.user.sub, key, INVALID)

    always.transport.requests.clear()
    await flow.session.fresh_tokens(force=True)
    assert always.transport.operations == ["ConfirmDevice", "GetTokensFromRefreshToken"]
    assert flow.session.device is not None
    assert (await always.sign_in())[1] == []


async def test_it_is_tried_again_soon(always: Place, clock: TurnableClock) -> None:
    """Once the access token has expired, it is too late."""
    always.transport.failures["ConfirmDevice"] = [INVALID, INVALID]
    flow, _ = await always.sign_in()
    always.transport.requests.clear()
    for seconds, attempts in ((59, 0), (1, 1), (59, 1), (1, 2), (60, 2)):
        clock.turn(seconds=seconds)
        await flow.session.fresh_tokens()
        assert always.transport.operations == ["ConfirmDevice"] * attempts
    clock.turn(hours=2)
    await flow.session.fresh_tokens()
    assert always.transport.operations[2:] == ["GetTokensFromRefreshToken"]


async def test_it_is_tried_once_at_a_time(always: Place, clock: TurnableClock) -> None:
    always.transport.failures["ConfirmDevice"] = [INVALID]
    flow, _ = await always.sign_in()
    always.transport.requests.clear()
    clock.turn(minutes=1)
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(flow.session.fresh_tokens)
    assert always.transport.operations == ["ConfirmDevice"]


async def test_tokens_of_a_device_that_was_never_confirmed_end(
    always: Place, clock: TurnableClock
) -> None:
    always.transport.failures["ConfirmDevice"] = [INVALID]
    flow, _ = await always.sign_in()
    clock.turn(hours=2)
    with pytest.raises(SessionEnded):
        await flow.session.fresh_tokens()
    await always.sign_in()
    assert (await always.sign_in())[1] == []


async def test_another_process_tries_again(always: Place, clock: TurnableClock) -> None:
    always.transport.failures["ConfirmDevice"] = [INVALID]
    _, _ = await always.sign_in()
    for attempts in (1, 0):
        always.transport.requests.clear()
        session = await Session.load(
            always.pool, "ada", transport=always.transport, store=always.store, clock=clock
        )
        await session.fresh_tokens()
        assert always.transport.operations.count("ConfirmDevice") == attempts
    assert session.device is not None
    assert (await always.sign_in())[1] == []


async def test_a_confirmation_that_was_not_stored_is_stored_later(
    always: Place, clock: TurnableClock
) -> None:
    class Full(MemoryStore):
        full = False

        async def save(self, key: str, *arguments: Any, **options: Any) -> str:
            if self.full and key.startswith("session"):
                raise StoreUnavailable("The disk is full.")
            return await super().save(key, *arguments, **options)

    always.store = store = Full(clock)
    confirm = always.transport.transport.call

    async def fills_the_disk(operation: str, body: dict[str, Any]) -> dict[str, Any]:
        store.full = store.full or operation == "ConfirmDevice"
        return await confirm(operation, body)

    always.transport.transport.call = fills_the_disk  # type: ignore[assignment, method-assign]
    flow, _ = await always.sign_in()
    assert store.full
    store.full = False
    await flow.session.fresh_tokens(force=True)
    always.transport.requests.clear()
    session = await Session.load(
        always.pool,
        session_id=flow.session.session_id,
        transport=always.transport,
        store=store,
        clock=clock,
    )
    await session.fresh_tokens()
    assert always.transport.operations == []


@pytest.mark.parametrize(
    "failure",
    [NO_ANSWER, InternalErrorException("Oh.", operation="ConfirmDevice", status=500)],
)
async def test_a_reply_that_was_lost_leaves_the_secret_good(
    always: Place, failure: AuthFlowError
) -> None:
    always.transport.failures["ConfirmDevice"] = [failure]
    always.transport.lost.append("ConfirmDevice")
    flow, _ = await always.sign_in()
    assert flow.session.device is None
    await flow.session.fresh_tokens(force=True)
    assert flow.session.device is not None
    assert (await always.sign_in())[1] == []


async def test_another_process_that_was_faster_keeps_its_secret(
    always: Place, clock: TurnableClock
) -> None:
    always.transport.failures["ConfirmDevice"] = [INVALID]
    flow, _ = await always.sign_in()
    other = await Session.load(
        always.pool, "ada", transport=always.transport, store=always.store, clock=clock
    )
    await other.fresh_tokens()
    always.notices.clear()
    clock.turn(minutes=1)
    await flow.session.fresh_tokens()
    assert flow.session.device == other.device
    assert always.notices == []
    assert (await always.sign_in())[1] == []


async def test_a_call_that_was_cancelled_leaves_the_secret_good(
    always: Place, clock: TurnableClock
) -> None:
    always.transport.failures["ConfirmDevice"] = [INVALID]
    flow, _ = await always.sign_in()
    clock.turn(minutes=1)
    confirm = always.transport.transport.call
    with anyio.CancelScope() as scope:

        async def cancelled(operation: str, body: dict[str, Any]) -> dict[str, Any]:
            always.transport.transport.call = confirm  # type: ignore[method-assign]
            await confirm(operation, body)
            scope.cancel()
            await anyio.sleep_forever()
            raise AssertionError

        always.transport.transport.call = cancelled  # type: ignore[assignment, method-assign]
        await flow.session.fresh_tokens()
    assert flow.session.device is None
    await flow.session.fresh_tokens()
    assert flow.session.device is not None
    assert (await always.sign_in())[1] == []


@pytest.mark.parametrize("refreshed", [False, True])
async def test_a_secret_that_is_lost_is_given_up(
    always: Place, clock: TurnableClock, refreshed: bool
) -> None:
    always.transport.failures["ConfirmDevice"] = [NO_ANSWER]
    always.transport.lost.append("ConfirmDevice")
    await always.sign_in()
    always.transport.requests.clear()
    for _ in range(2):
        session = await Session.load(
            always.pool, "ada", transport=always.transport, store=always.store, clock=clock
        )
        await session.fresh_tokens(force=refreshed)
        assert always.transport.operations.count("ConfirmDevice") == 1
        assert session.device is None


async def test_a_cancelled_sign_in_finishes_the_confirmation() -> None:
    class Cancelling(Script):
        async def call(self, operation: str, body: Mapping[str, object]) -> Json:
            reply = await super().call(operation, body)
            if operation == "ConfirmDevice":
                scope.cancel()
                await anyio.lowlevel.checkpoint()
            return reply

    script = Cancelling()
    flow = flow_of(script)
    script.expect(
        initiate("USER_AUTH", tokens(NewDeviceMetadata=NEW), USERNAME="ada"), confirmed()[1]
    )
    with anyio.CancelScope() as scope:
        await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    device = (await flow.devices.load()).find("ada")
    assert device is not None
    assert device.key == NEW["DeviceKey"]


async def test_a_flow_without_a_store_knows_the_device_as_long_as_it_lives(script: Script) -> None:
    flow, event = flow_of(script), SignIn(username="ada", auth_flow_type="USER_AUTH")
    script.expect(
        initiate("USER_AUTH", tokens(NewDeviceMetadata=NEW), USERNAME="ada"), confirmed()[1]
    )
    await flow.send(event)
    elsewhere, device = flow_of(script), flow.session.device
    assert device is not None
    step = await elsewhere.restore_session(flow.session.tokens, device=device)
    assert isinstance(step, Done)
    assert step.device == CurrentDevice.of(device)
    for each in (flow, elsewhere):
        await each.session.sign_out()
        script.expect(initiate("USER_AUTH", tokens(), USERNAME="ada", DEVICE_KEY=NEW["DeviceKey"]))
        await each.send(event)


async def test_a_store_that_fails_does_not_undo_the_confirmation(script: Script) -> None:
    class Full(MemoryStore):
        async def save(self, key: str, *arguments: Any, **options: Any) -> str:
            if key.startswith("devices/"):
                raise full
            return await super().save(key, *arguments, **options)

    full, notices = StoreUnavailable("The disk is full."), []  # type: ignore[var-annotated]
    flow = flow_of(
        script, store=Full(), installation_id="laptop", observers=Observers([notices.append])
    )
    script.expect(
        initiate("USER_AUTH", tokens(NewDeviceMetadata=NEW), USERNAME="ada"), confirmed()[1]
    )
    step = await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    assert isinstance(step, Done)
    assert step.device == CurrentDevice(key=NEW["DeviceKey"], error="StoreUnavailable")
    assert [one.error for one in notices if isinstance(one, DeviceNotConfirmed)] == [full]


async def test_a_store_of_devices_that_stops_answering_does_not_undo_the_sign_in(
    always: Place,
) -> None:
    class Stopping(MemoryStore):
        answers = 9

        async def load(self, key: str) -> Entry | None:
            self.answers -= key.startswith("devices/")
            if self.answers < 0:
                raise StoreUnavailable("No answer.")
            return await super().load(key)

    always.store = store = Stopping()
    await always.sign_in()
    store.answers = 1  # the one at the beginning of the sign-in
    flow, seen = await always.sign_in()
    assert seen == []
    assert isinstance(flow.step, Done)
    assert flow.step.device is not None
    assert flow.step.device.error == "StoreUnavailable"
    assert any(isinstance(one, DeviceNotConfirmed) for one in always.notices)


async def test_the_device_before_is_forgotten_also_by_another_process(
    optional: Place, clock: TurnableClock
) -> None:
    """The service makes up a new device if the user types a name that is new here."""
    way = {"auth_flow_type": "USER_PASSWORD_AUTH"}
    await optional.sign_in(**way)
    optional.transport.failures["ConfirmDevice"] = [NO_ANSWER]
    flow, _ = await optional.sign_in(username=EMAIL, **way)
    assert "ForgetDevice" not in optional.transport.operations
    session = await Session.load(
        optional.pool,
        session_id=flow.session.session_id,
        transport=optional.transport,
        store=optional.store,
        clock=clock,
    )
    await session.fresh_tokens(force=True)
    assert session.device is not None
    assert [one.device_key for one in await session.fetch_devices()] == [session.device.key]


async def test_a_device_before_that_cannot_be_forgotten_stays_listed(optional: Place) -> None:
    way = {"auth_flow_type": "USER_PASSWORD_AUTH"}
    await optional.sign_in(**way)
    optional.transport.failures["ForgetDevice"] = [NO_ANSWER]
    flow, _ = await optional.sign_in(username=EMAIL, **way)
    assert isinstance(flow.step, Done)
    assert flow.step.device is not None
    assert flow.step.device.error is None
    assert len(await flow.session.fetch_devices()) == 2


LEVEL = "urn:cognito:loa:4"
OTHER = {**NEW, "DeviceKey": "eu-west-1_0c0d"}


@pytest.mark.parametrize("metadata", [OTHER, None])
async def test_a_step_up_leaves_no_older_device_to_confirm(
    script: Script, metadata: Json | None
) -> None:
    """A device can be confirmed only with the tokens that were issued to it."""
    store, clock = MemoryStore(), Clock()
    claims = {"sub": SUBJECT, "iat": clock.now, "exp": clock.now + 3600}
    access, stronger = jwt(**claims, jti="1"), jwt(**claims, jti="2")
    flow = flow_of(script, store=store, clock=clock)
    first = tokens(AccessToken=access, IdToken=None, NewDeviceMetadata=NEW)
    any_body: Any = Kept()
    refused = Exchange("ConfirmDevice", any_body, refusal("InvalidParameterException"))
    script.expect(initiate("USER_AUTH", first, USERNAME="ada"), refused)
    await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    second = tokens(AccessToken=stronger, IdToken=None, NewDeviceMetadata=metadata)
    asked = initiate(
        "USER_AUTH", second, USERNAME="ada", TARGET_ACR_VALUES=LEVEL, ACCESS_TOKEN=access
    )
    script.expect(asked, *[refused] * (metadata is not None))
    await flow.session.step_up(acr=LEVEL)
    for session in (flow.session, await Session.load(POOL, "ada", transport=script, store=store)):
        shown = session.current_device
        assert (shown and shown.key) == (metadata and metadata["DeviceKey"])


@pytest.mark.parametrize("restored_with", [None, DEVICE])
@pytest.mark.parametrize("metadata", [None, OTHER])
async def test_a_step_up_goes_on_with_the_device_that_proved_itself(
    script: Script, restored_with: RememberedDevice | None, metadata: Json | None
) -> None:
    """Until a new device is confirmed, the session goes on with the one before it."""
    claims = {"sub": SUBJECT, "username": "ada", "iat": Clock.now, "exp": Clock.now + 3600}
    access, stronger = jwt(**claims, jti="1"), jwt(**claims, jti="2")
    devices: dict[str, RememberedDevice] = {}
    flow = flow_of(script, clock=Clock(), devices=devices)
    await flow.restore_session(Tokens.read(access), device=restored_with)
    assert flow.session.device == restored_with
    devices["ada"] = DEVICE
    reply = tokens(AccessToken=stronger, IdToken=None, NewDeviceMetadata=metadata)
    named = {"USERNAME": "ada", "DEVICE_KEY": DEVICE.key}
    any_body: Any = Kept()
    refused = Exchange("ConfirmDevice", any_body, refusal("InvalidParameterException"))
    script.expect(
        initiate("USER_AUTH", reply, TARGET_ACR_VALUES=LEVEL, ACCESS_TOKEN=access, **named),
        *[refused] * (metadata is not None),
    )
    await flow.session.step_up(acr=LEVEL)
    assert flow.session.device == (restored_with if metadata else DEVICE)


# Opt-in pools


async def test_an_opt_in_pool_waits_for_the_user(opt_in: Place) -> None:
    flow, _ = await opt_in.sign_in()
    assert isinstance(flow.step, Done)
    assert flow.step.device is not None
    assert flow.step.device.user_decides
    again, seen = await opt_in.sign_in()
    assert seen == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"]
    assert isinstance(again.step, Done)
    assert again.step.device == flow.step.device
    await again.session.remember_device()
    (device,) = await again.session.fetch_devices()
    assert device.remembered is True
    last, seen = await opt_in.sign_in()
    assert seen == []
    assert isinstance(last.step, Done)
    assert last.step.device is not None
    assert not last.step.device.user_decides
    await last.session.stop_remembering_device()
    assert (await last.session.get_device()).remembered is False
    assert (await opt_in.sign_in())[1] == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"]


async def test_a_decision_about_another_device_leaves_this_one_open(opt_in: Place) -> None:
    phone, _ = await opt_in.sign_in("phone")
    laptop, _ = await opt_in.sign_in("laptop")
    assert phone.session.device
    await laptop.session.remember_device(phone.session.device.key)
    assert laptop.session.device
    assert laptop.session.device.user_decides


async def test_an_option_remembers_at_sign_in(opt_in: Place) -> None:
    flow, _ = await opt_in.sign_in(remember_device=True, device_name="Firefox")
    assert isinstance(flow.step, Done)
    assert flow.step.device is not None
    assert not flow.step.device.user_decides
    (device,) = await flow.session.fetch_devices()
    assert (device.name, device.remembered) == ("Firefox", True)
    assert (await opt_in.sign_in())[1] == []


async def test_a_known_device_is_remembered_at_the_next_sign_in(opt_in: Place) -> None:
    await opt_in.sign_in()
    flow, _ = await opt_in.sign_in(remember_device=True)
    assert isinstance(flow.step, Done)
    assert flow.step.device is not None
    assert not flow.step.device.user_decides
    flow, seen = await opt_in.sign_in(remember_device=True)
    assert seen == []
    assert "UpdateDeviceStatus" not in opt_in.transport.operations


async def test_a_failure_to_remember_leaves_the_decision_open(opt_in: Place) -> None:
    opt_in.transport.failures["UpdateDeviceStatus"] = [NO_ANSWER]
    flow, _ = await opt_in.sign_in(remember_device=True)
    assert isinstance(flow.step, Done)
    assert flow.step.device is not None
    assert (flow.step.device.user_decides, flow.step.device.error) == (True, "TransportError")
    assert any(isinstance(one, DeviceNotConfirmed) for one in opt_in.notices)
