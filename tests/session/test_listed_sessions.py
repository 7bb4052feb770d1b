"""The sessions that the service lists, scripted and on the embedded pool."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from auth_flow import AuthFlow, Done, SignIn, UserPool
from auth_flow.embedded import EmbeddedCognito
from auth_flow.errors import AuthFlowError, MalformedResponse
from auth_flow.session import Session
from tests.flow.scripted import POOL, Clock, Exchange, Json, Script

from .service import TokenService

pytestmark = pytest.mark.anyio


@pytest.fixture
def session(script: Script, clock: Clock, service: TokenService) -> Session:
    return Session(POOL, service.tokens(), transport=script, clock=clock)


def with_token(session: Session, members: Json) -> Json:
    return {"AccessToken": session.access_token.text.get_secret_value(), **members}


TOKEN_SESSION = "tkn" + "a1" * 12 + "z"
SSO_SESSION = "sso" + "b2" * 12 + "y"


async def test_every_page_is_read(script: Script, session: Session) -> None:
    first = {
        "SessionId": TOKEN_SESSION,
        "SessionType": "TOKEN",
        "ClientId": POOL.client_id,
        "CreateDate": 1_700_000_000.5,
        "LastActiveDate": 1_700_000_100,
        "DeviceType": "Mobile",
        "LastIPAddress": "192.0.2.1",
        "LastLocation": {"City": "Dublin", "Country": "IE"},
        "OriginSessionId": SSO_SESSION,
        "IsCurrentSession": True,
    }
    script.expect(
        Exchange(
            "ListUserSessions",
            with_token(session, {}),
            {"Sessions": [first], "NextToken": "more"},
        ),
        Exchange(
            "ListUserSessions",
            with_token(session, {"NextToken": "more"}),
            {"Sessions": [{"SessionId": SSO_SESSION}]},
        ),
    )
    mine, other = await session.fetch_user_sessions()
    assert mine.model_dump() == {
        "session_id": TOKEN_SESSION,
        "type": "TOKEN",
        "client_id": POOL.client_id,
        "created_at": datetime(2023, 11, 14, 22, 13, 20, 500_000, UTC),
        "last_active_at": datetime(2023, 11, 14, 22, 15, tzinfo=UTC),
        "device_type": "Mobile",
        "ip_address": "192.0.2.1",
        "location": {"city": "Dublin", "country": "IE"},
        "origin_session_id": SSO_SESSION,
        "current": True,
    }
    assert other.model_dump(exclude_defaults=True) == {"session_id": SSO_SESSION}
    assert other.current is False


async def test_a_place_may_be_known_in_part(script: Script, session: Session) -> None:
    one = {"SessionId": TOKEN_SESSION, "LastLocation": {}}
    script.expect(
        Exchange("ListUserSessions", with_token(session, {}), {"Sessions": [one]}),
        Exchange("ListUserSessions", with_token(session, {}), {}),
    )
    (listed,) = await session.fetch_user_sessions()
    assert listed.location is not None
    assert listed.location.model_dump() == {"city": None, "country": None}
    assert await session.fetch_user_sessions() == []


@pytest.mark.parametrize(
    "reply",
    [
        {"Sessions": [{}]},
        {"Sessions": "x"},
        {"Sessions": [7]},
        {"Sessions": [{"SessionId": "x", "CreateDate": "soon"}]},
        {"Sessions": [{"SessionId": "x", "CreateDate": 1e15}]},
        {"Sessions": [{"SessionId": "x", "CreateDate": 1e300}]},
    ],
)
async def test_a_list_that_is_none_is_malformed(
    script: Script,
    session: Session,
    reply: dict[str, object],
) -> None:
    script.expect(Exchange("ListUserSessions", with_token(session, {}), reply))
    with pytest.raises(MalformedResponse):
        await session.fetch_user_sessions()


LINKED: Any = pytest.mark.parametrize(
    ("options", "linked"),
    [
        ({}, {}),
        ({"associated": False}, {}),
        ({"associated": True}, {"RevokeAssociatedSessions": "LINKED"}),
    ],
)


@LINKED
async def test_another_session_is_revoked(
    script: Script, session: Session, options: Json, linked: Json
) -> None:
    body = with_token(session, {"SessionId": SSO_SESSION, **linked})
    script.expect(Exchange("RevokeUserSession", body, {}))
    await session.revoke_user_session(SSO_SESSION, **options)


@LINKED
async def test_linked_sessions_end_with_this_one(
    service: TokenService, options: Json, linked: Json
) -> None:
    mine = service.session()
    assert await mine.revoke(**options)
    body = {"ClientId": POOL.client_id, "Token": "refresh-1", **linked}
    assert service.requests == [("RevokeToken", body)]


async def test_a_device_is_signed_out_from_another_one() -> None:
    cognito = EmbeddedCognito()
    pool = cognito.create_pool()
    app = pool.create_client()
    pool.create_user("ada", "Correct-Horse-1")
    async with cognito.transport() as transport:
        sessions = []
        for _ in range(2):
            flow = AuthFlow(UserPool(user_pool_id=pool.id, client_id=app.id), transport=transport)
            step = await flow.send(SignIn(username="ada", password="Correct-Horse-1"))
            assert isinstance(step, Done)
            sessions.append(flow.session)
        here, there = sessions
        listed = await here.fetch_user_sessions()
        (other,) = [one for one in listed if not one.current]
        assert len(listed) == 2
        await here.revoke_user_session(other.session_id)
        assert [one.current for one in await here.fetch_user_sessions()] == [True]
        assert not await _alive(there)
        assert await _alive(here)


async def _alive(session: Session) -> bool:
    try:
        await session.refresh(session.tokens)
    except AuthFlowError:
        return False
    return True
