"""Device tracking: confirming, proving and remembering devices, in place of a second factor."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from typing import Any

import pytest

from auth_flow.embedded import Triggers, TurnableClock
from auth_flow.states import _srp as srp
from tests.embedded.wire import PASSWORD, Refused, Wire, claim, settings

pytestmark = pytest.mark.anyio

SECRET = "device secret"


@dataclass
class Device:
    """A device, with a verifier that is computed independently of the service."""

    key: str
    group: str
    secret: str = SECRET

    @classmethod
    def new(cls, result: dict[str, Any]) -> Device:
        metadata = result["NewDeviceMetadata"]
        return cls(metadata["DeviceKey"], metadata["DeviceGroupKey"])

    async def confirm(self, wire: Wire, access_token: str) -> dict[str, Any]:
        salt = secrets.randbits(128)
        verifier = pow(2, srp.password_key(salt, self.group, self.key, self.secret), srp.N)
        encoded = {
            "Salt": base64.b64encode(salt.to_bytes(17)).decode(),
            "PasswordVerifier": base64.b64encode(verifier.to_bytes(385)).decode(),
        }
        return await wire.call(
            "ConfirmDevice",
            AccessToken=access_token,
            DeviceKey=self.key,
            DeviceName="engine",
            DeviceSecretVerifierConfig=encoded,
        )

    async def prove(self, wire: Wire, asked: dict[str, Any], **metadata: Any) -> dict[str, Any]:
        """Answer DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER."""
        assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert asked["ChallengeParameters"] == {"USERNAME": "ada", "DEVICE_KEY": self.key}
        keys = srp.ClientKeys.generate()
        named = {"USERNAME": "ada", "DEVICE_KEY": self.key}
        asked = await wire.respond(asked, **named, SRP_A=keys.public_hex)
        assert asked["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
        assert (
            asked["ChallengeParameters"].items()
            >= {"USERNAME": "ada", "DEVICE_KEY": self.key}.items()
        )
        proof = claim(keys, asked, self.group, self.key, self.secret)
        return await wire.respond(asked, **named, **proof)


async def confirmed_device(wire: Wire) -> tuple[Device, dict[str, Any]]:
    """A device of a sign-in that has passed what the pool asks for."""
    result = (await answer_codes(wire, await wire.sign_in()))["AuthenticationResult"]
    device = Device.new(result)
    await device.confirm(wire, result["AccessToken"])
    return device, result


async def renew(wire: Wire, result: dict[str, Any], device_key: str | None = None) -> None:
    named = {"DeviceKey": device_key} if device_key else {}
    renewal = {"ClientId": wire.client.id, "RefreshToken": result["RefreshToken"], **named}
    await wire.call("GetTokensFromRefreshToken", **renewal)


async def answer_codes(wire: Wire, asked: dict[str, Any], **extra: str) -> dict[str, Any]:
    if asked.get("ChallengeName") != "SMS_MFA":
        return asked
    return await wire.respond(asked, USERNAME="ada", SMS_MFA_CODE=wire.code(), **extra)


async def test_a_remembered_device_proves_itself_instead_of_a_second_factor(
    wire: Wire, clock: TurnableClock
) -> None:
    settings(wire, device_tracking="ALWAYS", mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    device, _ = await confirmed_device(wire)
    assert (await wire.sign_in())["ChallengeName"] == "SMS_MFA"
    clock.turn(minutes=1)
    reply = await device.prove(wire, await wire.sign_in(DEVICE_KEY=device.key))
    result = reply["AuthenticationResult"]
    assert "NewDeviceMetadata" not in result
    assert wire.pool.key.read(result["AccessToken"])["device_key"] == device.key
    shown = await wire.call("GetDevice", AccessToken=result["AccessToken"], DeviceKey=device.key)
    created = shown["Device"]["DeviceCreateDate"]
    assert shown["Device"]["DeviceLastAuthenticatedDate"] == created + 60
    stranger = Device(device.key, device.group, "another secret")
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await stranger.prove(wire, await wire.sign_in(DEVICE_KEY=device.key))


async def test_tokens_of_a_device_are_renewed_with_its_key(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS")
    device, result = await confirmed_device(wire)
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid Refresh Token"):
        await renew(wire, result)
    await renew(wire, result, device.key)


@pytest.mark.parametrize("end", ["never confirmed", "forgotten"])
async def test_tokens_of_a_device_that_the_pool_does_not_know_are_not_renewed(
    wire: Wire, end: str
) -> None:
    """https://repost.aws/knowledge-center/cognito-invalid-refresh-token-error says so."""
    settings(wire, device_tracking="ALWAYS")
    result = await wire.tokens()
    device = Device.new(result)
    if end == "forgotten":
        await device.confirm(wire, result["AccessToken"])
        await wire.call("ForgetDevice", AccessToken=result["AccessToken"], DeviceKey=device.key)
    for key in (None, device.key):
        with pytest.raises(Refused, match="NotAuthorizedException: Invalid Refresh Token"):
            await renew(wire, result, key)
    settings(wire, device_tracking="OFF")
    await renew(wire, result)


async def test_a_new_second_factor_is_asked_once_on_a_remembered_device(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS", mfa_factors=("SMS_MFA",))
    device, _ = await confirmed_device(wire)
    settings(wire, mfa_configuration="ON")
    asked = await wire.sign_in(DEVICE_KEY=device.key)
    assert asked["ChallengeName"] == "SMS_MFA"
    assert "AuthenticationResult" in await device.prove(wire, await answer_codes(wire, asked))
    again = await wire.sign_in(DEVICE_KEY=device.key)
    assert again["ChallengeName"] == "DEVICE_SRP_AUTH"


async def test_a_device_that_is_not_remembered_spares_no_second_factor(
    wire: Wire, clock: TurnableClock
) -> None:
    settings(wire, device_tracking="USER_OPT_IN", mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    result = (await answer_codes(wire, await wire.sign_in()))["AuthenticationResult"]
    device = Device.new(result)
    access = result["AccessToken"]
    began = clock()
    assert await device.confirm(wire, access) == {"UserConfirmationNecessary": True}
    clock.turn(minutes=1)

    asked = await wire.sign_in(DEVICE_KEY=device.key)
    assert asked["ChallengeName"] == "SMS_MFA"
    assert "AuthenticationResult" in await device.prove(
        wire, await answer_codes(wire, asked, DEVICE_KEY=device.key)
    )

    change = {"AccessToken": access, "DeviceKey": device.key}
    await wire.call("UpdateDeviceStatus", **change, DeviceRememberedStatus="remembered")
    shown = await wire.call("GetDevice", **change)
    assert shown["Device"] == {
        "DeviceKey": device.key,
        "DeviceAttributes": [
            {"Name": "device_status", "Value": "valid"},
            {"Name": "device_name", "Value": "engine"},
            {"Name": "dev:device_remembered_status", "Value": "remembered"},
        ],
        "DeviceCreateDate": began,
        "DeviceLastModifiedDate": clock(),
        "DeviceLastAuthenticatedDate": clock(),
    }
    asked = await wire.sign_in(DEVICE_KEY=device.key)
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"

    await wire.call("UpdateDeviceStatus", **change, DeviceRememberedStatus="not_remembered")
    assert (await wire.sign_in(DEVICE_KEY=device.key))["ChallengeName"] == "SMS_MFA"


async def test_always_remembers_at_once(wire: Wire, clock: TurnableClock) -> None:
    settings(wire, device_tracking="ALWAYS")
    result = await wire.tokens()
    named = {"AccessToken": result["AccessToken"], "DeviceKey": Device.new(result).key}
    with pytest.raises(Refused, match="Device secret verifier config is required"):
        await wire.call("ConfirmDevice", **named)
    clock.turn(minutes=1)
    verifier = {"PasswordVerifier": "AQ==", "Salt": "AQ=="}
    reply = await wire.call("ConfirmDevice", **named, DeviceSecretVerifierConfig=verifier)
    assert reply == {"UserConfirmationNecessary": False}
    device = (await wire.call("GetDevice", **named))["Device"]
    assert (device["DeviceCreateDate"], device["DeviceLastModifiedDate"]) == (
        clock() - 60,
        clock(),
    )
    assert [one["Value"] for one in device["DeviceAttributes"]] == ["valid", "", "remembered"]


async def test_pools_that_do_not_trust_devices_ask_for_both(wire: Wire) -> None:
    settings(
        wire,
        device_tracking="ALWAYS",
        trusted_devices_skip_mfa=False,
        mfa_configuration="ON",
        mfa_factors=("SMS_MFA",),
    )
    device, _ = await confirmed_device(wire)
    asked = await wire.sign_in(DEVICE_KEY=device.key)
    assert asked["ChallengeName"] == "SMS_MFA"
    assert "AuthenticationResult" in await device.prove(wire, await answer_codes(wire, asked))


async def test_a_device_proves_itself_after_any_challenge(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS")
    device, _ = await confirmed_device(wire)
    named = {"USERNAME": "ada", "DEVICE_KEY": device.key}

    keys = srp.ClientKeys.generate()
    asked = await wire.initiate("USER_SRP_AUTH", **named, SRP_A=keys.public_hex)
    assert "AuthenticationResult" in await device.prove(wire, await wire.prove(asked, keys))

    asked = await wire.initiate("USER_AUTH", **named, PREFERRED_CHALLENGE="EMAIL_OTP")
    asked = await wire.respond(asked, USERNAME="ada", EMAIL_OTP_CODE=wire.code())
    assert "AuthenticationResult" in await device.prove(wire, asked)

    password = {"UserPoolId": wire.pool.id, "Username": "ada", "Password": "Temporary-Horse-1"}
    await wire.call("AdminSetUserPassword", **password)
    asked = await wire.sign_in("ada", "Temporary-Horse-1", DEVICE_KEY=device.key)
    asked = await wire.respond(asked, USERNAME="ada", NEW_PASSWORD=PASSWORD)
    assert "AuthenticationResult" in await device.prove(wire, asked)


def one_question(event: dict[str, Any]) -> None:
    rounds = event["request"]["session"]
    answered = bool(rounds) and rounds[-1]["challengeName"] == "CUSTOM_CHALLENGE"
    with_password = bool(rounds) and rounds[-1]["challengeName"] == "SRP_A"
    event["response"] = {
        "challengeName": "PASSWORD_VERIFIER" if with_password else "CUSTOM_CHALLENGE",
        "issueTokens": answered,
        "failAuthentication": False,
    }


async def test_custom_auth_names_a_new_device_only_after_a_password(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS")
    wire.pool.triggers = Triggers(
        define_auth_challenge=one_question,
        create_auth_challenge=lambda _: None,
        verify_auth_challenge_response=lambda _: None,
    )
    asked = await wire.initiate("CUSTOM_AUTH", USERNAME="ada")
    reply = await wire.respond(asked, USERNAME="ada", ANSWER="blue")
    assert "NewDeviceMetadata" not in reply["AuthenticationResult"]
    await renew(wire, reply["AuthenticationResult"])

    keys = srp.ClientKeys.generate()
    asked = await wire.initiate(
        "CUSTOM_AUTH", USERNAME="ada", CHALLENGE_NAME="SRP_A", SRP_A=keys.public_hex
    )
    reply = await wire.respond(await wire.prove(asked, keys), USERNAME="ada", ANSWER="blue")
    device = Device.new(reply["AuthenticationResult"])
    await device.confirm(wire, reply["AuthenticationResult"]["AccessToken"])
    asked = await wire.initiate("CUSTOM_AUTH", USERNAME="ada", DEVICE_KEY=device.key)
    asked = await wire.respond(asked, USERNAME="ada", ANSWER="blue")
    assert "AuthenticationResult" in await device.prove(wire, asked)


async def test_a_device_answers_without_a_session(wire: Wire) -> None:
    """As pycognito does: the sign-in that waits for the device is found by its key."""
    settings(wire, device_tracking="ALWAYS")
    (device, _), (other, _) = await confirmed_device(wire), await confirmed_device(wire)
    named = {"USERNAME": "ada", "DEVICE_KEY": device.key}
    keys = srp.ClientKeys.generate()
    first = {
        "ClientId": wire.client.id,
        "ChallengeName": "DEVICE_SRP_AUTH",
        "ChallengeResponses": {**named, "SRP_A": keys.public_hex},
    }
    with pytest.raises(Refused, match="Missing required parameter Session"):
        await wire.call("RespondToAuthChallenge", **first)
    await wire.sign_in(DEVICE_KEY=device.key)
    await wire.sign_in(DEVICE_KEY=other.key)
    await wire.initiate("USER_AUTH", USERNAME="ada", DEVICE_KEY=device.key)
    own, wire.client = wire.client, wire.pool.create_client()
    await wire.sign_in(DEVICE_KEY=device.key)
    wire.client = own
    asked = await wire.call("RespondToAuthChallenge", **first)
    reply = await wire.call(
        "RespondToAuthChallenge",
        ClientId=wire.client.id,
        ChallengeName="DEVICE_PASSWORD_VERIFIER",
        ChallengeResponses={**named, **claim(keys, asked, device.group, device.key, SECRET)},
    )
    assert "AuthenticationResult" in reply
    with pytest.raises(Refused, match="Missing required parameter Session"):
        await wire.call("RespondToAuthChallenge", **first)
    first["ChallengeResponses"]["DEVICE_KEY"] = other.key
    assert (await wire.call("RespondToAuthChallenge", **first))["Session"]


async def test_one_device_does_not_prove_another(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS", mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    (mine, _), (other, _) = await confirmed_device(wire), await confirmed_device(wire)
    keys = srp.ClientKeys.generate()
    asked = await wire.sign_in(DEVICE_KEY=mine.key)
    asked = await wire.respond(asked, USERNAME="ada", DEVICE_KEY=mine.key, SRP_A=keys.public_hex)
    proof = claim(keys, asked, mine.group, mine.key, mine.secret)
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.respond(asked, USERNAME="ada", DEVICE_KEY=other.key, **proof)


async def test_a_device_is_confirmed_by_its_own_tokens_once(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS")
    first, second = await wire.tokens(), await wire.tokens()
    device = Device.new(first)
    with pytest.raises(Refused, match="InvalidParameterException: Invalid device key given"):
        await device.confirm(wire, second["AccessToken"])
    await device.confirm(wire, first["AccessToken"])
    with pytest.raises(Refused, match="DeviceKeyExistsException"):
        await device.confirm(wire, first["AccessToken"])


async def test_a_verifier_that_cannot_be_read_confirms_nothing(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS")
    tokens = await wire.tokens()
    for salt in ("AQ=", "é", "!"):
        with pytest.raises(Refused, match="Invalid device secret verifier"):
            await wire.call(
                "ConfirmDevice",
                AccessToken=tokens["AccessToken"],
                DeviceKey=Device.new(tokens).key,
                DeviceSecretVerifierConfig={"PasswordVerifier": "AQ==", "Salt": salt},
            )


async def test_a_device_that_was_never_confirmed_spares_no_second_factor(wire: Wire) -> None:
    settings(wire, device_tracking="USER_OPT_IN")
    result = await wire.tokens()
    key, group = (result["NewDeviceMetadata"][f"Device{name}Key"] for name in ("", "Group"))
    assert re.fullmatch("eu-west-1_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key)
    assert re.fullmatch("-[0-9a-f]{8}", group)
    assert "NewDeviceMetadata" not in await wire.tokens(DEVICE_KEY=key)
    named = {"AccessToken": result["AccessToken"], "DeviceKey": key}
    shown = (await wire.call("GetDevice", **named))["Device"]
    assert [one["Value"] for one in shown["DeviceAttributes"]] == ["valid", "", "not_remembered"]
    await wire.call("UpdateDeviceStatus", **named, DeviceRememberedStatus="remembered")
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    assert (await wire.sign_in(DEVICE_KEY=key))["ChallengeName"] == "SMS_MFA"


async def test_a_device_that_does_not_exist_leaves_the_session_alone(wire: Wire) -> None:
    keys = srp.ClientKeys.generate()
    asked = await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=keys.public_hex)
    with pytest.raises(Refused, match="ResourceNotFoundException: Device does not exist"):
        await wire.prove(asked, keys, DEVICE_KEY="eu-west-1_00000000-0000-0000-0000-000000000000")
    assert "AuthenticationResult" in await wire.prove(asked, keys)


async def test_a_device_that_is_forgotten_meanwhile_does_not_exist(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS")
    device, result = await confirmed_device(wire)
    asked, begun = [await wire.sign_in(DEVICE_KEY=device.key) for _ in range(2)]
    begun = await wire.respond(begun, USERNAME="ada", DEVICE_KEY=device.key, SRP_A="5")
    await wire.call("ForgetDevice", AccessToken=result["AccessToken"], DeviceKey=device.key)
    with pytest.raises(Refused, match="ResourceNotFoundException: Device does not exist"):
        await device.prove(wire, asked)
    with pytest.raises(Refused, match="ResourceNotFoundException: Device does not exist"):
        await wire.respond(begun, USERNAME="ada")
    with pytest.raises(Refused, match="ResourceNotFoundException: Device does not exist"):
        await wire.sign_in(DEVICE_KEY=device.key)


async def test_a_device_that_was_never_confirmed_proves_nothing(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS")
    unconfirmed = (await wire.tokens())["NewDeviceMetadata"]["DeviceKey"]
    device, _ = await confirmed_device(wire)
    asked = await wire.sign_in(DEVICE_KEY=device.key)
    with pytest.raises(Refused, match="ResourceNotFoundException: Device does not exist"):
        await wire.respond(asked, USERNAME="ada", DEVICE_KEY=unconfirmed, SRP_A="5")


async def test_a_sign_in_without_a_password_names_a_new_device(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS")
    asked = await wire.initiate("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="EMAIL_OTP")
    reply = await wire.respond(asked, USERNAME="ada", EMAIL_OTP_CODE=wire.code())
    assert reply["AuthenticationResult"]["NewDeviceMetadata"]["DeviceKey"]


async def test_devices_are_listed_and_forgotten(wire: Wire) -> None:
    settings(wire, device_tracking="USER_OPT_IN")
    devices = [await confirmed_device(wire) for _ in range(3)]
    keys, access = [device.key for device, _ in devices], devices[-1][1]["AccessToken"]
    first = await wire.call("ListDevices", AccessToken=access, Limit=2)
    rest = await wire.call(
        "ListDevices", AccessToken=access, Limit=2, PaginationToken=first["PaginationToken"]
    )
    assert [device["DeviceKey"] for device in first["Devices"] + rest["Devices"]] == keys
    assert "PaginationToken" not in rest
    await wire.call(
        "UpdateDeviceStatus",
        AccessToken=access,
        DeviceKey=keys[0],
        DeviceRememberedStatus="remembered",
    )
    shown = (await wire.call("GetDevice", AccessToken=access, DeviceKey=keys[0]))["Device"]
    assert {"Name": "dev:device_remembered_status", "Value": "remembered"} in shown[
        "DeviceAttributes"
    ]
    await wire.call("ForgetDevice", AccessToken=access, DeviceKey=keys[0])
    gone = {"AccessToken": access, "DeviceKey": keys[0]}
    for operation, members in (
        ("GetDevice", {}),
        ("UpdateDeviceStatus", {"DeviceRememberedStatus": "remembered"}),
        ("ForgetDevice", {}),
    ):
        with pytest.raises(Refused, match="ResourceNotFoundException: Device does not exist"):
            await wire.call(operation, **gone, **members)
    listed = (await wire.call("ListDevices", AccessToken=access))["Devices"]
    assert [device["DeviceKey"] for device in listed] == keys[1:]
