"""Whose name the tokens carry, and how discovery finds it."""

from __future__ import annotations

import httpx
import jwt
import pytest

from auth_flow.embedded import (
    ClientSettings,
    EmbeddedCognito,
    PoolSettings,
    SigningKey,
    running,
)
from tests.embedded.wire import Refused, Wire, settings

pytestmark = pytest.mark.anyio


def issuer_of(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["iss"])


@pytest.mark.parametrize(
    ("kind", "host"), [("ORIGINAL", "cognito-idp"), ("UPDATED", "issuer-cognito-idp")]
)
async def test_the_issuers_of_the_service(wire: Wire, kind: str, host: str) -> None:
    settings(wire, issuer_type=kind)
    expected = f"https://{host}.eu-west-1.amazonaws.com/{wire.pool.id}"
    tokens = await wire.tokens()
    assert issuer_of(tokens["IdToken"]) == expected
    configuration = await wire.http.get(f"/{wire.pool.id}/.well-known/openid-configuration")
    assert configuration.json()["issuer"] == expected
    assert (await wire.call("GetUser", AccessToken=tokens["AccessToken"]))["Username"] == "ada"


def test_a_local_issuer_is_where_the_pool_is_served(signing_key: SigningKey) -> None:
    service = EmbeddedCognito()
    pool = service.create_pool(PoolSettings(issuer_type="LOCAL"), key=signing_key)
    with running(service) as url:
        assert not url.endswith("/")
        assert pool.issuer == f"{url}/{pool.id}"
        configuration = httpx.get(f"{pool.issuer}/.well-known/openid-configuration").json()
        assert configuration["issuer"] == pool.issuer
        assert httpx.get(configuration["jwks_uri"]).json() == {"keys": [signing_key.public]}


async def test_a_local_issuer_is_not_described_and_not_changed(wire: Wire) -> None:
    settings(wire, issuer_type="LOCAL")
    pool = {"UserPoolId": wire.pool.id}
    await wire.call("UpdateUserPool", **pool, IssuerConfiguration={"Type": "UPDATED"})
    assert "IssuerConfiguration" not in (await wire.call("DescribeUserPool", **pool))["UserPool"]
    assert wire.pool.issuer == f"http://embedded/{wire.pool.id}"


@pytest.mark.parametrize("local", [True, False])
async def test_the_discovery_document(wire: Wire, local: bool) -> None:
    settings(wire, issuer_type="LOCAL" if local else "ORIGINAL")
    path = f"/{wire.pool.id}/.well-known/openid-configuration"
    host = "http://embedded" if local else "http://localhost:9229"
    reply = await wire.http.get(path, headers={"host": "localhost:9229"})
    assert reply.headers["content-type"] == "application/json"
    assert reply.json() == {
        "issuer": wire.pool.issuer,
        "jwks_uri": f"{host}/{wire.pool.id}/.well-known/jwks.json",
        "authorization_endpoint": f"{host}/oauth2/authorize",
        "token_endpoint": f"{host}/oauth2/token",
        "userinfo_endpoint": f"{host}/oauth2/userInfo",
        "revocation_endpoint": f"{host}/oauth2/revoke",
        "end_session_endpoint": f"{host}/logout",
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }
    for other in (f"/{wire.pool.id}/.well-known/other", f"/{wire.pool.id}", "/nope/.well-known/x"):
        refused = await wire.http.get(other)
        assert (refused.status_code, list(refused.json())) == (404, ["message"])


def test_an_endpoint_that_was_given_is_kept(signing_key: SigningKey) -> None:
    service = EmbeddedCognito(endpoint="http://cognito:9229/")
    pool = service.create_pool(PoolSettings(issuer_type="LOCAL"), key=signing_key)
    with running(service):
        assert pool.issuer == f"http://cognito:9229/{pool.id}"


# The older names of flows


@pytest.mark.parametrize(
    ("flows", "allowed", "refused"),
    [
        (("ADMIN_NO_SRP_AUTH",), {"ADMIN_USER_PASSWORD_AUTH", "USER_SRP_AUTH"}, {"USER_AUTH"}),
        (("USER_PASSWORD_AUTH",), {"USER_PASSWORD_AUTH", "USER_SRP_AUTH"}, {"USER_AUTH"}),
        (("CUSTOM_AUTH_FLOW_ONLY",), {"CUSTOM_AUTH", "REFRESH_TOKEN_AUTH"}, {"USER_SRP_AUTH"}),
        (("ALLOW_USER_AUTH",), {"USER_AUTH"}, {"USER_SRP_AUTH", "REFRESH_TOKEN_AUTH"}),
        (
            ("CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH"),
            {"CUSTOM_AUTH", "REFRESH_TOKEN_AUTH", "USER_PASSWORD_AUTH"},
            {"USER_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH"},
        ),
        (
            ("ADMIN_NO_SRP_AUTH",),
            {"ADMIN_USER_PASSWORD_AUTH", "CUSTOM_AUTH", "REFRESH_TOKEN_AUTH"},
            {"USER_PASSWORD_AUTH"},
        ),
        ((), set(), {"USER_SRP_AUTH", "CUSTOM_AUTH", "REFRESH_TOKEN_AUTH", "USER_AUTH"}),
    ],
)
def test_flows_of_a_client(flows: tuple[str, ...], allowed: set[str], refused: set[str]) -> None:
    client = ClientSettings.model_validate({"explicit_auth_flows": flows})
    assert {name for name in allowed | refused if client.allows(name)} == allowed


async def test_an_administrator_signs_a_user_in_by_the_older_name(wire: Wire) -> None:
    client = await wire.call(
        "CreateUserPoolClient",
        UserPoolId=wire.pool.id,
        ClientName="old",
        ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH"],
    )
    reply = await wire.call(
        "AdminInitiateAuth",
        UserPoolId=wire.pool.id,
        ClientId=client["UserPoolClient"]["ClientId"],
        AuthFlow="ADMIN_NO_SRP_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Correct-Horse-1"},
    )
    assert "AccessToken" in reply["AuthenticationResult"]


async def test_an_administrator_answers_and_renews_by_the_client_of_a_pool(wire: Wire) -> None:
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    client = {"UserPoolId": wire.pool.id, "ClientId": wire.client.id}
    password = {"USERNAME": "ada", "PASSWORD": "Correct-Horse-1"}
    begin = {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": password}
    asked = await wire.call("AdminInitiateAuth", **client, **begin)
    answer = {
        "ChallengeName": "SMS_MFA",
        "Session": asked["Session"],
        "ChallengeResponses": {"USERNAME": "ada", "SMS_MFA_CODE": wire.code()},
    }
    elsewhere = {**client, "UserPoolId": wire.service.create_pool(key=wire.pool.key).id}
    for operation, members in (
        ("AdminInitiateAuth", begin),
        ("AdminRespondToAuthChallenge", answer),
    ):
        for named in (elsewhere, {**client, "ClientId": "nope"}):
            with pytest.raises(Refused, match="ResourceNotFoundException: User pool client"):
                await wire.call(operation, **named, **members)
    reply = await wire.call("AdminRespondToAuthChallenge", **client, **answer)
    tokens = reply["AuthenticationResult"]
    refresh = {"REFRESH_TOKEN": tokens["RefreshToken"]}
    renewed = await wire.call(
        "AdminInitiateAuth", **client, AuthFlow="REFRESH_TOKEN", AuthParameters=refresh
    )
    assert renewed["ChallengeParameters"] == {}
    assert "RefreshToken" not in renewed["AuthenticationResult"]


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("ADMIN_USER_PASSWORD_AUTH", "Initiate Auth method not supported"),
        ("ADMIN_NO_SRP_AUTH", "Initiate Auth method not supported"),
        ("CARRIER_PIGEON", "Value 'CARRIER_PIGEON' at 'authFlow'"),
    ],
)
async def test_a_flow_that_there_is_not(wire: Wire, name: str, refusal: str) -> None:
    with pytest.raises(Refused, match=f"InvalidParameterException: {refusal}"):
        await wire.initiate(name, USERNAME="ada", PASSWORD="Correct-Horse-1")


async def test_a_client_may_not_renew_by_a_flow_that_it_lacks(wire: Wire) -> None:
    token = (await wire.tokens())["RefreshToken"]
    named = {"UserPoolId": wire.pool.id, "ClientId": wire.client.id}
    await wire.call("UpdateUserPoolClient", **named, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])
    with pytest.raises(Refused, match="REFRESH_TOKEN_AUTH flow not enabled for this client"):
        await wire.initiate("REFRESH_TOKEN", REFRESH_TOKEN=token)


async def test_older_and_newer_names_do_not_mix(wire: Wire) -> None:
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.call(
            "CreateUserPoolClient",
            UserPoolId=wire.pool.id,
            ClientName="mixed",
            ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH", "ALLOW_USER_AUTH"],
        )
