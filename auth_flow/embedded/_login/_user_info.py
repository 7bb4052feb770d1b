"""/oauth2/userInfo: the attributes that an access token may read."""

from __future__ import annotations

from typing import Any

from auth_flow.embedded._claims import readable
from auth_flow.embedded._fault import Fault
from auth_flow.embedded._http import HttpRequest, Response, json_response
from auth_flow.embedded._login._errors import TokenError
from auth_flow.embedded._service import CognitoService


async def user_info(service: CognitoService, request: HttpRequest) -> Response:
    """Return the user's attributes as claims. The service writes booleans as strings here."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise TokenError("invalid_request", "The Authorization header has no bearer token", 401)
    try:
        caller = service.caller(token, scope="openid")
    except Fault as fault:
        raise TokenError("invalid_token", fault.message, 401) from fault
    claims: dict[str, Any] = {
        "sub": caller.user.sub,
        **readable(caller.user, caller.client, caller.grant.scopes),
        "username": caller.user.username,
    }
    shown = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in claims.items()
    }
    return json_response(200, shown)
