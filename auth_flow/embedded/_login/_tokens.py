"""The endpoints that applications post forms to: /oauth2/token and /oauth2/revoke."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from auth_flow.embedded._fault import Fault
from auth_flow.embedded._grants import find_grant, refresh, revoke
from auth_flow.embedded._http import HttpRequest, Response, json_response
from auth_flow.embedded._login._clients import authenticated_client
from auth_flow.embedded._login._errors import TokenError
from auth_flow.embedded._login._grants import as_oauth, issue, machine_token
from auth_flow.embedded._login_models import AuthorizationCode
from auth_flow.embedded._models import Client
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._service import CognitoService, check_may_sign_in


async def token(service: CognitoService, request: HttpRequest) -> Response:
    """Exchange a code, a refresh token or the client's own credentials for tokens."""
    form = request.form
    kind = form.get("grant_type")
    if not kind:
        raise TokenError("invalid_request", "grant_type is missing")
    pool, client = authenticated_client(service, request)
    match kind:
        case "authorization_code":
            document = await _exchange(pool, client, form)
        case "refresh_token":
            document = await _refresh(pool, client, form.get("refresh_token"))
        case "client_credentials":
            document = await _machine(pool, client, form)
        case _:
            raise TokenError("unsupported_grant_type")
    return json_response(200, document).with_headers(("cache-control", "no-store"))


async def revoke_token(service: CognitoService, request: HttpRequest) -> Response:
    """End a refresh token and the access tokens that came with it. One that is unknown is fine."""
    given = request.form.get("token")
    if not given:
        raise TokenError("invalid_request", "token is missing")
    pool, client = authenticated_client(service, request)
    if not client.settings.enable_token_revocation:
        raise TokenError("invalid_request", "Token revocation is not enabled for the client")
    if given.count(".") == 2:
        raise TokenError("unsupported_token_type")
    grant = find_grant(pool, given)
    if grant is not None and grant.client_id != client.id:
        raise TokenError("unauthorized_client")
    if grant is not None:
        revoke(pool, grant)
    return Response(200)


async def _exchange(pool: EmbeddedUserPool, client: Client, form: dict[str, str]) -> dict[str, Any]:
    # A code is good for one attempt, whatever becomes of it.
    code = pool.codes.take(form.get("code", ""))
    if code is None or code.expires_at <= pool.clock() or code.request.client_id != client.id:
        raise TokenError("invalid_grant")
    if form.get("redirect_uri") != code.request.redirect_uri:
        raise TokenError("unauthorized_client", "invalid_redirect")
    _check_verifier(code, form.get("code_verifier"))
    user = pool.user(code.username)
    assert user is not None  # a user's codes are deleted with the user
    try:
        check_may_sign_in(user)
        return await issue(pool, client, user, code.request, code.auth_time, code.methods)
    except Fault as fault:
        raise TokenError("invalid_grant", fault.message) from fault


def _check_verifier(code: AuthorizationCode, verifier: str | None) -> None:
    challenge = code.request.code_challenge
    if challenge is None:
        return
    digest = hashlib.sha256((verifier or "").encode()).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=")
    if verifier is None or not hmac.compare_digest(expected, challenge.encode()):
        raise TokenError("invalid_grant")


async def _refresh(
    pool: EmbeddedUserPool, client: Client, refresh_token: str | None
) -> dict[str, Any]:
    if not refresh_token:
        raise TokenError("invalid_request", "refresh_token is missing")
    try:
        result = await refresh(pool, client, refresh_token, device_key=None)
    except Fault as fault:
        raise TokenError("invalid_grant", fault.message) from fault
    grant = find_grant(pool, refresh_token)
    return as_oauth(result, grant.scopes if grant else None)


async def _machine(pool: EmbeddedUserPool, client: Client, form: dict[str, str]) -> dict[str, Any]:
    if not client.secrets or "client_credentials" not in client.settings.allowed_oauth_flows:
        raise TokenError("unauthorized_client")
    allowed = [scope for scope in client.settings.allowed_oauth_scopes if scope in set(pool.scopes)]
    scopes = form.get("scope", "").split() or allowed
    if not scopes or not set(scopes) <= set(allowed):
        raise TokenError("invalid_scope")
    try:
        metadata = json.loads(form.get("aws_client_metadata", "{}"))
    except (ValueError, RecursionError) as error:
        raise TokenError("invalid_request", "aws_client_metadata is not JSON") from error
    if not isinstance(metadata, dict):
        raise TokenError("invalid_request", "aws_client_metadata is not an object")
    return machine_token(pool, client, scopes)
