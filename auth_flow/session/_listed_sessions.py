"""The user's sessions as the service lists them, in all programs and on all devices."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from auth_flow.session._base import Instant, UserCalls
from auth_flow.states._replies import Reply


class Location(Reply):
    """A place that the service derives from an IP address."""

    city: str | None = Field(None, alias="City")
    country: str | None = Field(None, alias="Country")


class UserSession(Reply):
    """A session of the user's at the service.

    `type` is `TOKEN` for tokens that an app client got, and `SSO` for a sign-in at the hosted
    pages. `origin_session_id` is the session that this one began from. `current` is true for the
    session whose access token was sent.
    """

    session_id: str = Field(alias="SessionId")
    type: str | None = Field(None, alias="SessionType")
    client_id: str | None = Field(None, alias="ClientId")
    created_at: Instant | None = Field(None, alias="CreateDate")
    last_active_at: Instant | None = Field(None, alias="LastActiveDate")
    device_type: str | None = Field(None, alias="DeviceType")
    ip_address: str | None = Field(None, alias="LastIPAddress")
    location: Location | None = Field(None, alias="LastLocation")
    origin_session_id: str | None = Field(None, alias="OriginSessionId")
    current: bool = Field(False, alias="IsCurrentSession")


class _SessionsReply(Reply):
    sessions: list[UserSession] = Field(default_factory=list[UserSession], alias="Sessions")
    next_page: str | None = Field(None, alias="NextToken")


Associated = Literal["NONE", "LINKED"]


class UserSessionCalls(UserCalls):
    """Operations on the sessions of the user, in all programs and on all devices."""

    async def fetch_user_sessions(self) -> list[UserSession]:
        """Return all active sessions, by ListUserSessions.

        The list is a few seconds behind. Raises `OperationNotEnabledException` if the pool does not
        keep such a list.
        """
        reply = await self._read(_SessionsReply, "ListUserSessions")
        sessions = reply.sessions
        while reply.next_page:
            reply = await self._read(_SessionsReply, "ListUserSessions", NextToken=reply.next_page)
            sessions += reply.sessions
        return sessions

    async def revoke_user_session(self, session_id: str, *, associated: bool = False) -> None:
        """End another session of the user, by RevokeUserSession.

        `session_id` is one of `fetch_user_sessions`, but not the current one, which `sign_out`
        ends. With `associated`, the sessions that are linked to it end as well.
        """
        await self.call(
            "RevokeUserSession",
            SessionId=session_id,
            RevokeAssociatedSessions=linked(associated),
        )


def linked(associated: bool) -> Associated | None:
    """Return the member `RevokeAssociatedSessions`; None leaves it out."""
    return "LINKED" if associated else None
