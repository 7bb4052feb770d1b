"""The calls of the drive protocol, line by line. What the session does with them is tested where
the session is.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from auth_flow import AuthFlow
from auth_flow._cli.drive import answer
from auth_flow._cli.drive.calls import CALLS
from auth_flow.aws import IdentityPool
from auth_flow.errors import ConnectFailed
from tests.flow.scripted import POOL, SMS, SUBJECT, Clock, Exchange, Json, Script, initiate, refusal
from tests.states.webauthn import REGISTRATION

from .service import HOUR, USER, TokenService
from .test_identity import POOL_ID, IdentityService

pytestmark = pytest.mark.anyio

REFRESH = "GetTokensFromRefreshToken"


@pytest.fixture
def flow(service: TokenService, clock: Clock) -> AuthFlow:
    return AuthFlow(POOL, transport=service, clock=clock)


async def said(flow: AuthFlow, call: str, **fields: Any) -> Any:
    return await answer(flow, json.dumps({"call": call, **fields}))


async def restore(flow: AuthFlow, service: TokenService, **fields: Any) -> Json:
    tokens = {
        name: text for name, text in service.tokens().to_json().items() if name != "clock_drift"
    }
    assert await said(flow, "restore_session", **tokens, **fields) == {"result": None}
    return tokens


async def test_a_restored_session(flow: AuthFlow, service: TokenService, clock: Clock) -> None:
    tokens = await restore(flow, service)
    session = {
        "signed_in": True,
        "username": USER,
        "user_id": SUBJECT,
        "access_token_expires_at": "2023-11-14T23:13:20+00:00",
        "credentials": None,
        "identity_id": None,
    }
    assert await said(flow, "fetch_auth_session") == {"result": session}
    shown = {"access_token": tokens["access_token"], "id_token": tokens["id_token"]}
    assert await said(flow, "fetch_auth_session", show_tokens=True) == {
        "result": {**session, **shown}
    }
    assert await said(flow, "get_current_user") == {
        "result": {"username": USER, "user_id": SUBJECT, "login_id": None}
    }
    assert service.requests == []


async def test_device_secrets_may_come_alone_and_outlive_the_session(
    flow: AuthFlow, service: TokenService
) -> None:
    device = {"key": "eu-west-1_mine", "group_key": "-group", "password": "device password"}
    assert await said(flow, "restore_session", device=device, username=USER) == {"result": None}
    assert not flow.signed_in
    await restore(flow, service)
    await said(flow, "remember_device")
    await said(flow, "sign_out")
    await restore(flow, service)
    assert await said(flow, "forget_device") == {"result": None}
    assert (await said(flow, "forget_device"))["error"]["name"] == "GuardRejected"
    assert [body["DeviceKey"] for _, body in service.requests if "DeviceKey" in body] == [
        "eu-west-1_mine"
    ] * 2


async def test_with_nobody_signed_in(flow: AuthFlow) -> None:
    nobody = await said(flow, "fetch_auth_session")
    assert nobody["result"]["signed_in"] is False
    assert await said(flow, "sign_out") == {
        "result": {"revoked": False, "error": None, "logout_url": None}
    }
    required: dict[str, Json] = {
        "update_password": {"new_password": "x"},
        "update_user_attributes": {"attributes": {"name": "Ada"}},
        "confirm_user_attribute": {"attribute": "email", "code": "1"},
        "send_user_attribute_verification_code": {"attribute": "email"},
        "delete_user_attributes": {"attributes": ["name"]},
        "verify_totp_setup": {"code": "1"},
        "complete_passkey_registration": {"credential": REGISTRATION},
        "delete_passkey": {"credential_id": "1"},
    }
    for call in CALLS.keys() - {"fetch_auth_session", "sign_out", "restore_session", "form"}:
        refused = await said(flow, call, **required.get(call, {}))
        assert refused["error"]["name"] == "NotSignedIn", call
        assert refused["next_step"] == {"name": "IDLE"}


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        ("restore_session", {}),
        ("restore_session", {"access_token": "x", "colour": "blue"}),
        ("update_password", {"new_password": ""}),
        ("update_password", {"old_password": "x"}),
        ("confirm_user_attribute", {"attribute": "email", "code": ""}),
        ("update_user_attributes", {"attributes": {"name": 5}}),
        ("list_passkeys", {"page_size": 21}),
        ("no_such_call", {}),
    ],
)
async def test_lines_that_are_none(flow: AuthFlow, call: str, fields: Json) -> None:
    assert (await said(flow, call, **fields))["error"]["name"] == "InvalidLine"


async def test_no_secret_in_a_complaint(flow: AuthFlow) -> None:
    complaint = await said(
        flow, "update_password", new_password=["my secret"], old_password="my other secret"
    )
    assert complaint["error"]["name"] == "InvalidLine"
    assert "secret" not in json.dumps(complaint)


async def test_a_session_that_has_run_out_is_an_answer(
    flow: AuthFlow, service: TokenService, clock: Clock
) -> None:
    await restore(flow, service)
    clock.now += HOUR
    service.failures.append(refusal("NotAuthorizedException", operation=REFRESH))
    assert (await said(flow, "fetch_auth_session"))["result"]["signed_in"] is False
    assert flow.step.name == "IDLE"


@pytest.mark.parametrize(
    ("call", "error"),
    [("fetch_auth_session", "TokenRevokedException"), ("fetch_devices", "NotSignedIn")],
)
async def test_other_verdicts_are_errors(
    flow: AuthFlow, service: TokenService, clock: Clock, call: str, error: str
) -> None:
    await restore(flow, service)
    clock.now += HOUR
    service.failures.append(refusal("TokenRevokedException", operation=REFRESH))
    refused = await said(flow, call)
    assert refused["error"]["name"] == error
    assert refused["next_step"] == {"name": "IDLE"}


async def test_calls_at_once_share_a_refresh(
    flow: AuthFlow, service: TokenService, clock: Clock
) -> None:
    await restore(flow, service)
    clock.now += HOUR
    calls = [
        {"call": "fetch_user_attributes"},
        {"call": "get_current_user"},
        {"call": "fetch_auth_session"},
        {"call": "none"},
    ]
    results = (await answer(flow, json.dumps({"parallel": calls})))["results"]
    assert results[0] == {"result": {"sub": SUBJECT}}
    assert results[1]["result"]["username"] == USER
    assert results[2]["result"]["signed_in"] is True
    assert results[3]["error"]["name"] == "InvalidLine"
    assert service.operations.count(REFRESH) == 1


async def test_signing_out_gives_up_what_is_unfinished(script: Script, clock: Clock) -> None:
    flow = AuthFlow(POOL, transport=script, clock=clock)
    script.expect(initiate("USER_PASSWORD_AUTH", SMS, USERNAME=USER, PASSWORD="secret"))
    line = {
        "event": "sign_in",
        "username": USER,
        "password": "secret",
        "auth_flow_type": "USER_PASSWORD_AUTH",
    }
    await answer(flow, json.dumps(line))
    assert await said(flow, "sign_out") == {
        "result": {"revoked": False, "error": None, "logout_url": None}
    }
    assert flow.step.name == "IDLE"


async def test_signing_out_everywhere(script: Script, service: TokenService, clock: Clock) -> None:
    flow = AuthFlow(POOL, transport=script, clock=clock)
    tokens = await restore(flow, service)
    script.expect(Exchange("GlobalSignOut", {"AccessToken": tokens["access_token"]}, {}))
    assert await said(flow, "sign_out", **{"global": True}) == {
        "result": {"revoked": True, "error": None, "logout_url": None}
    }


async def test_a_setting_of_another_name_asks_for_nothing(
    script: Script, service: TokenService, clock: Clock
) -> None:
    flow = AuthFlow(POOL, transport=script, clock=clock)
    tokens = await restore(flow, service)
    body = {"AccessToken": tokens["access_token"], "EmailMfaSettings": {"Enabled": True}}
    script.expect(Exchange("SetUserMFAPreference", body, {}))
    assert await said(flow, "update_mfa_preference", sms="NO_SUCH", email="ENABLED") == {
        "result": None
    }


async def test_aws_credentials(service: TokenService, clock: Clock) -> None:
    identities = IdentityService(clock)
    identity_pool = IdentityPool(POOL_ID, transport=identities, clock=clock)
    flow = AuthFlow(POOL, transport=service, clock=clock, identity_pool=identity_pool)
    await restore(flow, service)
    identities.failures.append(ConnectFailed("No.", operation="GetId"))
    session = (await said(flow, "fetch_auth_session"))["result"]
    assert (session["signed_in"], session["credentials"]) == (True, None), (
        "a broken identity pool breaks nothing else"
    )
    session = (await said(flow, "fetch_auth_session"))["result"]
    assert session["identity_id"] == "eu-west-1:user"
    assert session["credentials"] == {
        "access_key_id": "AKIA3",
        "secret_access_key": "secret key",
        "session_token": "session token",
        "expires_at": "2023-11-14T23:13:20+00:00",
    }
