"""InitiateAuth and RespondToAuthChallenge, and what an administrator calls instead of them."""

from __future__ import annotations

from pydantic import Field

from auth_flow.embedded._challenges.attempt import FLOWS
from auth_flow.embedded._challenges.auto_sign_in import continue_sign_up
from auth_flow.embedded._challenges.conversation import begin, go_on
from auth_flow.embedded._challenges.device import session_of_device
from auth_flow.embedded._fault import Fault, invalid_parameter, missing_parameter, not_found
from auth_flow.embedded._grants import find_grant, refresh
from auth_flow.embedded._models import Client
from auth_flow.embedded._operations.shapes import ClientId, ClientMetadata, SessionToken, UserPoolId
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService, check_secret_hash
from auth_flow.embedded._srp import session_of

RENAMED_FLOWS = {
    "REFRESH_TOKEN": "REFRESH_TOKEN_AUTH",
    "ADMIN_NO_SRP_AUTH": "ADMIN_USER_PASSWORD_AUTH",
}
"""AuthFlow values that the service still takes, by their present names."""


class InitiateAuthRequest(Request):
    auth_flow: str
    client_id: ClientId
    auth_parameters: dict[str, str] = Field(default_factory=dict[str, str])
    client_metadata: ClientMetadata | None = None
    session: SessionToken | None = None


class RespondToAuthChallengeRequest(Request):
    client_id: ClientId
    challenge_name: str
    session: SessionToken | None = None
    challenge_responses: dict[str, str] = Field(default_factory=dict[str, str])
    client_metadata: ClientMetadata | None = None


class AdminInitiateAuthRequest(InitiateAuthRequest):
    user_pool_id: UserPoolId


class AdminRespondToAuthChallengeRequest(RespondToAuthChallengeRequest):
    user_pool_id: UserPoolId


@operation(InitiateAuthRequest)
async def initiate_auth(service: CognitoService, request: InitiateAuthRequest) -> Reply:
    """Begin a sign-in, go on from a confirmed sign-up, or renew tokens."""
    if request.auth_flow.startswith("ADMIN_"):
        raise invalid_parameter("Initiate Auth method not supported.")
    pool, client = service.client(request.client_id)
    return await _initiate(pool, client, request)


@operation(AdminInitiateAuthRequest)
async def admin_initiate_auth(service: CognitoService, request: AdminInitiateAuthRequest) -> Reply:
    """As InitiateAuth, with ADMIN_USER_PASSWORD_AUTH besides."""
    pool, client = _admin_client(service, request.user_pool_id, request.client_id)
    return await _initiate(pool, client, request)


@operation(RespondToAuthChallengeRequest)
async def respond_to_auth_challenge(
    service: CognitoService, request: RespondToAuthChallengeRequest
) -> Reply:
    """Answer a challenge."""
    pool, client = service.client(request.client_id)
    return await _respond(pool, client, request)


@operation(AdminRespondToAuthChallengeRequest)
async def admin_respond_to_auth_challenge(
    service: CognitoService, request: AdminRespondToAuthChallengeRequest
) -> Reply:
    """As RespondToAuthChallenge."""
    pool, client = _admin_client(service, request.user_pool_id, request.client_id)
    return await _respond(pool, client, request)


async def _initiate(pool: EmbeddedUserPool, client: Client, request: InitiateAuthRequest) -> Reply:
    auth_flow = RENAMED_FLOWS.get(request.auth_flow, request.auth_flow)
    parameters = request.auth_parameters
    if auth_flow == "REFRESH_TOKEN_AUTH":
        _check_flow(client, "REFRESH_TOKEN_AUTH")
        return await _refresh(pool, client, parameters)
    if auth_flow not in FLOWS:
        raise invalid_parameter(
            f"Value '{auth_flow}' at 'authFlow' failed to satisfy constraint: Member must satisfy enum value set"
        )
    _check_flow(client, auth_flow)
    if request.session and auth_flow == "USER_AUTH":
        return await continue_sign_up(
            pool, client, request.session, parameters, request.client_metadata
        )
    return await begin(pool, client, auth_flow, parameters, request.client_metadata)


async def _respond(
    pool: EmbeddedUserPool, client: Client, request: RespondToAuthChallengeRequest
) -> Reply:
    responses, metadata = request.challenge_responses, request.client_metadata
    secret_block = responses.get("PASSWORD_CLAIM_SECRET_BLOCK")
    token = (
        request.session
        or (session_of(secret_block) if secret_block else None)
        or session_of_device(pool, client, request.challenge_name, responses)
    )
    if token is None:
        raise missing_parameter("Session")
    return await go_on(pool, client, request.challenge_name, token, responses, metadata)


async def _refresh(pool: EmbeddedUserPool, client: Client, parameters: dict[str, str]) -> Reply:
    token = parameters.get("REFRESH_TOKEN")
    if not token:
        raise missing_parameter("REFRESH_TOKEN")
    if client.settings.refresh_token_rotation.feature == "ENABLED":
        raise Fault(
            "UnsupportedOperationException",
            "Refresh token rotation is enabled; use GetTokensFromRefreshToken.",
        )
    grant = find_grant(pool, token)
    user = pool.user(grant.username) if grant else None
    check_secret_hash(
        client, parameters.get("SECRET_HASH"), *((user.username, user.sub) if user else ())
    )
    result = await refresh(pool, client, token, device_key=parameters.get("DEVICE_KEY"))
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


def _check_flow(client: Client, auth_flow: str) -> None:
    if not client.settings.allows(auth_flow):
        raise invalid_parameter(f"{auth_flow} flow not enabled for this client")


def _admin_client(
    service: CognitoService, pool_id: str, client_id: str
) -> tuple[EmbeddedUserPool, Client]:
    pool = service.pool(pool_id)
    client = pool.clients.get(client_id)
    if client is None:
        raise not_found(f"User pool client {client_id} does not exist.")
    return pool, client
