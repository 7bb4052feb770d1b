from __future__ import annotations

import random
from typing import Any

import anyio
import pytest
from pydantic import SecretStr

from auth_flow import Notice, Observers, RefreshFailed, SignedOut, Tokens, TokensRefreshed, UserPool
from auth_flow.errors import (
    AuthFlowError,
    ConnectionLost,
    MalformedResponse,
    NotSignedIn,
    ServiceError,
    TimedOut,
)
from auth_flow.session import RememberedDevice, Session
from auth_flow.states._tokens import LEEWAY
from tests.flow.scripted import POOL, SUBJECT, Clock, Exchange, Script, jwt, refusal

from .service import HOUR, USER, TokenService

pytestmark = pytest.mark.anyio

REFRESH = "GetTokensFromRefreshToken"


def service_error(name: str, status: int = 400) -> ServiceError:
    return refusal(name, operation=REFRESH, status=status)


TRANSIENT = [
    ConnectionLost("gone", operation=REFRESH),
    TimedOut("late", operation=REFRESH, retryable=True),
    MalformedResponse(
        "a reply (status 503) that is not a JSON object.",
        operation=REFRESH,
        status=503,
        retryable=True,
    ),
    service_error("TooManyRequestsException", 429),
    service_error("InternalErrorException", 500),
    service_error("LimitExceededException"),
    service_error("ForbiddenException"),
    service_error("ResourceNotFoundException"),
    service_error("UserLambdaValidationException"),
    service_error("SomethingNewException"),
]
VERDICTS = [
    "NotAuthorizedException",
    "TokenRevokedException",
    "UserNotFoundException",
    "PasswordResetRequiredException",
    "UserNotConfirmedException",
    "RefreshTokenReuseException",
]


# When


async def test_fresh_tokens_need_no_request(service: TokenService, clock: Clock) -> None:
    session = service.session()
    clock.now += HOUR - LEEWAY
    assert await session.fresh_tokens() is session.tokens
    assert service.requests == []


async def test_shortly_before_their_end_they_are_refreshed(
    service: TokenService, clock: Clock
) -> None:
    session = service.session()
    clock.now += HOUR - LEEWAY + 1
    tokens = await session.fresh_tokens()
    assert service.requests == [
        (REFRESH, {"ClientId": POOL.client_id, "RefreshToken": "refresh-1"})
    ]
    assert tokens is session.tokens
    assert tokens.refresh_token == SecretStr("refresh-2")
    assert tokens.access_token.claims.expires_at == clock.now + HOUR


async def test_without_rotation_the_old_refresh_token_stays(clock: Clock) -> None:
    service = TokenService(clock, rotates=False)
    session = service.session()
    assert (await session.fresh_tokens(force=True)).refresh_token == SecretStr("refresh-0")


@pytest.mark.parametrize("ahead", [-400 * 86400, -HOUR / 2, HOUR / 2, 400 * 86400])
async def test_a_wrong_clock_does_not_matter(clock: Clock, ahead: float) -> None:
    service = TokenService(clock, ahead=ahead)
    session = service.session()
    for _ in range(2):
        clock.now += HOUR - LEEWAY
        requests = len(service.requests)
        await session.fresh_tokens()
        assert len(service.requests) == requests
        clock.now += 1
        await session.fresh_tokens()
        assert len(service.requests) == requests + 1


async def test_an_expired_id_token_is_reason_enough(service: TokenService, clock: Clock) -> None:
    fresh = service.tokens()
    expired = jwt(sub=SUBJECT, exp=int(clock()) - 1)
    mixed = Tokens.read(fresh.access_token.text, expired, fresh.refresh_token)
    session = Session(POOL, mixed, transport=service, clock=clock)
    await session.fresh_tokens()
    assert service.operations == [REFRESH]


async def test_a_token_without_an_end_counts_as_expired(
    service: TokenService, clock: Clock
) -> None:
    service.tokens()
    endless = Tokens.read(jwt(sub=SUBJECT), refresh_token=service.refresh_token)
    await Session(POOL, endless, transport=service, clock=clock).fresh_tokens()
    assert service.operations == [REFRESH]


async def test_an_operation_refreshes_first(service: TokenService, clock: Clock) -> None:
    session = service.session()
    clock.now += HOUR
    await session.fetch_user_attributes()
    assert service.operations == [REFRESH, "GetUser"]
    assert service.requests[1][1] == {"AccessToken": session.access_token.text.get_secret_value()}


# What is sent


async def test_everything_that_belongs_to_a_refresh(
    script: Script, clock: Clock, service: TokenService
) -> None:
    pool = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example", client_secret="s3cret")
    device = RememberedDevice(key="eu-west-1_key", group_key="-group", password="device password")
    session = Session(pool, service.tokens(), transport=script, clock=clock, devices={USER: device})
    body = {
        "ClientId": "1example",
        "ClientSecret": "s3cret",
        "RefreshToken": "refresh-1",
        "DeviceKey": "eu-west-1_key",
        "ClientMetadata": {"tenant": "7"},
    }
    script.expect(Exchange(REFRESH, body, {"AuthenticationResult": service.issue()}))
    await session.fresh_tokens(force=True, client_metadata={"tenant": "7"})


@pytest.mark.parametrize(
    "unknown",
    [
        service_error("UnknownOperationException"),
        service_error("UnsupportedOperationException"),
        MalformedResponse("not here", operation=REFRESH, status=404),
    ],
)
async def test_a_server_without_rotation_is_asked_the_old_way(
    script: Script, clock: Clock, service: TokenService, unknown: AuthFlowError
) -> None:
    pool = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example", client_secret="s3cret")
    device = RememberedDevice(key="eu-west-1_key", group_key="-group", password="device password")
    tokens = service.tokens()
    session = Session(pool, tokens, transport=script, clock=clock, devices={USER: device})
    parameters = {
        "REFRESH_TOKEN": "refresh-1",
        "DEVICE_KEY": "eu-west-1_key",
        "SECRET_HASH": pool.secret_hash(USER),
    }
    old_way = {
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": parameters,
        "ClientId": "1example",
    }
    reply = {
        "AuthenticationResult": {"AccessToken": service.issue()["AccessToken"]},
        "ChallengeParameters": {},
    }
    new_way = {
        "ClientId": "1example",
        "ClientSecret": "s3cret",
        "RefreshToken": "refresh-1",
        "DeviceKey": "eu-west-1_key",
    }
    script.expect(Exchange(REFRESH, new_way, unknown), Exchange("InitiateAuth", old_way, reply))
    assert (await session.fresh_tokens(force=True)).refresh_token == tokens.refresh_token
    script.expect(Exchange("InitiateAuth", old_way, reply))
    await session.fresh_tokens(force=True)


# Many ask, one sends


async def test_a_thousand_tasks_cause_one_request(service: TokenService, clock: Clock) -> None:
    session = service.session()
    clock.now += HOUR
    seen: list[Tokens] = []

    async def ask(force: bool) -> None:
        seen.append(await session.fresh_tokens(force=force))

    async with anyio.create_task_group() as tasks:
        for number in range(1000):
            tasks.start_soon(ask, number % 3 == 0)
    assert service.operations == [REFRESH]
    assert len(seen) == 1000
    assert {id(tokens) for tokens in seen} == {id(session.tokens)}


@pytest.mark.parametrize("seed", range(5))
async def test_some_of_a_thousand_are_cancelled(
    service: TokenService, clock: Clock, seed: int
) -> None:
    session = service.session()
    clock.now += HOUR
    service.gate = anyio.Event()
    scopes = [anyio.CancelScope() for _ in range(1000)]
    served: set[int] = set()

    async def ask(number: int) -> None:
        with scopes[number]:
            await session.fresh_tokens()
            served.add(number)

    cancelled = {0, *random.Random(seed).sample(range(1000), 500)}
    async with anyio.create_task_group() as tasks:
        for number in range(1000):
            tasks.start_soon(ask, number)
        await anyio.wait_all_tasks_blocked()
        for number in cancelled:
            scopes[number].cancel()
        await anyio.wait_all_tasks_blocked()
        service.gate.set()
    assert served == set(range(1000)) - cancelled
    assert service.operations == [REFRESH]


async def test_all_of_them_are_cancelled_and_the_session_is_as_before(clock: Clock) -> None:
    service = TokenService(clock, rotates=False)
    session = service.session(refresh_grace=0.01)
    held = session.tokens
    clock.now += HOUR
    service.gate = anyio.Event()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(session.fresh_tokens)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert session.tokens is held
    service.gate.set()
    await session.fresh_tokens()
    assert service.operations == [REFRESH, REFRESH]


async def test_a_rotated_token_survives_the_cancellation_of_whoever_asked_for_it(
    service: TokenService, clock: Clock
) -> None:
    session = service.session()
    clock.now += HOUR
    service.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(session.fresh_tokens)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
        service.gate.set()
    await session.fresh_tokens()
    assert service.operations == [REFRESH], "the answer to the one request was kept"


# How it fails


@pytest.mark.parametrize(
    "error", TRANSIENT, ids=lambda error: f"{type(error).__name__}-{error.name}"
)
async def test_what_says_nothing_about_the_user_keeps_the_session(
    service: TokenService, clock: Clock, error: AuthFlowError
) -> None:
    session = service.session()
    clock.now += HOUR
    service.failures.append(error)
    with pytest.raises(type(error)) as raised:
        await session.fetch_user_attributes()
    assert raised.value is error
    assert session.active
    await session.fetch_user_attributes()
    assert service.operations == [REFRESH, REFRESH, "GetUser"]


async def test_failures_at_every_request_lose_nothing(service: TokenService, clock: Clock) -> None:
    session = service.session()
    dice = random.Random(7)
    refreshed = 0
    for _ in range(300):
        clock.now += HOUR
        error = dice.choice(TRANSIENT)
        service.failures.extend(dice.choice(([], [error], [None, error])))
        try:
            await session.fetch_user_attributes()
        except AuthFlowError:
            assert session.active
        else:
            refreshed += 1
    assert refreshed > 50


@pytest.mark.parametrize("name", VERDICTS)
async def test_the_services_verdict_ends_the_session(
    service: TokenService, clock: Clock, name: str
) -> None:
    told: list[Notice] = []
    ended: list[Session] = []
    session = service.session(observers=Observers([told.append]), on_end=ended.append)
    clock.now += HOUR
    verdict = service_error(name)
    service.failures.append(verdict)
    with pytest.raises(NotSignedIn, match=name) as raised:
        await session.fetch_user_attributes()
    assert raised.value.__cause__ is verdict
    assert told == [RefreshFailed(USER, SUBJECT, verdict), SignedOut(USER, SUBJECT, name)]
    assert ended == [session]
    assert not session.active
    with pytest.raises(NotSignedIn):
        await session.fetch_user_attributes()
    assert service.operations == [REFRESH], "a session that is over sends nothing"


async def test_without_a_refresh_token_the_session_needs_a_new_sign_in(
    service: TokenService, clock: Clock
) -> None:
    tokens = Tokens.read(service.tokens().access_token.text)
    session = Session(POOL, tokens, transport=service, clock=clock)
    assert await session.fresh_tokens() is tokens
    clock.now += HOUR
    with pytest.raises(NotSignedIn, match="no refresh token"):
        await session.fresh_tokens()
    assert session.tokens is tokens
    assert service.requests == []


async def test_an_unreadable_answer_keeps_the_session(
    script: Script, clock: Clock, service: TokenService
) -> None:
    session = Session(POOL, service.tokens(), transport=script, clock=clock)
    body = {"ClientId": POOL.client_id, "RefreshToken": "refresh-1"}
    unreadable: list[Any] = [
        {},
        {"AuthenticationResult": {}},
        {"AuthenticationResult": {"AccessToken": "no JWT"}},
        {"AuthenticationResult": {"AccessToken": 5}},
        {"AuthenticationResult": {"AccessToken": jwt(sub="somebody else")}},
    ]
    for reply in unreadable:
        script.expect(Exchange(REFRESH, body, reply))
        with pytest.raises(MalformedResponse):
            await session.fresh_tokens(force=True)
        assert session.active


async def test_a_sign_out_during_a_refresh_stands(service: TokenService, clock: Clock) -> None:
    session = service.session()
    service.gate = anyio.Event()

    async def ask() -> None:
        with pytest.raises(NotSignedIn):
            await session.fresh_tokens(force=True)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(session.sign_out)
        await anyio.wait_all_tasks_blocked()
        service.gate.set()
    assert not session.active


async def test_observers_hear_of_refreshes(service: TokenService) -> None:
    told: list[Notice] = []
    session = service.session(observers=Observers([told.append]))
    lost = ConnectionLost("gone", operation=REFRESH)
    service.failures.append(lost)
    with pytest.raises(ConnectionLost):
        await session.fresh_tokens(force=True)
    await session.fresh_tokens(force=True)
    assert told == [RefreshFailed(USER, SUBJECT, lost), TokensRefreshed(USER, SUBJECT)]


async def test_no_secret_is_shown(service: TokenService) -> None:
    session = service.session()
    shown = repr(session) + repr(session.tokens) + str(vars(session))
    assert "refresh-1" not in shown
    assert session.access_token.text.get_secret_value() not in shown
