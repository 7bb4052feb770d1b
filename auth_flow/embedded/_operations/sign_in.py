"""InitiateAuth and RespondToAuthChallenge, and their administrator's variants."""

from __future__ import annotations

from pydantic import Field

from auth_flow.embedded._challenges.attempt import FLOWS, SignInRequest
from auth_flow.embedded._challenges.auto_sign_in import continue_sign_up
from auth_flow.embedded._challenges.conversation import begin, go_on
from auth_flow.embedded._challenges.device import session_of_device
from auth_flow.embedded._challenges.step_up import StepUp, read_step_up
from auth_flow.embedded._fault import Fault, invalid_parameter, missing_parameter, not_found
from auth_flow.embedded._grants import find_grant, refresh
from auth_flow.embedded._hosted import is_managed_login
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
    """Begin a sign-in, continue from a confirmed sign-up, or renew tokens."""
    if request.auth_flow.startswith("ADMIN_"):
        raise invalid_parameter("Initiate Auth method not supported.")
    pool, client = service.client(request.client_id)
    return await _initiate(service, pool, client, request)


@operation(AdminInitiateAuthRequest)
async def admin_initiate_auth(service: CognitoService, request: AdminInitiateAuthRequest) -> Reply:
    """Do the same as InitiateAuth, which does not have ADMIN_USER_PASSWORD_AUTH."""
    pool, client = _admin_client(service, request.user_pool_id, request.client_id)
    return await _initiate(service, pool, client, request)


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
    """Do the same as RespondToAuthChallenge."""
    pool, client = _admin_client(service, request.user_pool_id, request.client_id)
    return await _respond(pool, client, request)


async def _initiate(
    service: CognitoService, pool: EmbeddedUserPool, client: Client, request: InitiateAuthRequest
) -> Reply:
    auth_flow = RENAMED_FLOWS.get(request.auth_flow, request.auth_flow)
    parameters = request.auth_parameters
    if auth_flow == "REFRESH_TOKEN_AUTH":
        _check_flow(client, "REFRESH_TOKEN_AUTH")
        return await _refresh(pool, client, parameters)
    if auth_flow not in FLOWS:
        raise invalid_parameter(
            f"Value '{auth_flow}' at 'authFlow' failed to satisfy constraint: Member must satisfy "
            "enum value set"
        )
    _check_flow(client, auth_flow)
    aim = read_step_up(service, pool, parameters) if auth_flow == "USER_AUTH" else StepUp()
    metadata = request.client_metadata or {}
    sign_in = SignInRequest(pool, client, auth_flow, parameters, metadata, aim.levels, aim.methods)
    if request.session and auth_flow == "USER_AUTH":
        return await continue_sign_up(sign_in, request.session)
    return await begin(sign_in)


async def _respond(
    pool: EmbeddedUserPool, client: Client, request: RespondToAuthChallengeRequest
) -> Reply:
    responses, metadata = request.challenge_responses, request.client_metadata
    answer = SignInRequest(pool, client, request.challenge_name, responses, metadata or {})
    token = request.session
    if answer.name == "DEVICE_SRP_AUTH" and (token is None or pool.sessions.get(token) is None):
        # pycognito sends no session, amazon-cognito-identity-js that of the code it has answered.
        token = session_of_device(pool, client, responses) or token
    elif token is None and (secret_block := responses.get("PASSWORD_CLAIM_SECRET_BLOCK")):
        token = session_of(secret_block)
    if token is None:
        raise missing_parameter("Session")
    return await go_on(answer, token)


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
    if not client.settings.allows(auth_flow) and not is_managed_login():
        raise invalid_parameter(f"{auth_flow} flow not enabled for this client")


def _admin_client(
    service: CognitoService, pool_id: str, client_id: str
) -> tuple[EmbeddedUserPool, Client]:
    pool = service.pool(pool_id)
    client = pool.clients.get(client_id)
    if client is None:
        raise not_found(f"User pool client {client_id} does not exist.")
    return pool, client
