"""What an administrator does with app clients."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auth_flow.embedded._fault import not_found
from auth_flow.embedded._models import Client
from auth_flow.embedded._operations.shapes import ClientId, UserPoolId
from auth_flow.embedded._paging import page
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._settings import AuthFlow, ClientSettings


class CreateUserPoolClientRequest(Request, ClientSettings):
    user_pool_id: UserPoolId
    client_name: Annotated[str, Field(min_length=1, max_length=128)]
    explicit_auth_flows: tuple[AuthFlow, ...] = (
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_CUSTOM_AUTH",
    )


class DescribeUserPoolClientRequest(Request):
    user_pool_id: UserPoolId
    client_id: ClientId


class DeleteUserPoolClientRequest(Request):
    user_pool_id: UserPoolId
    client_id: ClientId


class ListUserPoolClientsRequest(Request):
    user_pool_id: UserPoolId
    max_results: Annotated[int, Field(ge=1, le=60)] = 60
    next_token: str | None = None


@operation(CreateUserPoolClientRequest)
async def create_user_pool_client(
    service: CognitoService, request: CreateUserPoolClientRequest
) -> Reply:
    """Make an app client."""
    pool = service.pool(request.user_pool_id)
    settings = ClientSettings.model_validate(
        request.model_dump(include=set(ClientSettings.model_fields))
    )
    return {"UserPoolClient": _shown(pool, pool.create_client(settings, name=request.client_name))}


@operation(DescribeUserPoolClientRequest)
async def describe_user_pool_client(
    service: CognitoService, request: DescribeUserPoolClientRequest
) -> Reply:
    """An app client with its secret."""
    pool = service.pool(request.user_pool_id)
    return {"UserPoolClient": _shown(pool, _client(pool, request.client_id))}


@operation(DeleteUserPoolClientRequest)
async def delete_user_pool_client(
    service: CognitoService, request: DeleteUserPoolClientRequest
) -> Reply:
    """Forget an app client."""
    pool = service.pool(request.user_pool_id)
    pool.clients.take(_client(pool, request.client_id).id)
    return {}


@operation(ListUserPoolClientsRequest)
async def list_user_pool_clients(
    service: CognitoService, request: ListUserPoolClientsRequest
) -> Reply:
    """A page of app clients."""
    pool = service.pool(request.user_pool_id)
    clients, token = page(list(pool.clients), request.max_results, request.next_token)
    shown = [
        {"ClientId": client.id, "ClientName": client.name, "UserPoolId": pool.id}
        for client in clients
    ]
    return {"UserPoolClients": shown} | ({"NextToken": token} if token else {})


def _client(pool: EmbeddedUserPool, client_id: str) -> Client:
    client = pool.clients.get(client_id)
    if client is None:
        raise not_found(f"User pool client {client_id} does not exist.")
    return client


def _shown(pool: EmbeddedUserPool, client: Client) -> Reply:
    return {
        **client.settings.model_dump(by_alias=True, exclude={"generate_secret"}),
        "UserPoolId": pool.id,
        "ClientId": client.id,
        "ClientName": client.name,
        "CreationDate": client.created,
        "LastModifiedDate": client.modified,
        **({"ClientSecret": client.secret} if client.secret else {}),
    }
