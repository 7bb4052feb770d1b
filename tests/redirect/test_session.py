"""What a session that was made on the hosted pages does there: refresh, attributes, sign-out."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from auth_flow import AuthConfig, AuthFlow, MemoryStore, ReturnFromRedirect, Session, Tokens
from auth_flow.errors import (
    ConnectionLost,
    MalformedResponse,
    MissingScope,
    NoSession,
    NotAuthorizedException,
    SessionEnded,
    TokenRequestRefused,
)
from auth_flow.session._hosted import hosted_logout_url, lacks_user_scope
from auth_flow.states import RedirectRequired, SignInWithRedirect
from auth_flow.transports import Fetched
from tests.flow.scripted import Clock

from .hosted import CALLBACK, POOL, TOKEN_URL, Hosted
from .provider import NOW, access_token

pytestmark = pytest.mark.anyio

USER_INFO = "https://login.example.com/oauth2/userInfo"


class Api(Hosted):
    """The domain, and the operations of the API that `replies` has."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: dict[str, dict[str, Any] | Exception] = {}
        self.calls: list[str] = []

    async def call(self, operation: str, body: object) -> dict[str, Any]:
        self.calls.append(operation)
        reply = self.replies[operation]
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = float(NOW)
    return clock


async def signed_in(api: Api, clock: Clock, **config: Any) -> AuthFlow:
    flow = AuthFlow(POOL, transport=api, clock=clock, **config)
    step = await flow.send(SignInWithRedirect(redirect_uri=CALLBACK))
    assert isinstance(step, RedirectRequired)
    await flow.send(ReturnFromRedirect(url=api.visit(step.url)))
    api.requests.clear()
    return flow


@pytest.fixture
async def flow(api: Api, clock: Clock) -> AuthFlow:
    return await signed_in(api, clock)


def fresh(**members: Any) -> Fetched:
    tokens = {"access_token": access_token(jti="2", iat=NOW + 7200, exp=NOW + 9000), **members}
    return Fetched(200, json.dumps(tokens).encode())


async def test_it_refreshes_at_the_token_endpoint(flow: AuthFlow, api: Api, clock: Clock) -> None:
    clock.now += 7200
    api.answers[TOKEN_URL] = fresh()
    tokens = await flow.session.fresh_tokens()
    assert tokens.access_token.claims.jti == "2"
    assert api.calls == []
    (request,) = api.requests
    assert request.form == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
        "client_id": POOL.client_id,
    }
    assert tokens.refresh_token is not None
    assert tokens.refresh_token.get_secret_value() == "refresh-1"


async def test_a_rotated_refresh_token_replaces_the_old_one(flow: AuthFlow, api: Api) -> None:
    for number in (2, 3):
        api.answers[TOKEN_URL] = fresh(refresh_token=f"refresh-{number}")
        await flow.session.fresh_tokens(force=True)
    assert [request.form["refresh_token"] for request in api.requests] == ["refresh-1", "refresh-2"]


async def test_a_refused_refresh_token_ends_the_session(flow: AuthFlow, api: Api) -> None:
    session = flow.session
    api.answers[TOKEN_URL] = Fetched(400, b'{"error": "invalid_grant"}')
    with pytest.raises(SessionEnded):
        await session.fresh_tokens(force=True)
    assert not flow.signed_in


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Fetched(400, b'{"error": "unauthorized_client"}'), TokenRequestRefused),
        (Fetched(503, b""), MalformedResponse),
        (ConnectionLost("it broke.", operation="POST"), ConnectionLost),
    ],
)
async def test_any_other_failure_leaves_the_session(
    flow: AuthFlow, api: Api, answer: Any, kind: type[Exception]
) -> None:
    api.answers[TOKEN_URL] = answer
    with pytest.raises(kind):
        await flow.session.fresh_tokens(force=True)
    api.answers[TOKEN_URL] = fresh()
    assert (await flow.session.fresh_tokens(force=True)).access_token.claims.jti == "2"


async def test_tokens_of_another_user_are_not_taken(flow: AuthFlow, api: Api) -> None:
    api.answers[TOKEN_URL] = Fetched(
        200, json.dumps({"access_token": access_token(sub="somebody-else")}).encode()
    )
    with pytest.raises(MalformedResponse, match="another user"):
        await flow.session.fresh_tokens(force=True)


async def test_a_stored_session_remembers_how_it_was_made(api: Api, clock: Clock) -> None:
    store = MemoryStore()
    flow = await signed_in(api, clock, store=store)
    config = AuthConfig(store=store, transport=api, clock=clock)
    session = await Session.load(POOL, session_id=flow.session.session_id, config=config)
    api.answers[TOKEN_URL] = fresh()
    await session.fresh_tokens(force=True)
    assert [request.url for request in api.requests] == [TOKEN_URL]
    elsewhere = POOL.model_copy(update={"domain": None})
    session = await Session.load(elsewhere, session_id=session.session_id, config=config)
    with pytest.raises(NoSession, match="domain="):
        await session.fresh_tokens(force=True)


async def test_a_missing_scope_is_named(api: Api, clock: Clock) -> None:
    api.access_claims = {"scope": "openid email"}
    flow = await signed_in(api, clock)
    refusal = NotAuthorizedException("Access Token does not have required scopes", operation="x")
    api.replies["ChangePassword"] = refusal
    with pytest.raises(MissingScope, match=r"aws\.cognito\.signin\.user\.admin") as caught:
        await flow.session.update_password("new", old_password="old")
    assert caught.value.name == "NotAuthorizedException"
    assert flow.signed_in
    assert api.requests == []


async def test_attributes_fall_back_to_user_info(api: Api, clock: Clock) -> None:
    api.access_claims = {"scope": "openid email"}
    flow = await signed_in(api, clock)
    api.replies["GetUser"] = NotAuthorizedException("required scopes", operation="GetUser")
    api.answers[USER_INFO] = Fetched(
        200, b'{"sub": "1", "email": "a@b", "email_verified": true, "number": 3}'
    )
    assert await flow.session.fetch_user_attributes() == {
        "sub": "1",
        "email": "a@b",
        "email_verified": "true",
        "number": "3",
    }
    assert api.requests == [
        (
            "GET",
            USER_INFO,
            {"authorization": flow.session.tokens.bearer, "accept": "application/json"},
            {},
        )
    ]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Fetched(401, b'{"error": "invalid_token"}'), NotAuthorizedException),
        (Fetched(403, b""), NotAuthorizedException),
        (Fetched(404, b'{"sub": "1"}'), MalformedResponse),
        (Fetched(500, b""), MalformedResponse),
        (Fetched(200, b"[]"), MalformedResponse),
    ],
)
async def test_user_info_that_cannot_be_had(
    api: Api, clock: Clock, answer: Fetched, kind: type[Exception]
) -> None:
    api.access_claims = {"scope": "openid"}
    flow = await signed_in(api, clock)
    api.replies["GetUser"] = NotAuthorizedException("required scopes", operation="GetUser")
    api.answers[USER_INFO] = answer
    with pytest.raises(kind) as caught:
        await flow.session.fetch_user_attributes()
    assert isinstance(caught.value, NotAuthorizedException | MalformedResponse)
    assert (caught.value.operation, caught.value.status) == ("oauth2/userInfo", answer.status)


async def test_with_the_scope_attributes_come_from_the_api(flow: AuthFlow, api: Api) -> None:
    api.replies["GetUser"] = {
        "Username": "ada",
        "UserAttributes": [{"Name": "email", "Value": "a@b"}],
    }
    assert await flow.session.fetch_user_attributes() == {"email": "a@b"}
    assert api.requests == []


async def test_a_sign_out_returns_the_url_that_ends_the_hosted_session(
    flow: AuthFlow, api: Api
) -> None:
    api.replies["RevokeToken"] = {}
    result = await flow.session.sign_out(logout_uri="https://app.example/bye")
    assert result.revoked
    assert result.logout_url is not None
    url = urlsplit(result.logout_url)
    assert (url.netloc, url.path) == ("login.example.com", "/logout")
    assert parse_qs(url.query) == {
        "client_id": [POOL.client_id],
        "logout_uri": ["https://app.example/bye"],
    }
    assert not flow.signed_in


async def test_a_sign_out_completes_here_whatever_the_service_says(
    flow: AuthFlow, api: Api
) -> None:
    api.replies["RevokeToken"] = ConnectionLost("it broke.", operation="RevokeToken")
    result = await flow.session.sign_out(logout_uri="https://app.example/bye")
    assert (result.revoked, result.error) == (False, "TransportError")
    assert result.logout_url is not None
    assert not flow.signed_in


@pytest.mark.parametrize(
    ("domain", "hosted", "given"),
    [("login.example.com", True, True), ("login.example.com", False, False), (None, True, False)],
)
def test_only_a_session_of_the_hosted_pages_is_ended_there(
    domain: str | None, hosted: bool, given: bool
) -> None:
    pool = POOL.model_copy(update={"domain": domain})
    tokens = Tokens.read(access_token(), hosted=hosted)
    assert bool(hosted_logout_url(pool, tokens, "https://app.example/bye")) is given


@pytest.mark.parametrize(
    ("scope", "hosted", "lacks"),
    [
        ("openid", True, True),
        ("openid aws.cognito.signin.user.admin", True, False),
        ("openid", False, False),
    ],
)
def test_only_tokens_of_the_hosted_pages_can_lack_the_scope(
    scope: str, hosted: bool, lacks: bool
) -> None:
    assert lacks_user_scope(Tokens.read(access_token(scope=scope), hosted=hosted)) is lacks


async def test_without_a_logout_uri_there_is_no_url(flow: AuthFlow, api: Api) -> None:
    api.replies["RevokeToken"] = {}
    assert (await flow.session.sign_out()).logout_url is None
