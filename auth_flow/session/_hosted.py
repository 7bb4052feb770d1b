"""A session of the hosted pages: its refresh, its user and its sign-out at the pool's domain."""

from __future__ import annotations

from typing import Any

from auth_flow._fetch import fetch
from auth_flow._user_pool import UserPool
from auth_flow.errors import (
    MalformedResponse,
    NoSession,
    NotAuthorizedException,
    TokenRequestRefused,
)
from auth_flow.states._app_client import HostedPages
from auth_flow.states._effects import Fetch
from auth_flow.states._oauth import (
    TOKEN_OPERATION,
    json_object,
    logout_url,
    read_token_reply,
    token_request,
)
from auth_flow.states._tokens import Tokens
from auth_flow.transports._base import Transport

USER_SCOPE = "aws.cognito.signin.user.admin"
"""The scope that the operations of a signed-in user need."""

USER_INFO = "oauth2/userInfo"


async def refresh_at_domain(
    pool: UserPool, transport: Transport, tokens: Tokens, *, now: float
) -> Tokens:
    """Return new tokens from the token endpoint, which also rotates refresh tokens.

    Raises `NotAuthorizedException` if the refresh token is no longer good, `TokenRequestRefused`
    for another refusal, and the errors of the transport.
    """
    domain = _domain(pool)
    assert tokens.refresh_token is not None
    request = token_request(
        pool,
        {
            "grant_type": "refresh_token",
            "refresh_token": tokens.refresh_token.get_secret_value(),
        },
    )
    url = domain.url + request.path
    answer = await fetch(transport, Fetch("POST", url, request.headers, request.content))
    try:
        reply = read_token_reply(answer.status, answer.content)
    except TokenRequestRefused as refusal:
        if refusal.error != "invalid_grant":
            raise
        raise NotAuthorizedException(refusal.message, operation=TOKEN_OPERATION) from refusal
    result = reply.as_result()
    return Tokens.issued(result, TOKEN_OPERATION, now=now, before=tokens)


async def fetch_user_info(pool: UserPool, transport: Transport, tokens: Tokens) -> dict[str, str]:
    """Return the user's claims from `/oauth2/userInfo`. The access token needs the scope `openid`.

    Values that are not text are given as JSON has them in text: `true`, `3`. Raises
    `NotAuthorizedException` if the service refuses the token, `MalformedResponse`, and the errors
    of the transport.
    """
    url = f"{_domain(pool).url}/{USER_INFO}"
    answer = await fetch(
        transport,
        Fetch("GET", url, {"authorization": tokens.bearer, "accept": "application/json"}),
    )
    values = json_object(answer.content)
    if answer.status in (401, 403):
        message = "The access token is not accepted by /oauth2/userInfo."
        raise NotAuthorizedException(message, operation=USER_INFO, status=answer.status)
    if values is None or answer.status != 200:
        problem = f"an answer (status {answer.status}) that holds no user."
        raise MalformedResponse(problem, operation=USER_INFO, status=answer.status)
    return {name: _as_text(value) for name, value in values.items()}


def hosted_logout_url(pool: UserPool, tokens: Tokens, logout_uri: str | None) -> str | None:
    """Return the URL at which a browser ends the session of the hosted pages, if there is one."""
    if logout_uri is None or not tokens.hosted or pool.hosted is None:
        return None
    return logout_url(pool.hosted.url, pool, logout_uri)


def lacks_user_scope(tokens: Tokens) -> bool:
    """Return whether the access token cannot be good for the operations of a signed-in user."""
    return tokens.hosted and USER_SCOPE not in tokens.access_token.claims.scopes


def _domain(pool: UserPool) -> HostedPages:
    if pool.hosted is None:
        raise NoSession(
            "This session was made on the hosted pages, and refreshing it needs their domain: "
            "UserPool(domain=…)."
        )
    return pool.hosted


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
