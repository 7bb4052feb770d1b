"""Operations on app clients."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auth_flow.embedded._fault import Fault, invalid_parameter, not_found
from auth_flow.embedded._models import Client
from auth_flow.embedded._operations.shapes import ClientId, ClientSecret, UserPoolId
from auth_flow.embedded._paging import page
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._schema import VERIFIED, known_attributes
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._settings import AuthFlow, ClientConfiguration, ClientSettings

ClientName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w\s+=,.@-]+$")]
DEFAULT_FLOWS: tuple[AuthFlow, ...] = (
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_CUSTOM_AUTH",
)


STANDARD_SCOPES = ("openid", "email", "phone", "profile", "aws.cognito.signin.user.admin")


class ClientMembers(Request, ClientConfiguration):
    """The members that CreateUserPoolClient and UpdateUserPoolClient have in common."""

    user_pool_id: UserPoolId
    explicit_auth_flows: tuple[AuthFlow, ...] = DEFAULT_FLOWS

    def settings(self, pool: EmbeddedUserPool) -> ClientSettings:
        """Return the settings that these members stand for."""
        known = {*STANDARD_SCOPES, *pool.scopes}
        unknown = [scope for scope in self.allowed_oauth_scopes if scope not in known]
        if unknown:
            raise Fault(
                "ScopeDoesNotExistException",
                f"Invalid scope requested: {unknown[0]}. It is no scope of a resource server.",
            )
        for name in self.supported_identity_providers:
            if name != "COGNITO" and pool.providers.get(name) is None:
                raise invalid_parameter(
                    f"The provider {name} does not exist for User Pool {pool.id}."
                )
        self._check_attributes(pool)
        if self.allowed_oauth_flows_user_pool_client and not (
            self.allowed_oauth_flows and self.allowed_oauth_scopes
        ):
            raise Fault(
                "InvalidOAuthFlowException",
                "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is "
                "allowed to use OAuth flows.",
            )
        return ClientSettings.model_validate(
            self.model_dump(include=set(ClientSettings.model_fields), exclude_unset=True)
            | {"explicit_auth_flows": self.explicit_auth_flows}
        )

    def _check_attributes(self, pool: EmbeddedUserPool) -> None:
        known = known_attributes(pool.settings)
        readable, writable = known | {"identities"}, known - VERIFIED - {"sub"}
        verb = "creating" if isinstance(self, CreateUserPoolClientRequest) else "updating"
        for kind, given, allowed in (
            ("read", self.read_attributes, readable),
            ("write", self.write_attributes, writable),
        ):
            if not allowed.issuperset(given):
                raise invalid_parameter(
                    f"Invalid {kind} attributes specified while {verb} a client"
                )


class CreateUserPoolClientRequest(ClientMembers):
    client_name: ClientName
    generate_secret: bool = False
    client_secret: ClientSecret | None = None


class UpdateUserPoolClientRequest(ClientMembers):
    client_id: ClientId
    client_name: ClientName | None = None


class DescribeUserPoolClientRequest(Request):
    user_pool_id: UserPoolId
    client_id: ClientId


class DeleteUserPoolClientRequest(Request):
    user_pool_id: UserPoolId
    client_id: ClientId


class ListUserPoolClientsRequest(Request):
    user_pool_id: UserPoolId
    max_results: Annotated[int, Field(ge=1, le=60)] | None = None
    next_token: str | None = None


@operation(CreateUserPoolClientRequest)
async def create_user_pool_client(
    service: CognitoService, request: CreateUserPoolClientRequest
) -> Reply:
    """Make an app client."""
    pool = service.pool(request.user_pool_id)
    client = pool.create_client(request.settings(pool), name=request.client_name)
    if request.client_secret is not None:
        client.secrets.clear()
        client.add_secret(service.clock(), request.client_secret)
        pool.clients.put(client.id, client)
    return {"UserPoolClient": _shown(pool, client)}


@operation(UpdateUserPoolClientRequest)
async def update_user_pool_client(
    service: CognitoService, request: UpdateUserPoolClientRequest
) -> Reply:
    """Replace the client's settings. Members that are left out get their defaults."""
    pool = service.pool(request.user_pool_id)
    client = client_of(pool, request.client_id)
    client.settings = request.settings(pool)
    client.name = request.client_name or client.name
    client.modified = service.clock()
    pool.clients.put(client.id, client)
    return {"UserPoolClient": _shown(pool, client)}


@operation(DescribeUserPoolClientRequest)
async def describe_user_pool_client(
    service: CognitoService, request: DescribeUserPoolClientRequest
) -> Reply:
    """Return an app client with its secret."""
    pool = service.pool(request.user_pool_id)
    return {"UserPoolClient": _shown(pool, client_of(pool, request.client_id))}


@operation(DeleteUserPoolClientRequest)
async def delete_user_pool_client(
    service: CognitoService, request: DeleteUserPoolClientRequest
) -> Reply:
    """Delete an app client."""
    pool = service.pool(request.user_pool_id)
    pool.clients.take(client_of(pool, request.client_id).id)
    return {}


@operation(ListUserPoolClientsRequest)
async def list_user_pool_clients(
    service: CognitoService, request: ListUserPoolClientsRequest
) -> Reply:
    """Return a page of app clients."""
    pool = service.pool(request.user_pool_id)
    clients, token = page(list(pool.clients), request.max_results, request.next_token)
    shown = [
        {"ClientId": client.id, "ClientName": client.name, "UserPoolId": pool.id}
        for client in clients
    ]
    return {"UserPoolClients": shown} | ({"NextToken": token} if token else {})


def client_of(pool: EmbeddedUserPool, client_id: str) -> Client:
    """Return a client of the pool, or raise ResourceNotFoundException."""
    client = pool.clients.get(client_id)
    if client is None:
        raise not_found(f"User pool client {client_id} does not exist.")
    return client


def _shown(pool: EmbeddedUserPool, client: Client) -> Reply:
    settings = client.settings.model_dump(by_alias=True, exclude={"generate_secret"})
    return {
        **{name: value for name, value in settings.items() if value not in (None, ())},
        "UserPoolId": pool.id,
        "ClientId": client.id,
        "ClientName": client.name,
        "CreationDate": client.created,
        "LastModifiedDate": client.modified,
        **({"ClientSecret": client.secret} if client.secret else {}),
    }
