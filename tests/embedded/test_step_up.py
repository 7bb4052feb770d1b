"""Step-up sign-ins, the claims `acr` and `amr`, and a software token as the first factor."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auth_flow import Claims
from auth_flow.embedded import PoolSettings, TurnableClock
from auth_flow.embedded import _totp as totp
from auth_flow.embedded._models import Totp
from auth_flow.states import _srp as srp
from tests.embedded.authenticator import Authenticator
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio

LEVEL = "urn:cognito:loa:"
KEY = "JBSWY3DPEHPK3PXP"


def give_app(wire: Wire) -> None:
    """Give ada an authenticator app."""
    ada = wire.pool.user("ada")
    assert ada is not None
    ada.totp = Totp(secret=KEY)
    wire.pool.save(ada)


def app_code(wire: Wire) -> str:
    return totp.code(KEY, wire.service.clock())


def claims(reply: dict[str, Any], token: str = "AccessToken") -> Claims:
    return Claims.of(reply["AuthenticationResult"][token], "test")


async def aim(wire: Wire, levels: str, **parameters: str) -> dict[str, Any]:
    return await wire.initiate("USER_AUTH", USERNAME="ada", TARGET_ACR_VALUES=levels, **parameters)


async def answer(wire: Wire, asked: dict[str, Any], **responses: str) -> dict[str, Any]:
    return await wire.respond(asked, USERNAME="ada", **responses)


async def by_password(wire: Wire, levels: str = f"{LEVEL}1", **parameters: str) -> dict[str, Any]:
    asked = await aim(wire, levels, **parameters)
    assert asked["ChallengeName"] == "SELECT_CHALLENGE"
    return await answer(wire, asked, ANSWER="PASSWORD", PASSWORD=PASSWORD)


async def test_a_pool_names_its_levels(wire: Wire) -> None:
    configuration = {"Level1": {"AcrValue": "https://acr.example/low"}}
    given = {"UserPoolId": wire.pool.id, "AcrConfiguration": configuration}
    await wire.service_call("UpdateUserPool", **given)
    described = await wire.service_call("DescribeUserPool", UserPoolId=wire.pool.id)
    assert described["UserPool"]["AcrConfiguration"] == {
        **configuration,
        **{f"Level{level}": {"AcrValue": f"{LEVEL}{level}"} for level in (2, 3, 4)},
    }
    signed_in = await by_password(wire, "https://acr.example/low")
    assert claims(signed_in).acr == "https://acr.example/low"
    with pytest.raises(Refused, match="no valid value"):
        await aim(wire, f"{LEVEL}1")
    await wire.call("UpdateUserPool", UserPoolId=wire.pool.id)
    assert claims(await by_password(wire)).acr == f"{LEVEL}1"


@pytest.mark.parametrize(
    ("members", "error"),
    [
        (
            {"AcrConfiguration": {"Level1": {"AcrValue": f"{LEVEL}2"}}},
            "InvalidParameterException: .*unique",
        ),
        (
            {"AcrConfiguration": {"Level5": {"AcrValue": "five"}}},
            "InvalidParameterException",
        ),
        (
            {"AcrConfiguration": {"Level1": {"AcrValue": "low"}}, "UserPoolTier": "LITE"},
            "FeatureUnavailableInTierException",
        ),
    ],
)
async def test_names_of_levels_that_are_refused(
    wire: Wire, members: dict[str, Any], error: str
) -> None:
    with pytest.raises(Refused, match=error):
        await wire.service_call("UpdateUserPool", UserPoolId=wire.pool.id, **members)
    assert claims(await by_password(wire)).acr == f"{LEVEL}1"


async def test_a_sign_in_without_a_target_has_no_level(wire: Wire) -> None:
    signed_in = await wire.sign_in()
    assert (claims(signed_in).acr, claims(signed_in).amr) == (None, ())


async def test_a_password_is_level_1(wire: Wire) -> None:
    keys = srp.ClientKeys.generate()
    asked = await aim(wire, f"{LEVEL}1")
    asked = await answer(wire, asked, ANSWER="PASSWORD_SRP", SRP_A=keys.public_hex)
    for signed_in in (await by_password(wire), await wire.prove(asked, keys)):
        for token in ("AccessToken", "IdToken"):
            assert claims(signed_in, token).acr == f"{LEVEL}1"
            assert claims(signed_in, token).amr == ("pwd",)


async def test_a_step_up_asks_only_for_what_is_missing(wire: Wire, clock: TurnableClock) -> None:
    give_app(wire)
    before = await by_password(wire)
    clock.turn(seconds=60)
    token = before["AuthenticationResult"]["AccessToken"]
    asked = await aim(wire, f"{LEVEL}4 {LEVEL}3", ACCESS_TOKEN=token, MAX_AGE="60")
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    after = await answer(wire, asked, SOFTWARE_TOKEN_MFA_CODE=app_code(wire))
    assert claims(after).acr == f"{LEVEL}4"
    assert claims(after).amr == ("pwd", "otp", "mfa")
    assert claims(after).auth_time == int(clock())
    assert claims(after).origin_jti != claims(before).origin_jti
    clock.turn(seconds=60)
    fresh = await wire.call(
        "GetTokensFromRefreshToken",
        ClientId=wire.client.id,
        RefreshToken=after["AuthenticationResult"]["RefreshToken"],
    )
    for name in ("acr", "amr", "auth_time"):
        assert getattr(claims(fresh), name) == getattr(claims(after), name)


async def test_credit_is_given_to_recent_sign_ins_with_a_level_only(
    wire: Wire, clock: TurnableClock
) -> None:
    wire.pool.create_user("ada", PASSWORD, totp_secret=KEY)  # who has nothing else
    ordinary = (await wire.tokens())["AccessToken"]
    old = (await by_password(wire))["AuthenticationResult"]["AccessToken"]
    clock.turn(seconds=60)
    for parameters in ({"ACCESS_TOKEN": ordinary}, {"ACCESS_TOKEN": old, "MAX_AGE": "59"}, {}):
        asked = await by_password(wire, f"{LEVEL}4", **parameters)
        assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


async def test_the_first_level_that_the_user_can_reach_is_taken(wire: Wire) -> None:
    asked = await aim(wire, f"{LEVEL}4 urn:other {LEVEL}2", PREFERRED_CHALLENGE="EMAIL_OTP")
    signed_in = await answer(wire, asked, EMAIL_OTP_CODE=wire.code())
    assert (claims(signed_in).acr, claims(signed_in).amr) == (f"{LEVEL}2", ("email_otp",))


async def test_a_password_and_a_sent_code_are_level_3(wire: Wire) -> None:
    asked = await by_password(wire, f"{LEVEL}3")
    assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == ["SMS_MFA", "EMAIL_OTP"]
    asked = await answer(wire, asked, ANSWER="SMS_MFA")
    signed_in = await answer(wire, asked, SMS_MFA_CODE=wire.code())
    assert (claims(signed_in).acr, claims(signed_in).amr) == (f"{LEVEL}3", ("pwd", "sms", "mfa"))


@pytest.mark.parametrize(("attachment", "method"), [("cross-platform", "hwk"), ("platform", "swk")])
async def test_a_passkey_is_level_3(wire: Wire, attachment: str, method: str) -> None:
    authenticator, access = Authenticator(), (await wire.tokens())["AccessToken"]
    started = await wire.call("StartWebAuthnRegistration", AccessToken=access)
    credential = authenticator.create(started["CredentialCreationOptions"])
    credential["authenticatorAttachment"] = attachment
    await wire.call("CompleteWebAuthnRegistration", AccessToken=access, Credential=credential)
    asked = await aim(wire, f"{LEVEL}3", PREFERRED_CHALLENGE="WEB_AUTHN")
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    signed_in = await answer(wire, asked, CREDENTIAL=json.dumps(authenticator.get(options)))
    assert (claims(signed_in).acr, claims(signed_in).amr) == (f"{LEVEL}3", (method,))


@pytest.mark.parametrize(
    ("levels", "lacks", "has_app", "offered"),
    [
        ("1", [], False, ["PASSWORD", "PASSWORD_SRP"]),
        ("2", [], False, ["EMAIL_OTP", "SMS_OTP"]),
        ("2", ["phone_number"], False, ["EMAIL_OTP"]),
        ("2", ["email"], False, ["SMS_OTP"]),
        ("3", [], False, ["PASSWORD", "PASSWORD_SRP"]),
        ("3 2", ["phone_number"], False, ["PASSWORD", "PASSWORD_SRP"]),
        ("4", [], True, ["PASSWORD", "PASSWORD_SRP"]),
        ("4 2", [], False, ["EMAIL_OTP", "SMS_OTP"]),
        ("2 1", ["phone_number", "email"], False, ["PASSWORD", "PASSWORD_SRP"]),
        ("1 2", ["password"], False, ["EMAIL_OTP", "SMS_OTP"]),
        ("2 3", ["phone_number", "email"], True, None),
        ("1 3 4", ["password"], True, None),
    ],
)
async def test_the_first_factors_that_lead_to_a_level(
    wire: Wire, levels: str, lacks: list[str], has_app: bool, offered: list[str] | None
) -> None:
    contact = {"email": "ada@example.org", "phone_number": "+15555555309"}
    wire.pool.create_user(
        "ada",
        None if "password" in lacks else PASSWORD,
        attributes={name: value for name, value in contact.items() if name not in lacks},
        totp_secret=KEY if has_app else None,
    )
    aimed = " ".join(f"{LEVEL}{level}" for level in levels.split())
    if offered is None:
        with pytest.raises(Refused, match="no factors for the requested authentication level"):
            await aim(wire, aimed)
        return
    assert (await aim(wire, aimed))["AvailableChallenges"] == offered


async def test_a_password_that_is_proven_and_a_code_are_level_3(wire: Wire) -> None:
    token = (await by_password(wire))["AuthenticationResult"]["AccessToken"]
    asked = await aim(wire, f"{LEVEL}2", ACCESS_TOKEN=token)
    assert asked["AvailableChallenges"] == ["EMAIL_OTP", "SMS_OTP"]
    asked = await answer(wire, asked, ANSWER="EMAIL_OTP")
    signed_in = await answer(wire, asked, EMAIL_OTP_CODE=wire.code())
    assert claims(signed_in).acr == f"{LEVEL}3"
    assert claims(signed_in).amr == ("pwd", "email_otp", "mfa")
    token = signed_in["AuthenticationResult"]["AccessToken"]
    for level in (1, 2, 3):
        with pytest.raises(Refused, match="already satisfies"):
            await aim(wire, f"{LEVEL}{level}", ACCESS_TOKEN=token)


async def test_a_level_that_goes_out_of_reach_meanwhile(wire: Wire) -> None:
    give_app(wire)
    asked = await aim(wire, f"{LEVEL}4")
    await wire.call("AdminDeleteSoftwareToken", UserPoolId=wire.pool.id, Username="ada")
    with pytest.raises(
        Refused, match="NotAuthorizedException: The requested authentication level was not reached"
    ):
        await answer(wire, asked, ANSWER="PASSWORD", PASSWORD=PASSWORD)


async def test_a_required_second_factor_is_asked_for_at_every_level(wire: Wire) -> None:
    give_app(wire)
    settings(wire, mfa_configuration="ON", mfa_factors=("SOFTWARE_TOKEN_MFA",))
    for level in (1, 2):
        offered = (await aim(wire, f"{LEVEL}{level}"))["AvailableChallenges"]
        assert offered == ["PASSWORD", "PASSWORD_SRP"]
        asked = await by_password(wire, f"{LEVEL}{level}")
        signed_in = await answer(wire, asked, SOFTWARE_TOKEN_MFA_CODE=app_code(wire))
        assert claims(signed_in).acr == f"{LEVEL}4"
        give_app(wire)


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"TARGET_ACR_VALUES": "urn:other nonsense"}, "no valid value"),
        ({"TARGET_ACR_VALUES": f"{LEVEL}4"}, "no factors"),
        *(
            ({"TARGET_ACR_VALUES": f"{LEVEL}1", "MAX_AGE": text}, "MAX_AGE must be a number")
            for text in ("soon", "-1", "1.5", "", "\u0661")
        ),
        ({"ACCESS_TOKEN": "any"}, "requires TARGET_ACR_VALUES"),
        ({"TARGET_ACR_VALUES": f"{LEVEL}1", "ACCESS_TOKEN": "any"}, "Invalid Access Token"),
    ],
)
async def test_requests_that_are_refused(
    wire: Wire, parameters: dict[str, str], refusal: str
) -> None:
    with pytest.raises(Refused, match=refusal):
        await wire.initiate("USER_AUTH", USERNAME="ada", **parameters)


async def test_a_level_that_is_reached_is_refused(wire: Wire) -> None:
    token = (await by_password(wire))["AuthenticationResult"]["AccessToken"]
    with pytest.raises(Refused, match="already satisfies"):
        await aim(wire, f"{LEVEL}1", ACCESS_TOKEN=token)


async def test_the_token_has_to_be_the_users(wire: Wire) -> None:
    wire.pool.create_user("eve", PASSWORD)
    token = (await wire.tokens("eve"))["AccessToken"]
    aimed = {"TARGET_ACR_VALUES": f"{LEVEL}1", "ACCESS_TOKEN": token}
    for username in ("ada", "nobody"):
        with pytest.raises(Refused, match="does not belong"):
            await wire.initiate("USER_AUTH", USERNAME=username, **aimed)


async def test_the_lite_plan_has_no_step_up(wire: Wire) -> None:
    wire.pool.settings = PoolSettings(described={"UserPoolTier": "LITE"})
    with pytest.raises(Refused, match="FeatureUnavailableInTierException"):
        await aim(wire, f"{LEVEL}1")


@pytest.mark.parametrize("name", ["SOFTWARE_TOKEN", "SOFTWARE_TOKEN_MFA"])
async def test_a_software_token_as_the_first_factor(wire: Wire, name: str) -> None:
    give_app(wire)
    settings(wire, first_factors=("PASSWORD", "SOFTWARE_TOKEN"))
    access = (await wire.tokens())["AccessToken"]
    factors = await wire.call("GetUserAuthFactors", AccessToken=access)
    assert factors["ConfiguredUserAuthFactors"] == ["PASSWORD", "SOFTWARE_TOKEN"]
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    assert asked["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "SOFTWARE_TOKEN_MFA"]
    asked = await answer(wire, asked, ANSWER=name)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    with pytest.raises(Refused, match="CodeMismatch"):
        await answer(wire, asked, SOFTWARE_TOKEN_MFA_CODE="000000")
    assert "AuthenticationResult" in await answer(
        wire, asked, SOFTWARE_TOKEN_MFA_CODE=app_code(wire)
    )
