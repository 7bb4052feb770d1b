"""Complaints about devices in other libraries, numbered, each as a test. The names are those of the
issues in their trackers.
"""

from __future__ import annotations

import pytest

from auth_flow import AuthFlowType, DeviceNotConfirmed, Done, EnterCode, NewPassword, SignIn
from auth_flow.embedded import TurnableClock
from auth_flow.embedded import _totp as totp
from auth_flow.errors import (
    GuardRejected,
    InvalidParameterException,
    ResourceNotFoundException,
    SessionEnded,
)
from auth_flow.states.steps import TotpSetup

from .conftest import EMAIL, PASSWORD, Place, blue_question, sent_device_keys

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("flow_type", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
async def test_01_amplify_swift_4254_an_alias_makes_no_new_device(
    optional: Place, flow_type: AuthFlowType
) -> None:
    names = ("ada", EMAIL, "ADA")
    for username in names:
        await optional.sign_in(username=username, auth_flow_type=flow_type)
    (key,) = optional.user.devices
    for username in names:
        flow, _ = await optional.sign_in(username=username, auth_flow_type=flow_type)
        assert flow.session.device is not None
        assert flow.session.device.key == key
    assert list(optional.user.devices) == [key]


async def test_02_amplify_js_10083_a_device_forgotten_elsewhere_does_not_break_the_sign_in(
    always: Place,
) -> None:
    await always.sign_in("laptop")
    phone, _ = await always.sign_in("phone")
    for device in await phone.session.fetch_devices():
        await phone.session.forget_device(device.device_key)
    flow, _ = await always.sign_in("laptop")
    assert flow.signed_in


async def test_02_amplify_js_10083_its_session_ends_and_the_next_one_works(
    always: Place, clock: TurnableClock
) -> None:
    laptop, _ = await always.sign_in("laptop")
    always.user.devices.clear()
    gone = ResourceNotFoundException(
        "Device does not exist.", operation="GetTokensFromRefreshToken"
    )
    always.transport.failures["GetTokensFromRefreshToken"] = [gone]
    clock.turn(hours=2)
    with pytest.raises(SessionEnded):
        await laptop.session.fresh_tokens()
    assert (await laptop.devices.load()).devices == {}
    await always.sign_in("laptop")
    assert (await always.sign_in("laptop"))[1] == []


async def test_03_amplify_js_7051_tokens_refresh_after_setting_up_an_authenticator_app(
    always: Place, clock: TurnableClock
) -> None:
    always.embedded.settings = always.embedded.settings.model_copy(
        update={"mfa_factors": ("SOFTWARE_TOKEN_MFA",)}
    )
    flow = always.flow()
    step = await flow.send(SignIn(username="ada", password=PASSWORD))
    assert isinstance(step, TotpSetup)
    step = await flow.send(EnterCode(code=totp.code(step.shared_secret, clock())))
    assert isinstance(step, Done)
    clock.turn(hours=2)
    await flow.session.fresh_tokens()
    assert flow.session.device is not None


async def test_04_amplify_js_932_tokens_refresh_after_a_new_password(
    optional: Place, clock: TurnableClock
) -> None:
    optional.embedded.create_user("new", PASSWORD, status="FORCE_CHANGE_PASSWORD")
    flow = optional.flow()
    await flow.send(SignIn(username="new", password=PASSWORD))
    await flow.send(NewPassword(password="Correct-Horse-2"))
    clock.turn(hours=2)
    await flow.session.fresh_tokens()
    assert flow.session.device is not None


async def test_05_amplify_js_9616_the_users_decision_is_asked_for(opt_in: Place) -> None:
    flow, _ = await opt_in.sign_in()
    assert flow.step.to_json()["device"] == {
        "key": flow.session.device and flow.session.device.key,
        "user_decides": True,
        "error": None,
    }


async def test_06_amplify_android_2506_a_refresh_names_the_device(
    always: Place, clock: TurnableClock
) -> None:
    flow, _ = await always.sign_in()
    clock.turn(hours=2)
    await flow.session.fresh_tokens()
    operation, body = always.transport.requests[-1]
    assert operation == "GetTokensFromRefreshToken"
    assert flow.session.device is not None
    assert body["DeviceKey"] == flow.session.device.key


async def test_07_amplify_js_8469_an_invalid_device_key_is_reported_and_not_fatal(
    always: Place,
) -> None:
    refused = InvalidParameterException("Invalid device key given.", operation="ConfirmDevice")
    always.transport.failures["ConfirmDevice"] = [refused]
    flow, _ = await always.sign_in()
    assert flow.signed_in
    assert [one.error for one in always.notices if isinstance(one, DeviceNotConfirmed)] == [refused]


async def test_08_amplify_js_12220_a_custom_sign_in_without_metadata_is_normal(
    optional: Place,
) -> None:
    optional.embedded.triggers = blue_question()
    flow, _ = await optional.sign_in(auth_flow_type="CUSTOM_WITHOUT_SRP", password=None)
    assert flow.signed_in
    assert not [one for one in optional.notices if isinstance(one, DeviceNotConfirmed)]


async def test_09_pycognito_133_callers_never_see_a_device_challenge(always: Place) -> None:
    await always.sign_in()
    flow = always.flow()
    step = await flow.send(SignIn(username="ada", password=PASSWORD))
    assert isinstance(step, Done)
    assert [(entry.source, entry.target) for entry in flow.history] == [("IDLE", "DONE")]


async def test_10_amplify_js_8977_a_device_is_asked_once_after_mfa_was_enabled(
    optional: Place,
) -> None:
    """That is how the service does it: a device has to have seen the second factor once."""
    flow, seen = await optional.sign_in()
    assert seen == []
    await flow.session.update_mfa_preference(sms="PREFERRED")
    assert (await optional.sign_in())[1] == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"]
    assert (await optional.sign_in())[1] == []


async def test_11_amplify_js_14622_a_device_that_is_not_remembered_is_listed(opt_in: Place) -> None:
    flow, _ = await opt_in.sign_in()
    (device,) = await flow.session.fetch_devices()
    assert device.remembered is False
    assert flow.session.device is not None
    assert device.device_key == flow.session.device.key


async def test_12_amplify_flutter_4536_remembering_after_forgetting_says_what_to_do(
    opt_in: Place,
) -> None:
    flow, _ = await opt_in.sign_in()
    await flow.session.forget_device()
    with pytest.raises(GuardRejected, match="sign in again"):
        await flow.session.remember_device()
    await flow.session.sign_out()
    flow, _ = await opt_in.sign_in()
    await flow.session.remember_device()
    assert (await opt_in.sign_in())[1] == []


async def test_13_amplify_flutter_2198_the_values_survive_a_sign_out_unchanged(
    always: Place,
) -> None:
    flow, _ = await always.sign_in()
    device = flow.session.device
    await flow.session.sign_out()
    for _ in range(2):
        flow, _ = await always.sign_in()
        assert flow.session.device == device
        await flow.session.sign_out()
    assert device is not None
    assert set(sent_device_keys(always)) == {device.key}


async def test_13_amplify_js_8137_nothing_is_left_behind_if_they_are_cleared(always: Place) -> None:
    flow, _ = await always.sign_in()
    await flow.session.sign_out()
    await flow.devices.clear()
    left = await flow.devices.load()
    assert (left.devices, left.aliases) == ({}, {})
    assert (await always.sign_in())[1] == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"]


async def test_14_identity_js_430_forgetting_another_device_leaves_this_one(always: Place) -> None:
    phone, _ = await always.sign_in("phone")
    laptop, _ = await always.sign_in("laptop")
    assert phone.session.device is not None
    await laptop.session.forget_device(phone.session.device.key)
    assert laptop.session.device is not None
    assert (await always.sign_in("laptop"))[1] == []
