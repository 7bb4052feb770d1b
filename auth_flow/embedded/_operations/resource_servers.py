"""Operations on resource servers, which define scopes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auth_flow.embedded._fault import invalid_parameter, not_found
from auth_flow.embedded._login_models import ResourceServer
from auth_flow.embedded._operations.shapes import UserPoolId
from auth_flow.embedded._paging import page
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._settings import Shape


class ResourceServerScope(Shape):
    """ResourceServerScopeType."""

    scope_name: Annotated[str, Field(min_length=1, max_length=256)]
    scope_description: Annotated[str, Field(min_length=1, max_length=256)]


class OfResourceServer(Request):
    """The members that name a resource server."""

    user_pool_id: UserPoolId
    identifier: Annotated[str, Field(min_length=1, max_length=256)]


class ResourceServerMembers(OfResourceServer):
    """The members that CreateResourceServer and UpdateResourceServer have in common."""

    name: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[\w\s+=,.@-]+$")]
    scopes: Annotated[tuple[ResourceServerScope, ...], Field(max_length=100)] = ()

    def row(self) -> ResourceServer:
        """Return the resource server that these members stand for."""
        scopes = {scope.scope_name: scope.scope_description for scope in self.scopes}
        return ResourceServer(identifier=self.identifier, name=self.name, scopes=scopes)


class CreateResourceServerRequest(ResourceServerMembers): ...


class UpdateResourceServerRequest(ResourceServerMembers): ...


class DescribeResourceServerRequest(OfResourceServer): ...


class DeleteResourceServerRequest(OfResourceServer): ...


class ListResourceServersRequest(Request):
    user_pool_id: UserPoolId
    max_results: Annotated[int, Field(ge=1, le=50)] = 50
    next_token: str | None = None


@operation(CreateResourceServerRequest)
async def create_resource_server(
    service: CognitoService, request: CreateResourceServerRequest
) -> Reply:
    """Add a resource server."""
    pool = service.pool(request.user_pool_id)
    if pool.resource_servers.get(request.identifier):
        raise invalid_parameter(
            f"{request.identifier} already exists in user pool {request.user_pool_id}."
        )
    return _put(pool, request.row())


@operation(UpdateResourceServerRequest)
async def update_resource_server(
    service: CognitoService, request: UpdateResourceServerRequest
) -> Reply:
    """Replace the name and the scopes of a resource server."""
    pool = service.pool(request.user_pool_id)
    _server(pool, request.identifier)
    return _put(pool, request.row())


@operation(DescribeResourceServerRequest)
async def describe_resource_server(
    service: CognitoService, request: DescribeResourceServerRequest
) -> Reply:
    """Return a resource server."""
    pool = service.pool(request.user_pool_id)
    return {"ResourceServer": _shown(pool, _server(pool, request.identifier))}


@operation(DeleteResourceServerRequest)
async def delete_resource_server(
    service: CognitoService, request: DeleteResourceServerRequest
) -> Reply:
    """Remove a resource server."""
    pool = service.pool(request.user_pool_id)
    pool.resource_servers.take(_server(pool, request.identifier).identifier)
    return {}


@operation(ListResourceServersRequest)
async def list_resource_servers(
    service: CognitoService, request: ListResourceServersRequest
) -> Reply:
    """Return a page of resource servers."""
    pool = service.pool(request.user_pool_id)
    servers, token = page(list(pool.resource_servers), request.max_results, request.next_token)
    shown = [_shown(pool, server) for server in servers]
    return {"ResourceServers": shown} | ({"NextToken": token} if token else {})


def _put(pool: EmbeddedUserPool, server: ResourceServer) -> Reply:
    pool.resource_servers.put(server.identifier, server)
    return {"ResourceServer": _shown(pool, server)}


def _server(pool: EmbeddedUserPool, identifier: str) -> ResourceServer:
    server = pool.resource_servers.get(identifier)
    if server is None:
        raise not_found(f"Resource server {identifier} does not exist.")
    return server


def _shown(pool: EmbeddedUserPool, server: ResourceServer) -> Reply:
    return {
        "UserPoolId": pool.id,
        "Identifier": server.identifier,
        "Name": server.name,
        "Scopes": [
            {"ScopeName": name, "ScopeDescription": description}
            for name, description in server.scopes.items()
        ],
    }
