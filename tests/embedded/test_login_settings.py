"""The operations that set managed login up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.embedded.wire import Refused, Wire

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
    with pytest.raises(Refused, match="InvalidParameterException: Domain already associated"):
        await wire.call("CreateUserPoolDomain", **pool, Domain="shop")
    with pytest.raises(Refused, match="already has a domain"):
        await wire.call("CreateUserPoolDomain", **pool, Domain="store")
    custom = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
    made = await wire.call(
        "CreateUserPoolDomain", **pool, Domain="auth.example.org", CustomDomainConfig=custom
    )
    assert made["CloudFrontDomain"].endswith("cloudfront.net")
    described = await wire.call("DescribeUserPoolDomain", Domain="auth.example.org")
    assert described["DomainDescription"]["CustomDomainConfig"] == custom
    shown = (await wire.call("DescribeUserPool", **pool))["UserPool"]
    assert (shown["Domain"], shown["CustomDomain"]) == ("shop", "auth.example.org")
    await wire.call("UpdateUserPoolDomain", **pool, Domain="shop", ManagedLoginVersion=1)
    await wire.call("DeleteUserPoolDomain", **pool, Domain="shop")
    assert await wire.call("DescribeUserPoolDomain", Domain="shop") == {"DomainDescription": {}}
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call("DeleteUserPoolDomain", **pool, Domain="shop")


async def test_an_identity_provider(wire: Wire) -> None:
    named = {"UserPoolId": wire.pool.id, "ProviderName": "Acme"}
    made = await wire.call(
        "CreateIdentityProvider",
        **named,
        ProviderType="OIDC",
        ProviderDetails=OIDC,
        AttributeMapping={"email": "email"},
        IdpIdentifiers=["acme.example"],
    )
    assert made["IdentityProvider"]["AttributeMapping"] == {"email": "email", "username": "sub"}
    with pytest.raises(Refused, match="DuplicateProviderException"):
        await wire.call(
            "CreateIdentityProvider", **named, ProviderType="OIDC", ProviderDetails=OIDC
        )
    with pytest.raises(
        Refused, match="InvalidParameterException: ProviderDetails lacks oidc_issuer"
    ):
        await wire.call(
            "UpdateIdentityProvider",
            **named,
            ProviderDetails={name: value for name, value in OIDC.items() if name != "oidc_issuer"},
        )
    assert await wire.call("DescribeIdentityProvider", **named) == made
    found = await wire.call(
        "GetIdentityProviderByIdentifier",
        UserPoolId=wire.pool.id,
        IdpIdentifier="acme.example",
    )
    assert found == made
    listed = await wire.call("ListIdentityProviders", UserPoolId=wire.pool.id)
    assert [provider["ProviderName"] for provider in listed["Providers"]] == ["Acme"]
    await wire.call("DeleteIdentityProvider", **named)
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call("DescribeIdentityProvider", **named)


async def test_the_metadata_of_a_saml_provider_is_kept(wire: Wire) -> None:
    named = {"UserPoolId": wire.pool.id, "ProviderName": "Corp"}
    with pytest.raises(Refused, match="MetadataURL or MetadataFile"):
        await wire.call("CreateIdentityProvider", **named, ProviderType="SAML", ProviderDetails={})
    details = {"MetadataFile": "<EntityDescriptor/>"}
    made = await wire.call(
        "CreateIdentityProvider", **named, ProviderType="SAML", ProviderDetails=details
    )
    assert made["IdentityProvider"]["ProviderDetails"] == details


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
    assert made["ResourceServer"]["Scopes"] == [scope]
    await wire.call("CreateUserPoolClient", **client)
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.call("CreateResourceServer", **named, Name="API")
    await wire.call("UpdateResourceServer", **named, Name="API 2")
    assert (await wire.call("DescribeResourceServer", **named))["ResourceServer"]["Scopes"] == []
    listed = await wire.call("ListResourceServers", UserPoolId=wire.pool.id, MaxResults=10)
    assert [server["Name"] for server in listed["ResourceServers"]] == ["API 2"]
    await wire.call("DeleteResourceServer", **named)
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call("DescribeResourceServer", **named)


async def test_a_client_names_providers_that_exist(wire: Wire) -> None:
    with pytest.raises(Refused, match="The provider Acme does not exist"):
        await wire.call(
            "UpdateUserPoolClient",
            UserPoolId=wire.pool.id,
            ClientId=wire.client.id,
            SupportedIdentityProviders=["COGNITO", "Acme"],
        )


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
    assert (identity["providerName"], identity["userId"], identity["primary"]) == (
        "Acme",
        "7",
        False,
    )
    await wire.call("AdminDisableProviderForUser", **pool, User=source("7"))
    user = await wire.call("AdminGetUser", **pool, Username="ada")
    assert "identities" not in [one["Name"] for one in user["UserAttributes"]]
    with pytest.raises(Refused, match="UserNotFoundException"):
        await wire.call("AdminDisableProviderForUser", **pool, User=source("7"))
