from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from auth_flow.embedded import ClientSettings, Triggers, TurnableClock
from auth_flow.embedded import _totp as totp
from auth_flow.embedded._srp import _is_fresh as is_fresh
from auth_flow.states import _srp as srp
from tests.embedded.wire import PASSWORD, Refused, Wire, claim, settings

pytestmark = pytest.mark.anyio


async def verified_claims(wire: Wire, token: str, **options: str) -> dict[str, object]:
    """A token's claims, verified by another library from the key set that the pool serves."""
    configuration = (
        await wire.http.get(f"/{wire.pool.id}/.well-known/openid-configuration")
    ).json()
    served = (await wire.http.get(configuration["jwks_uri"])).json()
    assert {(key["kty"], key["alg"], key["use"]) for key in served["keys"]} == {
        ("RSA", "RS256", "sig")
    }
    keys = jwt.PyJWKSet.from_dict(served)
    header = jwt.get_unverified_header(token)
    key = keys[header["kid"]]
    assert header == {"alg": "RS256", "kid": key.key_id}
    assert key.key.key_size == 2048
    return jwt.decode(
        token, key.key, algorithms=["RS256"], issuer=configuration["issuer"], **options
    )


async def test_tokens_say_who_signed_in(wire: Wire, clock: TurnableClock) -> None:
    units = {"access_token": "minutes", "id_token": "days", "refresh_token": "days"}
    validity = {"access_token_validity": 7, "id_token_validity": 1}
    wire.client = wire.pool.create_client(ClientSettings(**validity, token_validity_units=units))
    result = await wire.tokens()
    access = await verified_claims(wire, result["AccessToken"])
    identity = await verified_claims(wire, result["IdToken"], audience=wire.client.id)
    ada = wire.pool.user("ada")
    assert ada is not None
    common = {
        "sub": ada.sub,
        "iss": wire.pool.issuer,
        "origin_jti": access["origin_jti"],
        "event_id": access["event_id"],
        "auth_time": int(clock()),
        "iat": int(clock()),
    }
    assert access == {
        **common,
        "token_use": "access",
        "client_id": wire.client.id,
        "username": "ada",
        "scope": "aws.cognito.signin.user.admin",
        "exp": common["iat"] + 7 * 60,
        "jti": access["jti"],
    }
    assert identity == {
        **common,
        "token_use": "id",
        "aud": wire.client.id,
        "cognito:username": "ada",
        "email": "ada@example.org",
        "email_verified": True,
        "phone_number": "+15555555309",
        "phone_number_verified": True,
        "exp": common["iat"] + 86400,
        "jti": identity["jti"],
    }
    unique = (access["jti"], identity["jti"], access["origin_jti"], access["event_id"])
    assert len({str(uuid.UUID(each)) for each in unique}) == 4
    assert {name: value for name, value in result.items() if not name.endswith("Token")} == {
        "TokenType": "Bearer",
        "ExpiresIn": 7 * 60,
    }


async def test_srp(wire: Wire) -> None:
    assert "AccessToken" in (await wire.srp_sign_in())["AuthenticationResult"]
    first, second = [
        (await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=a))["ChallengeParameters"]
        for a in ("1", f"{srp.N - 1:x}")
    ]
    assert first["SALT"] == second["SALT"]
    assert int(first["SRP_B"], 16) < srp.N
    assert first["SRP_B"] != second["SRP_B"]
    assert first["SECRET_BLOCK"] != second["SECRET_BLOCK"]
    assert first["USERNAME"] == first["USER_ID_FOR_SRP"] == "ada"


@pytest.mark.parametrize("flow", ["srp", "password"])
async def test_wrong_password(wire: Wire, flow: str) -> None:
    wire.pool.create_user("bob")  # who has no password
    sign_in = wire.srp_sign_in if flow == "srp" else wire.sign_in
    for username in ("ada", "bob"):
        with pytest.raises(
            Refused, match=r"NotAuthorizedException: Incorrect username or password."
        ):
            await sign_in(username, "wrong")


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_the_proof_has_to_be_of_this_time(
    wire: Wire, clock: TurnableClock, minutes: int
) -> None:
    keys = srp.ClientKeys.generate()
    asked = await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=keys.public_hex)
    proof = claim(keys, asked, srp.pool_name(wire.pool.id), "ada", PASSWORD, clock() + 60 * minutes)
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.respond(asked, USERNAME="ada", **proof)


async def test_a_proof_comes_with_the_secret_block_of_its_session(wire: Wire) -> None:
    keys = srp.ClientKeys.generate()
    one, other = [
        await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=keys.public_hex)
        for _ in range(2)
    ]
    proof = claim(keys, one, srp.pool_name(wire.pool.id), "ada", PASSWORD, wire.service.clock())
    proof["PASSWORD_CLAIM_SECRET_BLOCK"] = other["ChallengeParameters"]["SECRET_BLOCK"]
    with pytest.raises(Refused, match=r"NotAuthorizedException: Incorrect username or password."):
        await wire.respond(one, USERNAME="ada", **proof)


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("this system sets no time zone for one process")
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "UTC+11")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_from_greenwich")
@pytest.mark.parametrize("month", range(1, 13))
def test_the_service_reads_the_clients_timestamps_of_every_month(month: int) -> None:
    now = datetime(2026, month, 9, 8, 7, 6, tzinfo=UTC).timestamp()
    text = srp.timestamp(now)
    assert all(is_fresh(text, now + seconds) for seconds in (-300, 0, 300))
    assert not any(is_fresh(text, now + seconds) for seconds in (-301, 301))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Wed Sep 9 08:07:06 UTC",
        "Wed Sep 9 08:07 UTC 2026",
        "Wed Sep 09 08:07:06 UTC 2026",
        "Wed Sep 9 08:07:06 GMT 2026",
        "Mi Sept 9 08:07:06 UTC 2026",
        f"Wed Sep 9 08:07:06 UTC {10**20}",
    ],
)
def test_the_service_reads_no_other_timestamps(text: str) -> None:
    assert not is_fresh(text, datetime(2026, 9, 9, 8, 7, 6, tzinfo=UTC).timestamp())


async def test_a_session_is_answered_once(wire: Wire) -> None:
    keys = srp.ClientKeys.generate()
    asked = await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=keys.public_hex)
    await wire.prove(asked, keys)
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid session for the user"):
        await wire.prove(asked, keys)


async def test_a_session_expires(wire: Wire, clock: TurnableClock) -> None:
    keys = srp.ClientKeys.generate()
    asked = await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=keys.public_hex)
    clock.turn(seconds=60 * wire.client.settings.auth_session_validity)
    with pytest.raises(
        Refused, match=r"NotAuthorizedException: Invalid session for the user, session is expired."
    ):
        await wire.prove(asked, keys)


@pytest.mark.parametrize("value", ["0", "zz", f"{srp.N:x}"])
async def test_a_bad_srp_a(wire: Wire, value: str) -> None:
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=value)


async def test_an_unknown_user_looks_like_a_wrong_password_where_users_are_protected(
    wire: Wire,
) -> None:
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    with pytest.raises(Refused, match=r"NotAuthorizedException: Incorrect username or password."):
        await wire.sign_in("nobody")
    with pytest.raises(Refused, match=r"NotAuthorizedException: Incorrect username or password."):
        await wire.srp_sign_in("nobody")
    names = ["ada", *(f"nobody-{number}" for number in range(8))]
    first, second = [
        [
            (await wire.initiate("USER_SRP_AUTH", USERNAME=name, SRP_A="2"))["ChallengeParameters"][
                "SALT"
            ]
            for name in names
        ]
        for _ in range(2)
    ]
    assert first == second
    assert len(set(first)) == len(names)
    assert all(re.fullmatch(r"[89a-f][0-9a-f]{31}", salt) for salt in first)


async def test_an_unknown_user_elsewhere(wire: Wire) -> None:
    with pytest.raises(Refused, match=r"UserNotFoundException: User does not exist."):
        await wire.srp_sign_in("nobody")


async def test_sms_code(wire: Wire) -> None:
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    keys = srp.ClientKeys.generate()
    proof = await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=keys.public_hex)
    asked = await wire.prove(proof, keys)
    assert asked["ChallengeName"] == "SMS_MFA"
    assert asked["Session"] != proof["Session"]
    assert asked["ChallengeParameters"] == {
        "USER_ID_FOR_SRP": "ada",
        "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS",
        "CODE_DELIVERY_DESTINATION": "+*******5309",
    }
    with pytest.raises(
        Refused, match=r"CodeMismatchException: Invalid code or auth state for the user."
    ):
        await wire.respond(asked, USERNAME="ada", SMS_MFA_CODE="nope")
    assert "AuthenticationResult" in await wire.respond(
        asked, USERNAME="ada", SMS_MFA_CODE=wire.code()
    )


async def test_wrong_codes_end_the_session(wire: Wire) -> None:
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    asked = await wire.sign_in()
    for _ in range(3):
        with pytest.raises(Refused, match="CodeMismatchException"):
            await wire.respond(asked, USERNAME="ada", SMS_MFA_CODE="nope")
    for code in ("nope", wire.code()):
        with pytest.raises(Refused, match="NotAuthorizedException"):
            await wire.respond(asked, USERNAME="ada", SMS_MFA_CODE=code)


async def test_choice_of_mfa(wire: Wire) -> None:
    settings(wire, mfa_configuration="OPTIONAL")
    user = wire.pool.create_user(
        "bob", PASSWORD, attributes={"email": "bob@example.org"}, totp_secret=totp.new_secret()
    )
    user.mfa = ["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]
    asked = await wire.sign_in("bob")
    assert asked["ChallengeParameters"]["USER_ID_FOR_SRP"] == "bob"
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == [
        "SOFTWARE_TOKEN_MFA",
        "EMAIL_OTP",
    ]
    user.preferred_mfa = "SOFTWARE_TOKEN_MFA"
    assert (await wire.sign_in("bob"))["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    chosen = await wire.respond(asked, USERNAME="bob", ANSWER="EMAIL_OTP")
    assert chosen["ChallengeName"] == "EMAIL_OTP"
    assert "AuthenticationResult" in await wire.respond(
        chosen, USERNAME="bob", EMAIL_OTP_CODE=wire.code("bob")
    )


PHONE, ADDRESS = ["phone_number"], ["email"]


@pytest.mark.parametrize(
    ("mode", "user", "asked"),
    [
        ("OFF", {"mfa": ["SMS_MFA"], "totp_secret": "JBSWY3DPEHPK3PXP"}, None),
        ("OPTIONAL", {"totp_secret": "JBSWY3DPEHPK3PXP"}, None),
        ("OPTIONAL", {"mfa": ["EMAIL_OTP"]}, "EMAIL_OTP"),
        ("OPTIONAL", {"mfa": ["EMAIL_OTP"], "unverified": ADDRESS}, "EMAIL_OTP"),
        ("OPTIONAL", {"mfa": ["EMAIL_OTP"], "lacks": ADDRESS}, None),
        ("OPTIONAL", {"mfa": ["SOFTWARE_TOKEN_MFA"]}, None),
        ("OPTIONAL", {"mfa": ["EMAIL_OTP", "SMS_MFA"]}, ["SMS_MFA", "EMAIL_OTP"]),
        (
            "OPTIONAL",
            {"mfa": ["EMAIL_OTP", "SMS_MFA"], "preferred_mfa": "EMAIL_OTP"},
            "EMAIL_OTP",
        ),
        ("OPTIONAL", {"mfa": ["SMS_MFA"], "preferred_mfa": "EMAIL_OTP"}, "SMS_MFA"),
        ("ON", {}, ["SMS_MFA", "EMAIL_OTP"]),
        ("ON", {"mfa": ["EMAIL_OTP"]}, "EMAIL_OTP"),
        ("ON", {"unverified": PHONE}, "EMAIL_OTP"),
        ("ON", {"unverified": [*PHONE, *ADDRESS]}, "MFA_SETUP"),
        ("ON", {"unverified": PHONE, "mfa": ["SMS_MFA"]}, "SMS_MFA"),
        (
            "ON",
            {"unverified": [*PHONE, *ADDRESS], "totp_secret": "JBSWY3DPEHPK3PXP"},
            "SOFTWARE_TOKEN_MFA",
        ),
        ("ON", {"lacks": [*PHONE, *ADDRESS], "mfa": ["SMS_MFA", "EMAIL_OTP"]}, "MFA_SETUP"),
    ],
)
async def test_which_second_factor_is_asked_for(
    wire: Wire, mode: str, user: dict[str, Any], asked: str | list[str] | None
) -> None:
    settings(wire, mfa_configuration=mode)
    contact = {"email": "bob@example.org", "phone_number": "+15555550199"}
    marks = {f"{name}_verified": "false" for name in user.get("unverified", ())}
    held = {name: value for name, value in contact.items() if name not in user.get("lacks", ())}
    given = {name: user[name] for name in user.keys() - {"unverified", "lacks"}}
    wire.pool.create_user("bob", PASSWORD, attributes={**held, **marks}, **given)
    reply = await wire.sign_in("bob")
    if isinstance(asked, list):
        assert reply["ChallengeName"] == "SELECT_MFA_TYPE"
        assert json.loads(reply["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == asked
    else:
        assert reply.get("ChallengeName") == asked


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (60, "359152"), (1_111_111_109, "081804"), (20_000_000_000, "353130")],
)
def test_totp_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert totp.code(secret, at) == code


def test_totp_codes_are_taken_a_step_early_or_late() -> None:
    secret, now = base64.b32encode(b"12345678901234567890").decode(), 1_111_111_109
    codes = [totp.code(secret, now + seconds) for seconds in (-60, -30, 0, 30, 60)]
    steps = [totp.matching_step(secret, code, now) for code in codes]
    assert steps == [None, 37_037_035, 37_037_036, 37_037_037, None]


async def test_totp_codes_are_good_once(wire: Wire, clock: TurnableClock) -> None:
    secret = totp.new_secret()
    settings(wire, mfa_configuration="OPTIONAL")
    wire.pool.create_user("bob", PASSWORD, mfa=["SOFTWARE_TOKEN_MFA"], totp_secret=secret)
    code = totp.code(secret, clock())
    asked = await wire.sign_in("bob")
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    await wire.respond(asked, USERNAME="bob", SOFTWARE_TOKEN_MFA_CODE=code)
    again = await wire.sign_in("bob")
    refusal = "ExpiredCodeException: Your software token has already been used once."
    with pytest.raises(Refused, match=refusal):
        await wire.respond(again, USERNAME="bob", SOFTWARE_TOKEN_MFA_CODE=code)
    clock.turn(seconds=60)
    await wire.respond(
        again, USERNAME="bob", SOFTWARE_TOKEN_MFA_CODE=totp.code(secret, clock() - 30)
    )


async def test_totp_set_up_in_a_sign_in(wire: Wire, clock: TurnableClock) -> None:
    settings(wire, mfa_configuration="ON", mfa_factors=("SOFTWARE_TOKEN_MFA", "EMAIL_OTP"))
    wire.pool.create_user("bob", PASSWORD)
    asked = await wire.sign_in("bob")
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"]) == [
        "SOFTWARE_TOKEN_MFA",
        "EMAIL_OTP",
    ]
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.respond(asked, USERNAME="bob")
    associated = await wire.call("AssociateSoftwareToken", Session=asked["Session"])
    assert re.fullmatch(r"[A-Z2-7]{32}", associated["SecretCode"]), "160 bits without padding"
    code = totp.code(associated["SecretCode"], clock())
    with pytest.raises(Refused, match="EnableSoftwareTokenMFAException"):
        await wire.call(
            "VerifySoftwareToken",
            Session=associated["Session"],
            UserCode=f"{(int(code) + 1) % 1000000:06d}",
        )
    verified = await wire.call("VerifySoftwareToken", Session=associated["Session"], UserCode=code)
    assert verified["Status"] == "SUCCESS"
    assert "AuthenticationResult" in await wire.respond(verified, "MFA_SETUP", USERNAME="bob")
    shown = await wire.call("AdminGetUser", UserPoolId=wire.pool.id, Username="bob")
    assert shown["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    clock.turn(minutes=1)
    asked = await wire.sign_in("bob")
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert asked["ChallengeParameters"] == {"USER_ID_FOR_SRP": "bob"}


async def test_a_software_token_is_set_up_only_where_that_is_asked(
    wire: Wire, clock: TurnableClock
) -> None:
    wire.pool.create_user("bob", PASSWORD)
    elsewhere = await wire.initiate("USER_AUTH", USERNAME="ada")
    settings(wire, mfa_configuration="ON", mfa_factors=("EMAIL_OTP",))
    other_factor = await wire.sign_in("bob")
    unknown = {"Session": "x" * 20}
    for operation, code in (("AssociateSoftwareToken", {}), ("VerifySoftwareToken", "123456")):
        members = {"UserCode": code} if code else {}
        for asked in (elsewhere, other_factor, unknown):
            with pytest.raises(Refused, match="NotAuthorizedException: Invalid session"):
                await wire.call(operation, Session=asked["Session"], **members)
        with pytest.raises(Refused, match="InvalidParameterException: Either an access token"):
            await wire.call(operation, **members)
    settings(wire, mfa_factors=("SOFTWARE_TOKEN_MFA",))
    asked = await wire.sign_in("bob")
    with pytest.raises(Refused, match="SoftwareTokenMFANotFoundException"):
        await wire.call("VerifySoftwareToken", Session=asked["Session"], UserCode="123456")
    associated = await wire.call("AssociateSoftwareToken", Session=asked["Session"])
    with pytest.raises(Refused, match="User has not verified software token mfa"):
        await wire.respond(associated, "MFA_SETUP", USERNAME="bob")
    with pytest.raises(Refused, match="InvalidParameterException: EMAIL_OTP cannot be set up"):
        await wire.respond(associated, "MFA_SETUP", USERNAME="bob", EMAIL="bob@example.org")
    code = totp.code(associated["SecretCode"], clock())
    verified = await wire.call("VerifySoftwareToken", Session=associated["Session"], UserCode=code)
    again = await wire.call("AssociateSoftwareToken", Session=verified["Session"])
    with pytest.raises(Refused, match="User has not verified software token mfa"):
        await wire.respond(again, "MFA_SETUP", USERNAME="bob")
    named = {"UserPoolId": wire.pool.id, "ClientId": wire.client.id}
    await wire.call("DeleteUserPoolClient", **named)
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid session"):
        await wire.call("AssociateSoftwareToken", Session=again["Session"])


async def test_email_set_up_in_a_sign_in(wire: Wire) -> None:
    settings(wire, mfa_configuration="ON", mfa_factors=("EMAIL_OTP",))
    wire.pool.create_user("bob", PASSWORD)
    asked = await wire.respond(await wire.sign_in("bob"), USERNAME="bob", EMAIL="bob@example.org")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    await wire.respond(asked, USERNAME="bob", EMAIL_OTP_CODE=wire.code("bob"))
    shown = await wire.call("AdminGetUser", UserPoolId=wire.pool.id, Username="bob")
    assert shown["UserMFASettingList"] == ["EMAIL_OTP"]
    assert (await wire.sign_in("bob"))["ChallengeName"] == "EMAIL_OTP"


async def test_new_password(wire: Wire) -> None:
    settings(wire, required_attributes=("name",))
    wire.pool.create_user(
        "bob", "temporary", attributes={"email": "b@c.org"}, status="FORCE_CHANGE_PASSWORD"
    )
    asked = await wire.srp_sign_in("bob", "temporary")
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert asked["ChallengeParameters"]["USER_ID_FOR_SRP"] == "bob"
    assert json.loads(asked["ChallengeParameters"]["requiredAttributes"]) == ["userAttributes.name"]
    assert json.loads(asked["ChallengeParameters"]["userAttributes"])["email"] == "b@c.org"
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.respond(asked, USERNAME="bob", NEW_PASSWORD=PASSWORD)
    with pytest.raises(
        Refused,
        match="InvalidPasswordException: Password did not conform with policy: Password not "
        "long enough",
    ):
        await wire.respond(
            asked, USERNAME="bob", NEW_PASSWORD="short", **{"userAttributes.name": "Bob"}
        )
    await wire.respond(
        asked, USERNAME="bob", NEW_PASSWORD=PASSWORD, **{"userAttributes.name": "Bob"}
    )
    assert "AuthenticationResult" in await wire.srp_sign_in("bob")
    shown = await wire.call("AdminGetUser", UserPoolId=wire.pool.id, Username="bob")
    assert shown["UserStatus"] == "CONFIRMED"
    assert {"Name": "name", "Value": "Bob"} in shown["UserAttributes"]


async def test_a_temporary_password_expires(wire: Wire, clock: TurnableClock) -> None:
    wire.pool.create_user("bob", PASSWORD, status="FORCE_CHANGE_PASSWORD")
    asked = await wire.sign_in("bob")
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    access = (await wire.tokens())["AccessToken"]
    named = {"UserPoolId": wire.pool.id, "Username": "ada", "Password": "Temporary-1"}
    await wire.call("AdminSetUserPassword", **named, Permanent=False)
    change = {"PreviousPassword": "Temporary-1", "ProposedPassword": PASSWORD}
    await wire.call("ChangePassword", AccessToken=access, **change)
    clock.turn(days=7)
    with pytest.raises(Refused, match="Temporary password has expired"):
        await wire.sign_in("bob")
    asked = await wire.sign_in()
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED", "a chosen password does not expire"


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ("UNCONFIRMED", "UserNotConfirmedException"),
        ("RESET_REQUIRED", "PasswordResetRequiredException"),
    ],
)
@pytest.mark.parametrize("password", [PASSWORD, "Wrong-Horse-1"])
async def test_the_status_is_checked_before_the_password(
    wire: Wire, status: str, name: str, password: str
) -> None:
    wire.pool.create_user("bob", PASSWORD, status=status)  # type: ignore[arg-type]  # parametrised by name
    with pytest.raises(Refused, match=name):
        await wire.srp_sign_in("bob", password)
    with pytest.raises(Refused, match=name):
        await wire.sign_in("bob", password)
    with pytest.raises(Refused, match=name):
        await wire.initiate("USER_AUTH", USERNAME="bob")


async def test_a_new_password_leaves_required_attributes_that_have_a_value(wire: Wire) -> None:
    settings(wire, required_attributes=("email", "given_name"))
    wire.pool.create_user(
        "bob",
        PASSWORD,
        attributes={"email": "bob@example.org"},
        status="FORCE_CHANGE_PASSWORD",
    )
    asked = await wire.sign_in("bob")
    answer = {
        "USERNAME": "bob",
        "NEW_PASSWORD": "New-Correct-Horse-2",
        "userAttributes.given_name": "Bob",
    }
    with pytest.raises(Refused, match="Cannot modify an already provided email"):
        await wire.respond(asked, **answer, **{"userAttributes.email": "eve@example.org"})
    assert "AuthenticationResult" in await wire.respond(asked, **answer)


async def test_user_auth_offers_what_the_account_has(wire: Wire) -> None:
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    assert asked["ChallengeName"] == "SELECT_CHALLENGE"
    assert asked["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"]
    assert asked["ChallengeParameters"] == {"USERNAME": "ada"}
    coded = await wire.respond(asked, USERNAME="ada", ANSWER="SMS_OTP")
    assert coded["ChallengeName"] == "SMS_OTP"
    assert "AuthenticationResult" in await wire.respond(
        coded, USERNAME="ada", SMS_OTP_CODE=wire.code()
    )


@pytest.mark.parametrize(
    ("allowed", "username", "offered"),
    [
        (("PASSWORD", "SOFTWARE_TOKEN"), "ada", ["PASSWORD", "PASSWORD_SRP"]),
        (("PASSWORD", "SMS_OTP", "WEB_AUTHN"), "ada", ["PASSWORD", "PASSWORD_SRP", "SMS_OTP"]),
        (("EMAIL_OTP", "SMS_OTP"), "ada", ["EMAIL_OTP", "SMS_OTP"]),
        (("PASSWORD", "EMAIL_OTP", "SMS_OTP"), "bob", ["PASSWORD", "PASSWORD_SRP"]),
        (("PASSWORD",), "bob", ["PASSWORD", "PASSWORD_SRP"]),
        (("PASSWORD", "SOFTWARE_TOKEN", "SMS_OTP"), "nobody", ["PASSWORD", "PASSWORD_SRP"]),
    ],
)
async def test_user_auth_offers_what_the_pool_allows_and_the_user_has(
    wire: Wire, allowed: tuple[str, ...], username: str, offered: list[str]
) -> None:
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    wire.pool.create_user("bob", PASSWORD, totp_secret=totp.new_secret())
    settings(wire, first_factors=allowed)
    asked = await wire.initiate("USER_AUTH", USERNAME=username)
    assert asked["AvailableChallenges"] == offered


async def test_user_auth_with_passwords(wire: Wire) -> None:
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    assert "AuthenticationResult" in await wire.respond(
        asked, USERNAME="ada", ANSWER="PASSWORD", PASSWORD=PASSWORD
    )
    keys = srp.ClientKeys.generate()
    asked = await wire.initiate(
        "USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=keys.public_hex
    )
    assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
    assert "AuthenticationResult" in await wire.prove(asked, keys)
    preferred = await wire.initiate(
        "USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD
    )
    assert "AuthenticationResult" in preferred
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    asked = await wire.initiate(
        "USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=keys.public_hex
    )
    assert (await wire.prove(asked, keys))["ChallengeName"] == "SMS_MFA"
    preferred = await wire.initiate(
        "USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD
    )
    assert preferred["ChallengeName"] == "SMS_MFA"


async def test_custom_challenge_rounds(wire: Wire) -> None:
    seen: list[str] = []

    def define(event: dict) -> dict:
        rounds = event["request"]["session"]
        metadata = [round_["challengeMetadata"] for round_ in rounds]
        assert metadata == [f"round-{number}" for number in range(len(rounds))]
        assert {round_["challengeName"] for round_ in rounds} <= {"CUSTOM_CHALLENGE"}
        won = [round_ for round_ in rounds if round_["challengeResult"]]
        event["response"] |= {
            "issueTokens": len(won) == 2,
            "failAuthentication": len(rounds) > 2,
            "challengeName": "CUSTOM_CHALLENGE",
        }
        return event

    async def create(event: dict) -> None:
        number = str(len(event["request"]["session"]))
        assert event["request"]["challengeName"] == "CUSTOM_CHALLENGE"
        assert event["response"] == {
            "publicChallengeParameters": {},
            "privateChallengeParameters": {},
            "challengeMetadata": None,
        }
        event["response"] |= {
            "publicChallengeParameters": {"question": number, "USERNAME": "eve"},
            "privateChallengeParameters": {"answer": number},
            "challengeMetadata": f"round-{number}",
        }

    def verify(event: dict) -> None:
        assert event["response"] == {"answerCorrect": False}
        seen.append(event["request"]["challengeAnswer"])
        private = event["request"]["privateChallengeParameters"]
        event["response"]["answerCorrect"] = (
            event["request"]["challengeAnswer"] == private["answer"]
        )

    wire.pool.triggers = Triggers(
        define_auth_challenge=define,
        create_auth_challenge=create,
        verify_auth_challenge_response=verify,
    )
    asked = await wire.initiate("CUSTOM_AUTH", USERNAME="ada")
    while "AuthenticationResult" not in asked:
        assert asked["ChallengeParameters"]["USERNAME"] == "ada"
        asked = await wire.respond(
            asked, USERNAME="ada", ANSWER=asked["ChallengeParameters"]["question"]
        )
    assert seen == ["0", "1"]
    asked = await wire.initiate("CUSTOM_AUTH", USERNAME="ada")
    for _ in range(2):
        asked = await wire.respond(asked, USERNAME="ada", ANSWER="wrong")
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.respond(asked, USERNAME="ada", ANSWER="wrong")


async def test_custom_challenge_after_srp(wire: Wire) -> None:
    def define(event: dict) -> None:
        rounds = event["request"]["session"]
        assert all(round_["challengeResult"] is True for round_ in rounds)
        names = [round_["challengeName"] for round_ in rounds]
        event["response"] |= (
            {"challengeName": "PASSWORD_VERIFIER"}
            if names == ["SRP_A"]
            else {"issueTokens": names == ["SRP_A", "PASSWORD_VERIFIER"]}
        )

    wire.pool.triggers = Triggers(define_auth_challenge=define)
    keys = srp.ClientKeys.generate()
    asked = await wire.initiate(
        "CUSTOM_AUTH", USERNAME="ada", SRP_A=keys.public_hex, CHALLENGE_NAME="SRP_A"
    )
    assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
    assert "AuthenticationResult" in await wire.prove(asked, keys)


async def test_a_trigger_may_refuse(wire: Wire) -> None:
    def refuse(event: dict) -> None:
        raise ValueError("not today")

    triggers = Triggers(pre_authentication=refuse)
    wire.pool = wire.service.create_pool(triggers=triggers, key=wire.pool.key)
    wire.pool.create_user("ada", PASSWORD)
    wire.client = wire.pool.create_client()
    with pytest.raises(
        Refused,
        match=r"UserLambdaValidationException: PreAuthentication failed with error not today.",
    ):
        await wire.sign_in()


async def test_users_migrate_at_their_first_sign_in(wire: Wire) -> None:
    def migrate(event: dict) -> None:
        if event["request"]["password"] == PASSWORD:
            event["response"] |= {
                "userAttributes": {"email": "old@example.org"},
                "finalUserStatus": "CONFIRMED",
            }

    wire.pool.triggers = Triggers(user_migration=migrate)
    with pytest.raises(Refused, match="UserNotFoundException"):
        await wire.sign_in("old", "wrong")
    assert await wire.tokens("old")
    wire.pool.triggers = Triggers()
    assert "AuthenticationResult" in await wire.srp_sign_in("old")


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_user_who_migrates_is_asked_for_a_second_factor(wire: Wire, deleted: bool) -> None:
    def migrate(event: dict) -> None:
        attributes = {"email": event["userName"], "email_verified": "true"}
        event["response"] |= {"userAttributes": attributes, "finalUserStatus": "CONFIRMED"}

    settings(
        wire,
        mfa_configuration="ON",
        mfa_factors=("EMAIL_OTP",),
        username_attributes=("email",),
    )
    wire.pool.triggers = Triggers(user_migration=migrate)
    asked = await wire.sign_in("old@example.org")
    name = asked["ChallengeParameters"]["USER_ID_FOR_SRP"]
    answer = {"USERNAME": "old@example.org", "EMAIL_OTP_CODE": wire.code(name)}
    if not deleted:
        assert "AuthenticationResult" in await wire.respond(asked, **answer)
        return
    await wire.call("AdminDeleteUser", UserPoolId=wire.pool.id, Username=name)
    wire.pool.create_user("another", PASSWORD, attributes={"email": "old@example.org"})
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid session for the user"):
        await wire.respond(asked, **answer)


async def test_secret_hash(wire: Wire) -> None:
    from pycognito.aws_srp import AWSSRP

    with pytest.raises(Refused, match="Unable to verify secret hash"):
        await wire.sign_in(SECRET_HASH="bm8=")  # the client has no secret
    wire.client = wire.pool.create_client(ClientSettings(generate_secret=True))
    with pytest.raises(
        Refused,
        match=r"NotAuthorizedException: Client .* is configured with secret but SECRET_HASH "
        r"was not received",
    ):
        await wire.sign_in()
    with pytest.raises(
        Refused, match="NotAuthorizedException: Unable to verify secret hash for client"
    ):
        await wire.sign_in(SECRET_HASH="bm8=")
    right = AWSSRP.get_secret_hash("ada", wire.client.id, wire.client.secret)
    assert await wire.tokens(SECRET_HASH=right)
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    asked = await wire.sign_in(SECRET_HASH=right)
    answer = {"USERNAME": "ada", "SMS_MFA_CODE": wire.code()}
    with pytest.raises(Refused, match="SECRET_HASH was not received"):
        await wire.respond(asked, **answer)
    with pytest.raises(Refused, match="Unable to verify secret hash"):
        await wire.respond(asked, **answer, SECRET_HASH="bm8=")
    assert "AuthenticationResult" in await wire.respond(asked, **answer, SECRET_HASH=right)


async def test_a_flow_that_the_client_does_not_allow(wire: Wire) -> None:
    wire.client = wire.pool.create_client(
        ClientSettings(explicit_auth_flows=("ALLOW_USER_SRP_AUTH",))
    )
    with pytest.raises(
        Refused,
        match="InvalidParameterException: USER_PASSWORD_AUTH flow not enabled for this client",
    ):
        await wire.sign_in()


async def test_wrong_passwords_lock_out_for_a_while(wire: Wire, clock: TurnableClock) -> None:
    with pytest.raises(Refused, match=r"Incorrect username or password."):
        await wire.sign_in(password="wrong")
    assert await wire.tokens()
    keys = srp.ClientKeys.generate()
    asked = await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=keys.public_hex)
    for _ in range(5):
        with pytest.raises(Refused, match=r"Incorrect username or password."):
            await wire.sign_in(password="wrong")
    with pytest.raises(Refused, match="NotAuthorizedException: Password attempts exceeded"):
        await wire.prove(asked, keys)
    with pytest.raises(Refused, match="NotAuthorizedException: Password attempts exceeded"):
        await wire.sign_in()
    with pytest.raises(Refused, match="NotAuthorizedException: Password attempts exceeded"):
        await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A="2")
    clock.turn(seconds=1)
    user = wire.pool.user("ada")
    assert user is not None
    for wrong, seconds in ((5, 2), (6, 4), (13, 512), (14, 900), (10_000, 900)):
        user.password_attempts.wrong = wrong
        with pytest.raises(Refused, match=r"Incorrect username or password."):
            await wire.sign_in(password="wrong")
        clock.turn(seconds=seconds - 1)
        with pytest.raises(Refused, match="Password attempts exceeded"):
            await wire.sign_in()
        clock.turn(seconds=1)
    assert await wire.tokens()


async def test_a_new_password_ends_a_lock_out(wire: Wire) -> None:
    for _ in range(5):
        with pytest.raises(Refused, match=r"Incorrect username or password."):
            await wire.sign_in(password="wrong")
    changed = {"UserPoolId": wire.pool.id, "Username": "ada", "Password": "New-Horse-1"}
    await wire.call("AdminSetUserPassword", **changed, Permanent=True)
    assert await wire.tokens(password="New-Horse-1")


async def test_verifying_a_token_by_session_registers_it(wire: Wire, clock: TurnableClock) -> None:
    """A sign-in that begins afterwards asks for it, even if the first one is never finished."""
    settings(wire, mfa_configuration="ON", mfa_factors=("SOFTWARE_TOKEN_MFA",))
    asked = await wire.sign_in()
    assert asked["ChallengeName"] == "MFA_SETUP"
    associated = await wire.call("AssociateSoftwareToken", Session=asked["Session"])
    verified = await wire.call(
        "VerifySoftwareToken",
        Session=associated["Session"],
        UserCode=totp.code(associated["SecretCode"], clock()),
    )
    again = await wire.sign_in()
    assert again["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    reply = await wire.respond({**asked, "Session": verified["Session"]}, USERNAME="ada")
    assert "AuthenticationResult" in reply
