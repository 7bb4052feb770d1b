"""A device that was confirmed at one sign-in proves itself at the next, on the embedded pool."""

from __future__ import annotations

import pytest

from auth_flow import (
    AuthFlow,
    AuthFlowType,
    Done,
    EnterCode,
    Event,
    Factor,
    MemoryStore,
    Sealer,
    SessionExpired,
    SharedFlows,
    SignIn,
    Step,
    Tokens,
    new_key,
)
from auth_flow.embedded import TurnableClock
from auth_flow.errors import (
    AuthFlowError,
    ConnectFailed,
    DeviceNotRemembered,
    NotAuthorizedException,
    ResourceNotFoundException,
    ServiceError,
    UnexpectedStep,
)
from auth_flow.session import RememberedDevice, Session
from auth_flow.states import _srp as srp
from auth_flow.states.steps import CurrentDevice
from tests.flow.scripted import (
    ANYTHING,
    POOL,
    SMS,
    SUBJECT,
    Clock,
    Exchange,
    Script,
    challenge,
    initiate,
    jwt,
    refusal,
    respond,
    tokens,
)

from .conftest import ANSWERS, EMAIL, WAYS, Place, blue_question, sent_device_keys

pytestmark = pytest.mark.anyio

DEVICE = RememberedDevice(key="eu-west-1_0a1b", group_key="-group", password="c2VjcmV0")
PROOF = ["DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"]


def challenges(place: Place) -> list[str]:
    return [
        body["ChallengeName"]
        for operation, body in place.transport.requests
        if operation == "RespondToAuthChallenge"
    ]


@pytest.mark.parametrize("way", ["at once", *ANSWERS])
async def test_every_request_names_the_device_and_any_reply_can_ask_for_its_proof(
    script: Script, way: str
) -> None:
    flow = AuthFlow(POOL, transport=script, devices={"ada": DEVICE})
    named = {"USERNAME": "ada", "DEVICE_KEY": DEVICE.key}
    asked = challenge("DEVICE_SRP_AUTH", "session-2")
    proof = respond("DEVICE_SRP_AUTH", "session-2", tokens(), SRP_A=ANYTHING, **named)
    begun, event, responses = ANSWERS.get(way, (asked, None, {}))
    script.expect(initiate("USER_AUTH", begun, **named), *[proof] * (event is None))
    step = await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    if event is not None:
        script.expect(respond(way, "session-1", asked, **named, **responses), proof)
        step = await flow.send(event)
    assert isinstance(step, Done)
    assert step.device == CurrentDevice(key=DEVICE.key)


@pytest.mark.parametrize(("flow_type", "factor"), WAYS)
async def test_the_device_replaces_the_second_factor(
    always: Place, flow_type: AuthFlowType, factor: Factor | None
) -> None:
    always.embedded.triggers = blue_question()
    way = {"auth_flow_type": flow_type, "preferred_challenge": factor}
    first, seen = await always.sign_in(**way)
    assert "CONFIRM_SIGN_IN_WITH_SMS_CODE" in seen or flow_type == "CUSTOM_WITH_SRP"
    assert always.transport.operations[-1] == "ConfirmDevice"
    assert first.session.device is not None
    key = first.session.device.key
    assert isinstance(first.step, Done)
    assert first.step.device == CurrentDevice(key=key)
    await first.session.sign_out()

    second, seen = await always.sign_in(**way)
    assert "CONFIRM_SIGN_IN_WITH_SMS_CODE" not in seen
    assert challenges(always)[-2:] == PROOF
    assert set(sent_device_keys(always)) == {key}
    assert "ConfirmDevice" not in always.transport.operations
    assert isinstance(second.step, Done)
    assert second.step.device == CurrentDevice(key=key)


async def test_a_custom_sign_in_without_a_password_gets_no_device_and_uses_a_known_one(
    always: Place,
) -> None:
    always.embedded.triggers = blue_question()
    way = {"auth_flow_type": "CUSTOM_WITHOUT_SRP", "password": None}
    flow, _ = await always.sign_in(**way)
    assert isinstance(flow.step, Done)
    assert flow.step.device is None
    await always.sign_in()
    flow, seen = await always.sign_in(**way)
    assert seen == ["CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"]
    assert challenges(always)[-2:] == PROOF


async def test_a_client_with_a_secret(always: Place) -> None:
    pool = always.client(generate_secret=True)
    await always.sign_in(pool=pool)
    _, seen = await always.sign_in(pool=pool)
    assert seen == []


async def test_another_installation_or_app_client_or_user_finds_nothing(always: Place) -> None:
    await always.sign_in()
    grace = always.embedded.create_user(
        "grace", "Correct-Horse-1", attributes={"phone_number": "+15555555310"}
    )
    for options in ({"installation_id": "phone"}, {"pool": always.client()}):
        _, seen = await always.sign_in(**options)
        assert seen == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"]
        assert set(sent_device_keys(always)) == {None}
    flow = always.flow()
    step = await flow.send(SignIn(username=grace.username, password="Correct-Horse-1"))
    assert step.name == "CONFIRM_SIGN_IN_WITH_SMS_CODE"


async def test_without_an_installation_the_store_keeps_no_device(always: Place) -> None:
    flow, _ = await always.sign_in(None)
    assert flow.session.device is not None
    _, seen = await always.sign_in(None)
    assert seen == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"]


@pytest.mark.parametrize("flow_type", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
async def test_a_device_that_was_forgotten_elsewhere_is_dropped_within_the_call(
    always: Place, flow_type: AuthFlowType
) -> None:
    flow, _ = await always.sign_in()
    assert flow.session.device is not None
    key = flow.session.device.key
    always.user.devices.clear()
    flow, seen = await always.sign_in(auth_flow_type=flow_type)
    assert seen == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"]
    assert sent_device_keys(always)[0] == key
    assert set(sent_device_keys(always)[1:]) == {None}
    assert flow.session.device is not None
    assert flow.session.device.key != key
    assert (await always.sign_in())[1] == []


async def test_a_device_that_is_forgotten_just_before_its_proof(always: Place) -> None:
    await always.sign_in()
    flow = always.flow()
    call = always.transport.transport.call

    async def forget_first(operation: str, body: dict[str, object]) -> dict[str, object]:
        if body.get("ChallengeName") == "DEVICE_SRP_AUTH":
            always.user.devices.clear()
        return await call(operation, body)

    always.transport.transport.call = forget_first  # type: ignore[method-assign]
    step = await flow.send(SignIn(username="ada", password="Correct-Horse-1"))
    assert step.name == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert (await flow.devices.load()).devices == {}


BY_PASSWORD = SignIn(username="ada", password="correct", auth_flow_type="USER_PASSWORD_AUTH")


async def proof_refused_after_a_code(
    script: Script, devices: dict[str, RememberedDevice], refused: AuthFlowError, *then: Exchange
) -> AuthFlow:
    """A flow whose next code leads to a proof that the service refuses, and then to others."""
    flow = AuthFlow(POOL, transport=script, devices=devices)
    named = {"USERNAME": "ada", "DEVICE_KEY": DEVICE.key}
    script.expect(initiate("USER_PASSWORD_AUTH", SMS, PASSWORD="correct", **named))
    await flow.send(BY_PASSWORD)
    asked = challenge("DEVICE_SRP_AUTH", "session-2")
    script.expect(
        respond("SMS_MFA", "session-1", asked, SMS_MFA_CODE="123456", **named),
        respond("DEVICE_SRP_AUTH", "session-2", refused, SRP_A=ANYTHING, **named),
        *then,
    )
    return flow


GONE = refusal("ResourceNotFoundException", "Device does not exist.")


async def test_a_device_that_is_gone_after_a_code_begins_the_sign_in_again(script: Script) -> None:
    devices = {"ada": DEVICE}
    anew = initiate("USER_PASSWORD_AUTH", SMS, PASSWORD="correct", USERNAME="ada")
    flow = await proof_refused_after_a_code(script, devices, GONE, anew)
    step = await flow.send(EnterCode(code="123456"))
    assert step.name == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert flow.record.login_id == "ada"
    assert flow.record.sign_in_options == BY_PASSWORD.sign_in_options
    assert devices == {}


@pytest.mark.parametrize("changes", [{}, {"sign_in_options": None}])
async def test_or_ends_it_if_another_process_began_it(
    script: Script, changes: dict[str, None]
) -> None:
    """The password is in the memory of the process that it was typed in."""
    devices = {"ada": DEVICE}
    flow = await proof_refused_after_a_code(script, devices, GONE)
    record = flow.record.model_copy(update=changes)
    flow = AuthFlow(POOL, transport=script, devices=devices, record=record)
    with pytest.raises(ResourceNotFoundException):
        await flow.send(EnterCode(code="123456"))
    assert flow.step.name == "IDLE"
    assert devices == {}


@pytest.mark.parametrize(
    ("refused", "raised"),
    [
        (refusal("NotAuthorizedException", "Invalid session for the user."), SessionExpired),
        (refusal("ResourceNotFoundException", "No such client."), ResourceNotFoundException),
    ],
)
async def test_a_refusal_for_another_reason_keeps_the_device(
    script: Script, refused: ServiceError, raised: type[AuthFlowError]
) -> None:
    devices = {"ada": DEVICE}
    flow = await proof_refused_after_a_code(script, devices, refused)
    with pytest.raises(raised):
        await flow.send(EnterCode(code="123456"))
    assert devices == {"ada": DEVICE}


async def test_a_wrong_secret_fails_one_sign_in_only(always: Place) -> None:
    flow, _ = await always.sign_in()
    device = flow.session.device
    assert device is not None
    await flow.devices.save("ada", device.model_copy(update={"password": "d3Jvbmc="}))
    flow = always.flow()
    with pytest.raises(NotAuthorizedException):
        await flow.send(SignIn(username="ada", password="Correct-Horse-1"))
    assert flow.step.name == "IDLE"
    assert (await always.sign_in())[1] == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"]


async def test_other_resources_that_are_missing_do_not_drop_the_device(always: Place) -> None:
    await always.sign_in()
    always.transport.failures["InitiateAuth"] = [
        ResourceNotFoundException("User pool client does not exist.", operation="InitiateAuth")
    ]
    flow = always.flow()
    with pytest.raises(ResourceNotFoundException):
        await flow.send(SignIn(username="ada", password="Correct-Horse-1"))
    assert (await always.sign_in())[1] == []


async def test_refreshes_name_the_device_also_in_another_process(
    always: Place, clock: TurnableClock
) -> None:
    flow, _ = await always.sign_in()
    clock.turn(hours=2)
    await flow.session.fresh_tokens()
    clock.turn(hours=2)
    session = await Session.load(
        always.pool,
        session_id=flow.session.session_id,
        transport=always.transport,
        store=always.store,
        clock=clock,
    )
    await session.fresh_tokens()
    keys = {
        body["DeviceKey"]
        for operation, body in always.transport.requests
        if operation == "GetTokensFromRefreshToken"
    }
    assert session.device is not None
    assert keys == {session.device.key}


async def test_the_time_for_a_code_is_over_as_ever(always: Place, clock: TurnableClock) -> None:
    flow = always.flow()
    step = await flow.send(SignIn(username="ada", password="Correct-Horse-1"))
    clock.turn(minutes=4)
    with pytest.raises(SessionExpired):
        await flow.send(step.answer("123456"))


async def test_shared_flows_find_the_device_of_their_installation(
    always: Place, clock: TurnableClock
) -> None:
    flows = SharedFlows(
        MemoryStore(clock),
        Sealer([new_key()]),
        always.pool,
        transport=always.transport,
        store=always.store,
        clock=clock,
    )

    async def send(installation_id: str, event: Event) -> Step:
        async with flows.take(installation_id, installation_id=installation_id) as flow:
            return await flow.send(event)

    begin = SignIn(username="ada", password="Correct-Horse-1")
    asked = [(await send(chat, begin)).name for chat in ("one", "two")]
    assert asked == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"] * 2
    message = always.service.outbox.last("ada")
    assert message is not None
    assert isinstance(await send("two", EnterCode(code=message.code)), Done)
    assert isinstance(await send("two", begin), Done)
    assert (await send("one", begin)).name == "CONFIRM_SIGN_IN_WITH_SMS_CODE"


@pytest.mark.parametrize("typed", [EMAIL, "ADA"])
async def test_the_device_is_found_under_every_name_that_was_typed(
    always: Place, typed: str
) -> None:
    first, _ = await always.sign_in()
    await always.sign_in(username=typed)  # SRP names the user, so that the device is found
    assert len(always.user.devices) == 1
    _, seen = await always.sign_in(username=typed, auth_flow_type="USER_PASSWORD_AUTH")
    assert seen == []
    assert first.session.device is not None
    assert set(sent_device_keys(always)) == {first.session.device.key}


class Ahead(Script):
    """A service whose clock is an hour ahead."""

    clock_difference = 3600.0


@pytest.mark.parametrize(("told", "used"), [({"USERNAME": "uid-1"}, "uid-1"), ({}, "ada")])
async def test_a_proof_has_the_name_and_the_time_of_the_service(
    told: dict[str, str], used: str
) -> None:
    script, clock = Ahead(), Clock()
    flow = AuthFlow(POOL, transport=script, devices={"ada": DEVICE}, clock=clock)
    named = {"USERNAME": "ada", "DEVICE_KEY": DEVICE.key}
    block = {"SRP_B": "0123456789abcdef", "SALT": "0a1b", "SECRET_BLOCK": "c2VjcmV0", **told}
    script.expect(
        initiate("USER_AUTH", challenge("DEVICE_SRP_AUTH", "session-2"), **named),
        respond(
            "DEVICE_SRP_AUTH",
            "session-2",
            challenge("DEVICE_PASSWORD_VERIFIER", "session-3", **block),
            SRP_A=ANYTHING,
            **named,
        ),
        respond(
            "DEVICE_PASSWORD_VERIFIER",
            "session-3",
            tokens(),
            USERNAME=used,
            DEVICE_KEY=DEVICE.key,
            PASSWORD_CLAIM_SECRET_BLOCK="c2VjcmV0",
            PASSWORD_CLAIM_SIGNATURE=ANYTHING,
            TIMESTAMP=srp.timestamp(clock.now + 3600),
        ),
    )
    assert isinstance(await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH")), Done)
    script.check()


async def test_a_proof_that_never_left_is_made_again_only_if_no_answer_is_lost(
    script: Script,
) -> None:
    unsent = ConnectFailed("no route.", operation="RespondToAuthChallenge", retryable=True)
    named = {"USERNAME": "ada", "DEVICE_KEY": DEVICE.key}
    script.expect(
        initiate("USER_AUTH", challenge("DEVICE_SRP_AUTH", "session-2"), **named),
        respond("DEVICE_SRP_AUTH", "session-2", unsent, SRP_A=ANYTHING, **named),
    )
    flow = AuthFlow(POOL, transport=script, devices={"ada": DEVICE})
    with pytest.raises(ConnectFailed) as caught:
        await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    assert caught.value.retryable
    flow = await proof_refused_after_a_code(script, {"ada": DEVICE}, unsent)
    with pytest.raises(ConnectFailed) as caught:
        await flow.send(EnterCode(code="123456"))
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("asked", "devices"),
    [("DEVICE_SRP_AUTH", {}), ("DEVICE_PASSWORD_VERIFIER", {"ada": DEVICE})],
)
async def test_a_proof_that_cannot_be_given_ends_the_sign_in(
    script: Script, asked: str, devices: dict[str, RememberedDevice]
) -> None:
    flow = AuthFlow(POOL, transport=script, devices=devices)
    named = {"DEVICE_KEY": DEVICE.key} if devices else {}
    script.expect(initiate("USER_AUTH", challenge(asked), USERNAME="ada", **named))
    with pytest.raises(DeviceNotRemembered, match="Sign in again") as caught:
        await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    assert caught.value.challenge == asked
    assert flow.step.name == "IDLE"


@pytest.mark.parametrize("named", [True, False])
async def test_a_refresh_names_the_device_of_the_token_or_of_the_session(
    script: Script, named: bool
) -> None:
    """A session that was restored may know only what the token says."""
    claims = {"device_key": "eu-west-1_0c0d"} if named else {}
    held = Tokens.read(jwt(sub=SUBJECT, username="ada", **claims), refresh_token="refresh-1")
    flow = AuthFlow(POOL, transport=script)
    await flow.restore_session(held, device=None if named else DEVICE)
    body = {
        "ClientId": POOL.client_id,
        "RefreshToken": "refresh-1",
        "DeviceKey": "eu-west-1_0c0d" if named else DEVICE.key,
    }
    script.expect(Exchange("GetTokensFromRefreshToken", body, tokens()))
    await flow.session.fresh_tokens(force=True)


async def test_a_refresh_names_no_device_that_was_forgotten(script: Script) -> None:
    key = "eu-west-1_0c0d"
    access = jwt(sub=SUBJECT, username="ada", device_key=key, exp=Clock.now + 3600)
    flow = AuthFlow(POOL, transport=script, clock=Clock())
    await flow.restore_session(Tokens.read(access, refresh_token="refresh-1"))
    body = {"ClientId": POOL.client_id, "RefreshToken": "refresh-1"}
    script.expect(
        Exchange("ForgetDevice", {"AccessToken": access, "DeviceKey": key}, {}),
        Exchange("GetTokensFromRefreshToken", body, tokens()),
    )
    await flow.session.forget_device(key)
    await flow.session.fresh_tokens(force=True)


async def test_a_service_that_never_has_enough_proof_is_not_answered_for_ever(
    script: Script,
) -> None:
    flow = AuthFlow(POOL, transport=script, devices={"ada": DEVICE})
    named = {"USERNAME": "ada", "DEVICE_KEY": DEVICE.key}
    asked = challenge("DEVICE_SRP_AUTH")
    script.expect(
        initiate("USER_AUTH", asked, **named),
        respond("DEVICE_SRP_AUTH", "session-1", asked, SRP_A=ANYTHING, **named),
    )
    with pytest.raises(UnexpectedStep, match="from PROVING_DEVICE to PROVING_DEVICE"):
        await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
