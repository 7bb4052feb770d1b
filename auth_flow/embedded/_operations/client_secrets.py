"""The secrets of an app client: two at once, so that one can be rotated out."""

from __future__ import annotations

from auth_flow.embedded import _models as models
from auth_flow.embedded._fault import Fault, invalid_parameter, not_found
from auth_flow.embedded._operations.admin_clients import client_of
from auth_flow.embedded._operations.shapes import ClientId, ClientSecret, UserPoolId
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService

MOST_SECRETS = 2


class OfClient(Request):
    """The members that name an app client."""

    user_pool_id: UserPoolId
    client_id: ClientId


class AddUserPoolClientSecretRequest(OfClient):
    client_secret: ClientSecret | None = None


class DeleteUserPoolClientSecretRequest(OfClient):
    client_secret_id: str


class ListUserPoolClientSecretsRequest(OfClient):
    next_token: str | None = None


@operation(AddUserPoolClientSecretRequest)
async def add_user_pool_client_secret(
    service: CognitoService, request: AddUserPoolClientSecretRequest
) -> Reply:
    """Add a second secret to a client that has one."""
    pool = service.pool(request.user_pool_id)
    client = client_of(pool, request.client_id)
    if not client.secrets:
        raise invalid_parameter("The app client is public: it has no secret to add another to.")
    if len(client.secrets) >= MOST_SECRETS:
        raise Fault("LimitExceededException", "An app client has at most two secrets.")
    secret = client.add_secret(service.clock(), request.client_secret)
    pool.clients.put(client.id, client)
    return {"ClientSecretDescriptor": {**_shown(secret), "ClientSecretValue": secret.value}}


@operation(DeleteUserPoolClientSecretRequest)
async def delete_user_pool_client_secret(
    service: CognitoService, request: DeleteUserPoolClientSecretRequest
) -> Reply:
    """Delete one of two secrets."""
    pool = service.pool(request.user_pool_id)
    client = client_of(pool, request.client_id)
    kept = [secret for secret in client.secrets if secret.id != request.client_secret_id]
    if len(kept) == len(client.secrets):
        raise not_found("Client secret does not exist.")
    if not kept:
        raise invalid_parameter("The last secret of an app client cannot be deleted.")
    client.secrets = kept
    pool.clients.put(client.id, client)
    return {}


@operation(ListUserPoolClientSecretsRequest)
async def list_user_pool_client_secrets(
    service: CognitoService, request: ListUserPoolClientSecretsRequest
) -> Reply:
    """Return the secrets without their values."""
    client = client_of(service.pool(request.user_pool_id), request.client_id)
    return {"ClientSecrets": [_shown(secret) for secret in client.secrets]}


def _shown(secret: models.ClientSecret) -> Reply:
    return {"ClientSecretId": secret.id, "ClientSecretCreateDate": secret.created}
