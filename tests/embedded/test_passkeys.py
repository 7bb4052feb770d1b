from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from auth_flow.embedded import PoolSettings, TurnableClock
from auth_flow.embedded._passkeys import request_options
from auth_flow.errors import MissingExtra
from tests.embedded.authenticator import Authenticator, encode
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio

MULTI_FACTOR = "MULTI_FACTOR_WITH_USER_VERIFICATION"


async def register(wire: Wire, authenticator: Authenticator) -> str:
    access = (await wire.tokens())["AccessToken"]
    options = (await wire.call("StartWebAuthnRegistration", AccessToken=access))[
        "CredentialCreationOptions"
    ]
    await wire.call(
        "CompleteWebAuthnRegistration", AccessToken=access, Credential=authenticator.create(options)
    )
    return access


async def test_a_passkey_signs_in(wire: Wire) -> None:
    settings(wire, user_verification="required")
    authenticator = Authenticator()
    await register(wire, authenticator)
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    assert "WEB_AUTHN" in asked["AvailableChallenges"]
    asked = await wire.respond(asked, USERNAME="ada", ANSWER="WEB_AUTHN")
    assert asked["ChallengeParameters"]["USERNAME"] == "ada"
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    answer = authenticator.get(options)
    assert options["allowCredentials"] == [
        {"id": answer["id"], "type": "public-key", "transports": ["internal"]}
    ]
    assert options["userVerification"] == "required"
    assert "AuthenticationResult" in await wire.respond(
        asked, USERNAME="ada", CREDENTIAL=json.dumps(answer)
    )


async def test_an_assertion_needs_a_challenge(wire: Wire) -> None:
    await register(wire, Authenticator())
    with pytest.raises(Refused, match=r"NotAuthorizedException: Incorrect username or password."):
        await wire.initiate(
            "USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="WEB_AUTHN", CREDENTIAL="{}"
        )


async def test_another_key_does_not(wire: Wire) -> None:
    authenticator, thief = Authenticator(), Authenticator()
    await register(wire, authenticator)
    asked = await wire.initiate("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="WEB_AUTHN")
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    forged = {
        **thief.get(options),
        "id": authenticator.get(options)["id"],
        "rawId": authenticator.get(options)["id"],
    }
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.respond(asked, USERNAME="ada", CREDENTIAL=json.dumps(forged))
    with pytest.raises(Refused, match="NotAuthorizedException: The passkey is not one of the user"):
        await passkey_sign_in(wire, thief)


async def test_who_has_no_passkey_at_hand_chooses_another_factor(wire: Wire) -> None:
    await register(wire, Authenticator())
    asked = await wire.initiate("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="WEB_AUTHN")
    asked = await wire.respond(asked, "SELECT_CHALLENGE", USERNAME="ada", ANSWER="EMAIL_OTP")
    assert "AuthenticationResult" in await wire.respond(
        asked, USERNAME="ada", EMAIL_OTP_CODE=wire.code()
    )


async def test_passkeys_are_listed_and_deleted(wire: Wire) -> None:
    access = ""
    for _ in range(3):
        access = await register(wire, Authenticator())
    first = await wire.call("ListWebAuthnCredentials", AccessToken=access, MaxResults=2)
    rest = await wire.call(
        "ListWebAuthnCredentials", AccessToken=access, MaxResults=2, NextToken=first["NextToken"]
    )
    credentials = first["Credentials"] + rest["Credentials"]
    assert len({credential["CredentialId"] for credential in credentials}) == 3
    assert credentials[0]["RelyingPartyId"] == "localhost"
    assert credentials[0]["AuthenticatorAttachment"] == "platform"
    assert credentials[0]["AuthenticatorTransports"] == ["internal"]
    names = [credential["FriendlyCredentialName"] for credential in credentials]
    assert names == ["Passkey 1", "Passkey 2", "Passkey 3"]
    await wire.call(
        "DeleteWebAuthnCredential", AccessToken=access, CredentialId=credentials[0]["CredentialId"]
    )
    assert len((await wire.call("ListWebAuthnCredentials", AccessToken=access))["Credentials"]) == 2
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call(
            "DeleteWebAuthnCredential",
            AccessToken=access,
            CredentialId=credentials[0]["CredentialId"],
        )


async def test_registration_is_refused(wire: Wire) -> None:
    access = (await wire.tokens())["AccessToken"]
    unasked = Authenticator().create({"rp": {"id": "localhost"}, "challenge": "AAAA"})
    with pytest.raises(Refused, match="WebAuthnChallengeNotFoundException"):
        await wire.call("CompleteWebAuthnRegistration", AccessToken=access, Credential=unasked)
    with pytest.raises(Refused, match="WebAuthnOriginNotAllowedException"):
        await register(wire, Authenticator(origin="https://phishing.example"))
    wire.pool.settings = PoolSettings(first_factors=("PASSWORD",))
    with pytest.raises(Refused, match="WebAuthnNotEnabledException"):
        await wire.call("StartWebAuthnRegistration", AccessToken=access)


async def registration(wire: Wire) -> tuple[str, dict[str, Any]]:
    """An access token, and the options of a registration that has begun."""
    access = (await wire.tokens())["AccessToken"]
    reply = await wire.call("StartWebAuthnRegistration", AccessToken=access)
    return access, reply["CredentialCreationOptions"]


async def complete(wire: Wire, access: str, credential: dict[str, Any]) -> None:
    await wire.call("CompleteWebAuthnRegistration", AccessToken=access, Credential=credential)


async def passkey_sign_in(wire: Wire, authenticator: Authenticator, **how: Any) -> dict[str, Any]:
    asked = await wire.initiate("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="WEB_AUTHN")
    assert asked["ChallengeName"] == "WEB_AUTHN"
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    credential = authenticator.get(options, **how)
    return await wire.respond(asked, USERNAME="ada", CREDENTIAL=json.dumps(credential))


async def test_a_passkey_of_another_relying_party_is_refused(wire: Wire) -> None:
    access, options = await registration(wire)
    foreign = Authenticator().create(options, rp_id="evil.example")
    with pytest.raises(Refused, match="WebAuthnRelyingPartyMismatchException"):
        await complete(wire, access, foreign)
    authenticator = Authenticator()
    await complete(wire, access, authenticator.create(options))
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await passkey_sign_in(wire, authenticator, rp_id="evil.example")


async def test_a_registration_belongs_to_its_client_and_expires(
    wire: Wire, clock: TurnableClock
) -> None:
    access, options = await registration(wire)
    credential = Authenticator().create(options)
    mine, wire.client = wire.client, wire.pool.create_client()
    with pytest.raises(Refused, match="WebAuthnClientMismatchException"):
        await complete(wire, (await wire.tokens())["AccessToken"], credential)
    wire.client = mine
    clock.turn(seconds=300)
    with pytest.raises(Refused, match="WebAuthnChallengeNotFoundException"):
        await complete(wire, access, credential)


@pytest.mark.parametrize("attests", [False, True])
async def test_a_registration_answers_its_own_challenge_once(
    wire: Wire, clock: TurnableClock, attests: bool
) -> None:
    _, old = await registration(wire)
    access, options = await registration(wire)
    assert options["timeout"] == 300_000
    clock.turn(seconds=299)
    authenticator = Authenticator(attests=attests)
    with pytest.raises(Refused, match="WebAuthnCredentialNotSupportedException"):
        await complete(wire, access, authenticator.create(old))
    await complete(wire, access, authenticator.create(options))
    with pytest.raises(Refused, match="WebAuthnChallengeNotFoundException"):
        await complete(wire, access, authenticator.create(options))


async def test_a_false_attestation_is_refused(wire: Wire) -> None:
    access, options = await registration(wire)
    one, other = Authenticator(attests=True), Authenticator(attests=True)
    one._sign = other._sign  # type: ignore[method-assign]  # signed with another key
    with pytest.raises(Refused, match="WebAuthnCredentialNotSupportedException"):
        await complete(wire, access, one.create(options))


async def test_one_passkey_is_registered_once(wire: Wire) -> None:
    settings(wire, user_verification="required")
    user = wire.pool.create_user("ada", PASSWORD, attributes={"name": "Ada Lovelace"})
    authenticator = Authenticator()
    await register(wire, authenticator)
    access, options = await registration(wire)
    credential = authenticator.create(options)
    named = {"id": encode(user.sub.encode()), "name": "ada", "displayName": "Ada Lovelace"}
    assert options["user"] == named
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["excludeCredentials"] == [
        {"id": credential["id"], "type": "public-key", "transports": ["internal"]}
    ]
    with pytest.raises(Refused, match="registered already"):
        await complete(wire, access, credential)


async def test_malformed_credentials_are_refused(wire: Wire) -> None:
    access, options = await registration(wire)
    made = Authenticator().create(options)
    deep = {"clientDataJSON": encode(b"[" * 100_000)}
    for credential in (
        {},
        {"response": []},
        {"response": {"clientDataJSON": "e30"}},
        {"response": deep},
        {"response": {"clientDataJSON": made["response"]["clientDataJSON"]}},
        {**made, "authenticatorAttachment": 1},
        {**made, "response": {**made["response"], "transports": "usb"}},
    ):
        with pytest.raises(Refused, match="InvalidParameterException"):
            await complete(wire, access, credential)
    silent = {**made, "response": {**made["response"], "transports": None}}
    del silent["authenticatorAttachment"]
    await complete(wire, access, silent)
    (shown,) = (await wire.call("ListWebAuthnCredentials", AccessToken=access))["Credentials"]
    assert shown["AuthenticatorTransports"] == []
    asked = await wire.initiate("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="WEB_AUTHN")
    for text in (
        "[" * 100_000,
        json.dumps({"id": made["id"]}),
        json.dumps({"id": made["id"], "response": []}),
        json.dumps({"id": made["id"], "response": {"userHandle": 7}}),
        json.dumps({"id": made["id"], "response": deep}),
    ):
        with pytest.raises(Refused, match="InvalidParameterException"):
            await wire.respond(asked, USERNAME="ada", CREDENTIAL=text)


async def test_a_pool_without_a_relying_party_registers_nothing(wire: Wire) -> None:
    settings(wire, relying_party_id="")
    access = (await wire.tokens())["AccessToken"]
    with pytest.raises(Refused, match="WebAuthnConfigurationMissingException"):
        await wire.call("StartWebAuthnRegistration", AccessToken=access)


async def test_without_webauthn_it_says_what_to_install(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = wire.pool.user("ada")
    assert user is not None
    monkeypatch.setitem(sys.modules, "webauthn", None)
    with pytest.raises(MissingExtra, match=r"auth-flow\[embedded\]") as caught:
        request_options(wire.pool, user)
    assert caught.value.__suppress_context__


async def test_twenty_passkeys_are_enough(wire: Wire) -> None:
    for _ in range(20):
        await register(wire, Authenticator())
    access = (await wire.tokens())["AccessToken"]
    with pytest.raises(Refused, match="LimitExceededException"):
        await wire.call("StartWebAuthnRegistration", AccessToken=access)


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        ("https://example.org", True),
        ("https://app.example.org:8443", True),
        ("http://example.org", False),
        ("https://notexample.org", False),
        ("https://example.org.evil.example", False),
        ("http://localhost:3000", False),
        ("null", False),
        ("https://partner.example", True),
    ],
)
async def test_origins_below_the_relying_party(wire: Wire, origin: str, accepted: bool) -> None:
    settings(wire, relying_party_id="example.org", passkey_origins=("https://partner.example",))
    authenticator = Authenticator(origin)
    if not accepted:
        with pytest.raises(Refused, match="WebAuthnOriginNotAllowedException"):
            await register(wire, authenticator)
        return
    await register(wire, authenticator)
    assert "AuthenticationResult" in await passkey_sign_in(wire, authenticator)
    authenticator.origin = "https://phishing.example"
    with pytest.raises(Refused, match=r"WebAuthnOriginNotAllowedException|NotAuthorizedException"):
        await passkey_sign_in(wire, authenticator)


async def test_a_counter_that_does_not_grow_is_an_error(wire: Wire) -> None:
    authenticator = Authenticator()
    await register(wire, authenticator)
    clone = authenticator.clone()
    assert "AuthenticationResult" in await passkey_sign_in(wire, authenticator)
    with pytest.raises(Refused, match=r"NotAuthorizedException: .*count"):
        await passkey_sign_in(wire, clone)
    assert "AuthenticationResult" in await passkey_sign_in(wire, authenticator)


async def test_a_passkey_without_a_counter_is_accepted(wire: Wire) -> None:
    authenticator = Authenticator(counts=False)
    await register(wire, authenticator)
    for _ in range(2):
        assert "AuthenticationResult" in await passkey_sign_in(wire, authenticator)


async def test_the_user_handle_has_to_be_the_user_s(wire: Wire) -> None:
    authenticator = Authenticator()
    await register(wire, authenticator)
    user = wire.pool.user("ada")
    assert user is not None
    reply = await passkey_sign_in(wire, authenticator, user_handle=user.sub.encode())
    assert "AuthenticationResult" in reply
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await passkey_sign_in(wire, authenticator, user_handle=b"eve")


@pytest.mark.parametrize("required", [True, False])
async def test_user_verification_is_required_if_the_pool_says_so(
    wire: Wire, required: bool
) -> None:
    authenticator = Authenticator(verifies_users=False)
    if required:
        settings(wire, user_verification="required")
        with pytest.raises(Refused, match="WebAuthnCredentialNotSupportedException"):
            await register(wire, authenticator)
        settings(wire, user_verification="preferred")
    await register(wire, authenticator)
    if required:
        settings(wire, user_verification="required")
        with pytest.raises(Refused, match="NotAuthorizedException"):
            await passkey_sign_in(wire, authenticator)
    else:
        assert "AuthenticationResult" in await passkey_sign_in(wire, authenticator)


async def test_the_choice_can_be_answered_together_with_the_assertion(wire: Wire) -> None:
    authenticator = Authenticator()
    await register(wire, authenticator)
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    assert asked["ChallengeName"] == "SELECT_CHALLENGE"
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    credential = json.dumps(authenticator.get(options))
    reply = await wire.respond(asked, USERNAME="ada", ANSWER="WEB_AUTHN", CREDENTIAL=credential)
    assert "AuthenticationResult" in reply


async def test_a_passkey_with_user_verification_satisfies_mfa(wire: Wire) -> None:
    verifying, other = Authenticator(), Authenticator(verifies_users=False)
    await register(wire, verifying)
    await register(wire, other)
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    assert asked["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP"]
    settings(wire, passkey_factor=MULTI_FACTOR)
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    assert asked["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "WEB_AUTHN"]
    assert "AuthenticationResult" in await passkey_sign_in(wire, verifying)
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await passkey_sign_in(wire, other)


async def test_a_user_chooses_passkeys_in_place_of_an_optional_second_factor(wire: Wire) -> None:
    authenticator = Authenticator()
    await register(wire, authenticator)
    settings(wire, mfa_configuration="OPTIONAL", mfa_factors=("SMS_MFA",))
    access = (await wire.tokens())["AccessToken"]
    preference = {"AccessToken": access, "WebAuthnMfaSettings": {"Enabled": True}}
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.service_call("SetUserMFAPreference", **preference)
    settings(wire, passkey_factor=MULTI_FACTOR)
    with pytest.raises(Refused, match="Another MFA method"):
        await wire.service_call("SetUserMFAPreference", **preference)
    await wire.call("SetUserMFAPreference", AccessToken=access, SMSMfaSettings={"Enabled": True})
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    assert "WEB_AUTHN" not in asked["AvailableChallenges"]
    await wire.service_call("SetUserMFAPreference", **preference)
    assert "AuthenticationResult" in await passkey_sign_in(wire, authenticator)
    factors = await wire.call("GetUserAuthFactors", AccessToken=access)
    assert factors["ConfiguredUserAuthFactors"] == ["PASSWORD", "WEB_AUTHN"]
    off = {"AccessToken": access, "WebAuthnMfaSettings": {}}
    await wire.service_call("SetUserMFAPreference", **off)
    factors = await wire.call("GetUserAuthFactors", AccessToken=access)
    assert factors["ConfiguredUserAuthFactors"] == ["PASSWORD"]


async def test_passkeys_and_required_mfa_go_together_only_as_one(wire: Wire) -> None:
    pool = {"UserPoolId": wire.pool.id}
    required = {
        **pool,
        "MfaConfiguration": "ON",
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
    }
    factor = {"RelyingPartyId": "example.org", "FactorConfiguration": MULTI_FACTOR}
    with pytest.raises(
        Refused,
        match="InvalidParameterException: Cannot set WebAuthn factor configuration to "
        "SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor",
    ):
        await wire.service_call("SetUserPoolMfaConfig", **required)
    await wire.service_call("SetUserPoolMfaConfig", **{**required, "MfaConfiguration": "OPTIONAL"})
    reply = await wire.service_call(
        "SetUserPoolMfaConfig", **required, WebAuthnConfiguration=factor
    )
    assert reply["WebAuthnConfiguration"]["FactorConfiguration"] == MULTI_FACTOR
    shown = await wire.service_call("GetUserPoolMfaConfig", **pool)
    assert shown["WebAuthnConfiguration"]["RelyingPartyId"] == "example.org"


async def test_passkeys_are_not_added_to_a_pool_that_requires_mfa(wire: Wire) -> None:
    settings(wire, first_factors=("PASSWORD",), mfa_configuration="ON")
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    change = {"UserPoolId": wire.pool.id, "MfaConfiguration": "ON", "Policies": policy}
    with pytest.raises(
        Refused,
        match="WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured",
    ):
        await wire.call("UpdateUserPool", **change)
    settings(wire, passkey_factor=MULTI_FACTOR)
    await wire.call("UpdateUserPool", **change)
