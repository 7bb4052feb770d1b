"""The operations that set managed login up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auth_flow.embedded import TurnableClock
from tests.embedded.wire import PASSWORD, Refused, Wire

pytestmark = pytest.mark.anyio

OIDC = {
    "client_id": "app",
    "client_secret": "secret",
    "attributes_request_method": "GET",
    "oidc_issuer": "https://id.example.org",
    "authorize_scopes": "openid email",
}


async def test_a_domain(wire: Wire) -> None:
    pool = {"UserPoolId": wire.pool.id}
    made = await wire.call("CreateUserPoolDomain", **pool, Domain="shop", ManagedLoginVersion=2)
    assert made == {"ManagedLoginVersion": 2}
    other = {"UserPoolId": wire.service.create_pool(key=wire.pool.key).id}
    for anyone in (pool, other):
        with pytest.raises(Refused, match="InvalidParameterException: Domain already associated"):
            await wire.call("CreateUserPoolDomain", **anyone, Domain="shop")
    with pytest.raises(Refused, match="already has a domain"):
        await wire.call("CreateUserPoolDomain", **pool, Domain="store")
    for operation in ("UpdateUserPoolDomain", "DeleteUserPoolDomain"):
        with pytest.raises(Refused, match="ResourceNotFoundException: No such domain: shop"):
            await wire.call(operation, **other, Domain="shop")
    described = await wire.call("DescribeUserPoolDomain", Domain="shop")
    shown = {
        **pool,
        "AWSAccountId": "123456789012",
        "Domain": "shop",
        "Status": "ACTIVE",
        "Version": "1",
        "CloudFrontDistribution": "shop.cloudfront.net",
        "ManagedLoginVersion": 2,
    }
    assert described == {"DomainDescription": shown}
    changed = await wire.call("UpdateUserPoolDomain", **pool, Domain="shop")
    assert changed == {"ManagedLoginVersion": 2}
    changed = await wire.call("UpdateUserPoolDomain", **pool, Domain="shop", ManagedLoginVersion=1)
    assert changed == {"ManagedLoginVersion": 1}
    described = await wire.call("DescribeUserPoolDomain", Domain="shop")
    assert described == {"DomainDescription": {**shown, "ManagedLoginVersion": 1}}
    await wire.call("DeleteUserPoolDomain", **pool, Domain="shop")
    assert await wire.call("DescribeUserPoolDomain", Domain="shop") == {"DomainDescription": {}}
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call("DeleteUserPoolDomain", **pool, Domain="shop")


async def test_a_domain_of_ones_own(wire: Wire) -> None:
    pool: dict[str, Any] = {"UserPoolId": wire.pool.id}
    await wire.call("CreateUserPoolDomain", **pool, Domain="shop")
    first, second = (
        {"CertificateArn": f"arn:aws:acm:us-east-1:123456789012:certificate/{number}"}
        for number in (1, 2)
    )
    own = {**pool, "Domain": "auth.example.org"}
    made = await wire.call("CreateUserPoolDomain", **own, CustomDomainConfig=first)
    distribution = "auth-example-org.cloudfront.net"
    assert made == {"CloudFrontDomain": distribution, "ManagedLoginVersion": 1}
    with pytest.raises(Refused, match="already has a domain"):
        await wire.call(
            "CreateUserPoolDomain", **pool, Domain="id.example.org", CustomDomainConfig=first
        )

    async def certificate() -> dict[str, str]:
        reply = await wire.call("DescribeUserPoolDomain", Domain="auth.example.org")
        assert reply["DomainDescription"]["CloudFrontDistribution"] == distribution
        return reply["DomainDescription"]["CustomDomainConfig"]

    assert await certificate() == first
    assert await wire.call("UpdateUserPoolDomain", **own) == made
    assert await certificate() == first
    assert await wire.call("UpdateUserPoolDomain", **own, CustomDomainConfig=second) == made
    assert await certificate() == second
    shown = (await wire.call("DescribeUserPool", **pool))["UserPool"]
    assert (shown["Domain"], shown["CustomDomain"]) == ("shop", "auth.example.org")


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("OIDC", ["client_id", "attributes_request_method", "oidc_issuer", "authorize_scopes"]),
        ("Google", ["client_id", "client_secret", "authorize_scopes"]),
        ("Facebook", ["client_id", "client_secret", "authorize_scopes"]),
        ("LoginWithAmazon", ["client_id", "client_secret", "authorize_scopes"]),
        ("SignInWithApple", ["client_id", "team_id", "key_id", "private_key", "authorize_scopes"]),
        ("SAML", ["MetadataFile"]),
        ("SAML", ["MetadataURL"]),
    ],
)
async def test_the_details_that_a_provider_needs(wire: Wire, kind: str, needed: list[str]) -> None:
    named = {"UserPoolId": wire.pool.id, "ProviderName": "Acme", "ProviderType": kind}
    lacking = "MetadataURL or MetadataFile" if kind == "SAML" else ", ".join(needed)
    with pytest.raises(
        Refused, match=rf"InvalidParameterException: ProviderDetails lacks {lacking}\.$"
    ):
        await wire.call("CreateIdentityProvider", **named, ProviderDetails={"other": "x"})
    details = dict.fromkeys(needed, "x")
    made = await wire.call("CreateIdentityProvider", **named, ProviderDetails=details)
    assert made["IdentityProvider"] == {
        **named,
        "ProviderDetails": details,
        "AttributeMapping": {} if kind == "SAML" else {"username": "sub"},
        "IdpIdentifiers": [],
        "CreationDate": wire.service.clock(),
        "LastModifiedDate": wire.service.clock(),
    }


async def test_an_identity_provider(wire: Wire, clock: TurnableClock) -> None:
    pool = {"UserPoolId": wire.pool.id}
    named, began = {**pool, "ProviderName": "Acme"}, clock()
    made = await wire.call(
        "CreateIdentityProvider",
        **named,
        ProviderType="OIDC",
        ProviderDetails=OIDC,
        AttributeMapping={"email": "email"},
        IdpIdentifiers=["acme.example"],
    )
    shown = {
        **named,
        "ProviderType": "OIDC",
        "ProviderDetails": OIDC,
        "AttributeMapping": {"email": "email", "username": "sub"},
        "IdpIdentifiers": ["acme.example"],
        "CreationDate": began,
        "LastModifiedDate": began,
    }
    assert made == {"IdentityProvider": shown}
    with pytest.raises(Refused, match="DuplicateProviderException"):
        await wire.call(
            "CreateIdentityProvider", **named, ProviderType="OIDC", ProviderDetails=OIDC
        )
    with pytest.raises(Refused, match=r"The identifier acme.example is another provider's"):
        await wire.call(
            "CreateIdentityProvider",
            **pool,
            ProviderName="Other",
            ProviderType="OIDC",
            ProviderDetails=OIDC,
            IdpIdentifiers=["other.example", "acme.example"],
        )
    other = {**pool, "ProviderName": "Other", "ProviderType": "OIDC", "ProviderDetails": OIDC}
    await wire.call("CreateIdentityProvider", **other, IdpIdentifiers=["other.example"])
    await wire.call("DeleteIdentityProvider", **pool, ProviderName="Other")
    with pytest.raises(
        Refused, match="InvalidParameterException: ProviderDetails lacks oidc_issuer"
    ):
        await wire.call(
            "UpdateIdentityProvider",
            **named,
            ProviderDetails={name: value for name, value in OIDC.items() if name != "oidc_issuer"},
        )
    assert await wire.call("DescribeIdentityProvider", **named) == made
    clock.turn(minutes=1)
    for member, value in (
        ("ProviderDetails", {**OIDC, "client_id": "other"}),
        ("AttributeMapping", {"name": "name", "username": "sub"}),
        ("IdpIdentifiers", ["acme.example", "acme.test"]),
    ):
        shown |= {member: value, "LastModifiedDate": clock()}
        changed = await wire.call("UpdateIdentityProvider", **named, **{member: value})
        assert changed == {"IdentityProvider": shown}
    found = await wire.call("GetIdentityProviderByIdentifier", **pool, IdpIdentifier="acme.test")
    assert found == changed
    listed = await wire.call("ListIdentityProviders", **pool)
    names = ("ProviderName", "ProviderType", "CreationDate", "LastModifiedDate")
    assert listed == {"Providers": [{name: shown[name] for name in names}]}
    await wire.call("DeleteIdentityProvider", **named)
    for operation, members in (
        ("DescribeIdentityProvider", named),
        ("UpdateIdentityProvider", named),
        ("DeleteIdentityProvider", named),
        ("GetIdentityProviderByIdentifier", {**pool, "IdpIdentifier": "acme.test"}),
    ):
        with pytest.raises(Refused, match="ResourceNotFoundException"):
            await wire.call(operation, **members)


async def test_a_resource_server_and_its_scopes(wire: Wire) -> None:
    named = {"UserPoolId": wire.pool.id, "Identifier": "https://api.example.org"}
    scope = {"ScopeName": "read", "ScopeDescription": "Read all"}
    client = {
        "UserPoolId": wire.pool.id,
        "ClientName": "machine",
        "GenerateSecret": True,
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["https://api.example.org/read"],
    }
    with pytest.raises(Refused, match="ScopeDoesNotExistException"):
        await wire.call("CreateUserPoolClient", **client)
    made = await wire.call("CreateResourceServer", **named, Name="API", Scopes=[scope])
    assert made == {"ResourceServer": {**named, "Name": "API", "Scopes": [scope]}}
    await wire.call("CreateUserPoolClient", **client)
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.call("CreateResourceServer", **named, Name="API")
    changed = await wire.call("UpdateResourceServer", **named, Name="API 2")
    assert changed == {"ResourceServer": {**named, "Name": "API 2", "Scopes": []}}
    assert await wire.call("DescribeResourceServer", **named) == changed
    listed = await wire.call("ListResourceServers", UserPoolId=wire.pool.id, MaxResults=10)
    assert listed == {"ResourceServers": [changed["ResourceServer"]]}
    await wire.call("DeleteResourceServer", **named)
    for operation, name in (
        ("DescribeResourceServer", {}),
        ("UpdateResourceServer", {"Name": "API"}),
        ("DeleteResourceServer", {}),
    ):
        with pytest.raises(Refused, match="ResourceNotFoundException"):
            await wire.call(operation, **named, **name)


def source(subject: str) -> dict[str, str]:
    return {
        "ProviderName": "Acme",
        "ProviderAttributeName": "Cognito_Subject",
        "ProviderAttributeValue": subject,
    }


async def test_a_users_account_is_linked_and_unlinked(wire: Wire) -> None:
    pool: dict[str, Any] = {"UserPoolId": wire.pool.id}
    ada = {"ProviderName": "Cognito", "ProviderAttributeValue": "ada"}
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call(
            "AdminLinkProviderForUser", **pool, DestinationUser=ada, SourceUser=source("7")
        )
    await wire.call(
        "CreateIdentityProvider",
        **pool,
        ProviderName="Acme",
        ProviderType="OIDC",
        ProviderDetails=OIDC,
    )
    await wire.call("AdminLinkProviderForUser", **pool, DestinationUser=ada, SourceUser=source("7"))
    with pytest.raises(Refused, match="AliasExistsException"):
        await wire.call(
            "AdminLinkProviderForUser", **pool, DestinationUser=ada, SourceUser=source("7")
        )
    user = await wire.call("AdminGetUser", **pool, Username="ada")
    attributes = {one["Name"]: one["Value"] for one in user["UserAttributes"]}
    (identity,) = json.loads(attributes["identities"])
    assert identity == {
        "userId": "7",
        "providerName": "Acme",
        "providerType": "OIDC",
        "issuer": None,
        "primary": False,
        "dateCreated": int(wire.service.clock()) * 1000,
    }
    for destination, given, refusal in (
        ({**ada, "ProviderAttributeValue": "nobody"}, source("8"), "UserNotFoundException"),
        ({"ProviderName": "Cognito"}, source("8"), "UserNotFoundException"),
        (ada, {**source("8"), "ProviderAttributeName": "email"}, "by Cognito_Subject only"),
        (ada, {**source("8"), "ProviderName": None}, "ResourceNotFoundException"),
    ):
        with pytest.raises(Refused, match=refusal):
            await wire.call(
                "AdminLinkProviderForUser", **pool, DestinationUser=destination, SourceUser=given
            )
    await wire.call("AdminLinkProviderForUser", **pool, DestinationUser=ada, SourceUser=source("8"))
    await wire.call("AdminDisableProviderForUser", **pool, User=source("8"))
    user = await wire.call("AdminGetUser", **pool, Username="ada")
    attributes = {one["Name"]: one["Value"] for one in user["UserAttributes"]}
    assert json.loads(attributes["identities"]) == [identity]
    await wire.call("AdminDisableProviderForUser", **pool, User=source("7"))
    user = await wire.call("AdminGetUser", **pool, Username="ada")
    assert "identities" not in [one["Name"] for one in user["UserAttributes"]]
    for named in (source("7"), {**source("7"), "ProviderName": "Other"}, {}):
        with pytest.raises(Refused, match="UserNotFoundException"):
            await wire.call("AdminDisableProviderForUser", **pool, User=named)


async def test_a_linked_user_loses_the_password(wire: Wire) -> None:
    pool: dict[str, Any] = {"UserPoolId": wire.pool.id}
    ada = {"ProviderName": "Cognito", "ProviderAttributeValue": "ada"}
    await wire.call(
        "CreateIdentityProvider",
        **pool,
        ProviderName="Acme",
        ProviderType="OIDC",
        ProviderDetails=OIDC,
    )
    for named, refusal in (
        (ada, "InvalidParameterException: The user is not linked to a provider"),
        ({**ada, "ProviderAttributeValue": "nobody"}, "UserNotFoundException"),
        ({"ProviderName": "Cognito"}, "UserNotFoundException"),
    ):
        with pytest.raises(Refused, match=refusal):
            await wire.call("AdminDisableProviderForUser", **pool, User=named)
    assert await wire.tokens()
    subject = {"ProviderName": "Acme", "ProviderAttributeValue": "7"}  # Cognito_Subject is meant
    await wire.call("AdminLinkProviderForUser", **pool, DestinationUser=ada, SourceUser=subject)
    await wire.call("AdminDisableProviderForUser", **pool, User=ada)
    with pytest.raises(Refused, match="NotAuthorizedException: Incorrect username or password"):
        await wire.sign_in("ada", PASSWORD)
