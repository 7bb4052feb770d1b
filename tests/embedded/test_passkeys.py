from __future__ import annotations

import json

import pytest

from auth_flow.embedded import PoolSettings
from tests.embedded.authenticator import Authenticator
from tests.embedded.wire import Refused, Wire

pytestmark = pytest.mark.anyio


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
    authenticator = Authenticator()
    await register(wire, authenticator)
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    assert "WEB_AUTHN" in asked["AvailableChallenges"]
    asked = await wire.respond(asked, USERNAME="ada", ANSWER="WEB_AUTHN")
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    credential = json.dumps(authenticator.get(options))
    assert "AuthenticationResult" in await wire.respond(
        asked, USERNAME="ada", CREDENTIAL=credential
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
