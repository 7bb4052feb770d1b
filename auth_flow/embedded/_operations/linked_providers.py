"""Operations that link users of identity providers to users of the pool."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auth_flow.embedded._fault import Fault, invalid_parameter, not_found, user_not_found
from auth_flow.embedded._federated_users import federated_user, link, unlink
from auth_flow.embedded._operations.shapes import UserPoolId
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._settings import Shape

OWN = "Cognito"
"""The provider name of the pool's own users."""


class ProviderUser(Shape):
    """ProviderUserIdentifierType."""

    provider_name: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    provider_attribute_name: str | None = None
    provider_attribute_value: str | None = None


class AdminLinkProviderForUserRequest(Request):
    user_pool_id: UserPoolId
    destination_user: ProviderUser
    source_user: ProviderUser


class AdminDisableProviderForUserRequest(Request):
    user_pool_id: UserPoolId
    user: ProviderUser


@operation(AdminLinkProviderForUserRequest)
async def admin_link_provider_for_user(
    service: CognitoService, request: AdminLinkProviderForUserRequest
) -> Reply:
    """Let a user of a provider sign in as a user of the pool, if it has not signed in yet."""
    pool = service.pool(request.user_pool_id)
    destination, source = request.destination_user, request.source_user
    user = pool.user(destination.provider_attribute_value or "")
    if user is None:
        raise user_not_found()
    provider = pool.providers.get(source.provider_name or "")
    if provider is None:
        raise not_found(f"Identity provider {source.provider_name} does not exist.")
    if source.provider_attribute_name not in (None, "Cognito_Subject"):
        raise invalid_parameter(
            "The embedded user pool links users by Cognito_Subject only, not by "
            f"{source.provider_attribute_name}."
        )
    subject = source.provider_attribute_value or ""
    if federated_user(pool, provider, subject) is not None:
        raise Fault("AliasExistsException", "The provider's user has signed in, or is linked.")
    link(pool, user, provider, subject)
    return {}


@operation(AdminDisableProviderForUserRequest)
async def admin_disable_provider_for_user(
    service: CognitoService, request: AdminDisableProviderForUserRequest
) -> Reply:
    """Keep a provider's user out: a link is removed, and a federated user is deleted."""
    pool = service.pool(request.user_pool_id)
    named = request.user
    if named.provider_name == OWN:
        return _disable_password(pool, named.provider_attribute_value or "")
    provider = pool.providers.get(named.provider_name or "")
    subject = named.provider_attribute_value or ""
    user = federated_user(pool, provider, subject) if provider else None
    if provider is None or user is None:
        raise user_not_found()
    unlink(pool, user, provider, subject)
    return {}


def _disable_password(pool: EmbeddedUserPool, username: str) -> Reply:
    user = pool.user(username)
    if user is None:
        raise user_not_found()
    if not user.identities:
        raise invalid_parameter("The user is not linked to a provider.")
    user.password = None
    pool.save(user)
    return {}
