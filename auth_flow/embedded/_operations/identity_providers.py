"""Operations on the identity providers of a pool."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auth_flow.embedded._fault import Fault, invalid_parameter, not_found
from auth_flow.embedded._login_models import IdentityProvider, ProviderType
from auth_flow.embedded._operations.shapes import UserPoolId
from auth_flow.embedded._paging import page
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService

ProviderName = Annotated[str, Field(min_length=1, max_length=32)]
Identifiers = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=50)
]

NEEDED = {
    "OIDC": ("client_id", "attributes_request_method", "oidc_issuer", "authorize_scopes"),
    "SAML": (),
    "Google": ("client_id", "client_secret", "authorize_scopes"),
    "Facebook": ("client_id", "client_secret", "authorize_scopes"),
    "LoginWithAmazon": ("client_id", "client_secret", "authorize_scopes"),
    "SignInWithApple": ("client_id", "team_id", "key_id", "private_key", "authorize_scopes"),
}
"""The details without which a provider of each type cannot be asked."""


class OfProvider(Request):
    """The members that name a provider."""

    user_pool_id: UserPoolId
    provider_name: ProviderName


class CreateIdentityProviderRequest(OfProvider):
    provider_type: ProviderType
    provider_details: dict[str, str]
    attribute_mapping: dict[str, str] = Field(default_factory=dict)
    idp_identifiers: Identifiers = Field(default_factory=list)


class UpdateIdentityProviderRequest(OfProvider):
    provider_details: dict[str, str] | None = None
    attribute_mapping: dict[str, str] | None = None
    idp_identifiers: Identifiers | None = None


class DescribeIdentityProviderRequest(OfProvider): ...


class DeleteIdentityProviderRequest(OfProvider): ...


class GetIdentityProviderByIdentifierRequest(Request):
    user_pool_id: UserPoolId
    idp_identifier: Annotated[str, Field(min_length=1, max_length=40)]


class ListIdentityProvidersRequest(Request):
    user_pool_id: UserPoolId
    max_results: Annotated[int, Field(ge=0, le=60)] | None = None
    next_token: str | None = None


@operation(CreateIdentityProviderRequest)
async def create_identity_provider(
    service: CognitoService, request: CreateIdentityProviderRequest
) -> Reply:
    """Add a provider. Of a SAML provider the metadata is kept, but users cannot sign in with it."""
    pool, now = service.pool(request.user_pool_id), service.clock()
    if pool.providers.get(request.provider_name):
        raise Fault(
            "DuplicateProviderException",
            f"A provider already exists with the name {request.provider_name}.",
        )
    always = {} if request.provider_type == "SAML" else {"username": "sub"}
    provider = IdentityProvider(
        name=request.provider_name,
        type=request.provider_type,
        details=request.provider_details,
        attribute_mapping={**always, **request.attribute_mapping},
        identifiers=request.idp_identifiers,
        created=now,
        modified=now,
    )
    _keep(pool, provider)
    return {"IdentityProvider": _shown(pool, provider)}


@operation(UpdateIdentityProviderRequest)
async def update_identity_provider(
    service: CognitoService, request: UpdateIdentityProviderRequest
) -> Reply:
    """Replace the members that are given."""
    pool = service.pool(request.user_pool_id)
    provider = _provider(pool, request.provider_name).model_copy(deep=True)
    if request.provider_details is not None:
        provider.details = request.provider_details
    if request.attribute_mapping is not None:
        provider.attribute_mapping = request.attribute_mapping
    if request.idp_identifiers is not None:
        provider.identifiers = request.idp_identifiers
    provider.modified = service.clock()
    _keep(pool, provider)
    return {"IdentityProvider": _shown(pool, provider)}


@operation(DescribeIdentityProviderRequest)
async def describe_identity_provider(
    service: CognitoService, request: DescribeIdentityProviderRequest
) -> Reply:
    """Return a provider."""
    pool = service.pool(request.user_pool_id)
    return {"IdentityProvider": _shown(pool, _provider(pool, request.provider_name))}


@operation(GetIdentityProviderByIdentifierRequest)
async def get_identity_provider_by_identifier(
    service: CognitoService, request: GetIdentityProviderByIdentifierRequest
) -> Reply:
    """Return the provider that has this identifier."""
    pool = service.pool(request.user_pool_id)
    for provider in pool.providers:
        if request.idp_identifier in provider.identifiers:
            return {"IdentityProvider": _shown(pool, provider)}
    raise not_found(f"Identity provider {request.idp_identifier} does not exist.")


@operation(DeleteIdentityProviderRequest)
async def delete_identity_provider(
    service: CognitoService, request: DeleteIdentityProviderRequest
) -> Reply:
    """Remove a provider. Its users stay."""
    pool = service.pool(request.user_pool_id)
    pool.providers.take(_provider(pool, request.provider_name).name)
    return {}


@operation(ListIdentityProvidersRequest)
async def list_identity_providers(
    service: CognitoService, request: ListIdentityProvidersRequest
) -> Reply:
    """Return a page of providers."""
    pool = service.pool(request.user_pool_id)
    providers, token = page(list(pool.providers), request.max_results, request.next_token)
    shown = [
        {
            "ProviderName": provider.name,
            "ProviderType": provider.type,
            "CreationDate": provider.created,
            "LastModifiedDate": provider.modified,
        }
        for provider in providers
    ]
    return {"Providers": shown} | ({"NextToken": token} if token else {})


def _keep(pool: EmbeddedUserPool, provider: IdentityProvider) -> None:
    missing = [name for name in NEEDED[provider.type] if not provider.details.get(name)]
    if provider.type == "SAML" and not {"MetadataURL", "MetadataFile"} & set(provider.details):
        missing = ["MetadataURL or MetadataFile"]
    if missing:
        raise invalid_parameter(f"ProviderDetails lacks {', '.join(missing)}.")
    for other in pool.providers:
        taken = set(other.identifiers) & set(provider.identifiers)
        if other.name != provider.name and taken:
            raise invalid_parameter(f"The identifier {min(taken)} is another provider's.")
    pool.providers.put(provider.name, provider)


def _provider(pool: EmbeddedUserPool, name: str) -> IdentityProvider:
    provider = pool.providers.get(name)
    if provider is None:
        raise not_found(f"Identity provider {name} does not exist.")
    return provider


def _shown(pool: EmbeddedUserPool, provider: IdentityProvider) -> Reply:
    return {
        "UserPoolId": pool.id,
        "ProviderName": provider.name,
        "ProviderType": provider.type,
        "ProviderDetails": provider.details,
        "AttributeMapping": provider.attribute_mapping,
        "IdpIdentifiers": provider.identifiers,
        "CreationDate": provider.created,
        "LastModifiedDate": provider.modified,
    }
