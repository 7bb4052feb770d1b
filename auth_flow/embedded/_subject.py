"""Find the user that a request is about, before anything of it is verified."""

from __future__ import annotations

from typing import Any, NamedTuple

from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Request
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._signing import claims_in, pool_id_in


class Subject(NamedTuple):
    """A pool's id and a username, in the form in which two spellings of a name are equal."""

    pool_id: str
    username: str


def subject(service: CognitoService, request: Request) -> Subject | None:
    """Return the subject of a request; None if the request does not name a user."""
    members: dict[str, Any] = dict(request)
    claims = claims_in(str(members.get("access_token", "")))
    pool = _pool(service, members, claims)
    parameters: dict[str, str] = members.get("auth_parameters") or {}
    responses: dict[str, str] = members.get("challenge_responses") or {}
    name = str(
        members.get("username")
        or parameters.get("USERNAME")
        or responses.get("USERNAME")
        or claims.get("username")
        or ""
    )
    if pool is None or not name:
        return None
    user = pool.user(name)
    return Subject(pool.id, (user.username if user else name).casefold())


def _pool(
    service: CognitoService, members: dict[str, Any], claims: dict[str, Any]
) -> EmbeddedUserPool | None:
    if "user_pool_id" in members:
        return service.pools.get(str(members["user_pool_id"]))
    if "client_id" in members:
        owners = (pool for pool in service.pools.values() if pool.clients.get(members["client_id"]))
        return next(owners, None)
    return service.pools.get(pool_id_in(claims))
