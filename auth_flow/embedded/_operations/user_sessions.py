"""The sessions of a user: each is a family of tokens that one sign-in led to."""

from __future__ import annotations

from typing import Literal

from auth_flow.embedded._fault import not_found
from auth_flow.embedded._grants import revoke
from auth_flow.embedded._models import Grant, User
from auth_flow.embedded._operations.admin_users import OfUser
from auth_flow.embedded._operations.shapes import AccessToken
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService

Associated = Literal["NONE", "LINKED"]


class ListUserSessionsRequest(Request):
    access_token: AccessToken
    next_token: str | None = None


class RevokeUserSessionRequest(Request):
    access_token: AccessToken
    session_id: str
    revoke_associated_sessions: Associated | None = None


class AdminListUserSessionsRequest(OfUser):
    next_token: str | None = None


class AdminRevokeUserSessionRequest(OfUser):
    session_id: str
    revoke_associated_sessions: Associated | None = None


@operation(ListUserSessionsRequest)
async def list_user_sessions(service: CognitoService, request: ListUserSessionsRequest) -> Reply:
    """Return the user's active sessions on one page."""
    caller = service.caller(request.access_token)
    return {"Sessions": _shown(caller.pool, caller.user, caller.grant)}


@operation(AdminListUserSessionsRequest)
async def admin_list_user_sessions(
    service: CognitoService, request: AdminListUserSessionsRequest
) -> Reply:
    """Return a user's active sessions on one page."""
    pool, user = service.user(request.user_pool_id, request.username)
    return {"Sessions": _shown(pool, user, None)}


@operation(RevokeUserSessionRequest)
async def revoke_user_session(service: CognitoService, request: RevokeUserSessionRequest) -> Reply:
    """End one of the user's own sessions."""
    caller = service.caller(request.access_token)
    _revoke(caller.pool, caller.user, request.session_id)
    return {}


@operation(AdminRevokeUserSessionRequest)
async def admin_revoke_user_session(
    service: CognitoService, request: AdminRevokeUserSessionRequest
) -> Reply:
    """End a session of a user."""
    pool, user = service.user(request.user_pool_id, request.username)
    _revoke(pool, user, request.session_id)
    return {}


def _active(pool: EmbeddedUserPool, user: User) -> list[Grant]:
    return [
        grant
        for grant in pool.grants_of(user)
        if not grant.revoked and grant.expires_at > pool.clock()
    ]


def _shown(pool: EmbeddedUserPool, user: User, current: Grant | None) -> list[Reply]:
    return [
        {
            "SessionId": grant.session_id,
            "SessionType": "TOKEN",
            "ClientId": grant.client_id,
            "CreateDate": grant.auth_time,
            "LastActiveDate": grant.last_active or grant.auth_time,
            "IsCurrentSession": grant is current,
        }
        for grant in _active(pool, user)
    ]


def _revoke(pool: EmbeddedUserPool, user: User, session_id: str) -> None:
    for grant in _active(pool, user):
        if grant.session_id == session_id:
            revoke(pool, grant)
            return
    raise not_found("Session does not exist.")
