from __future__ import annotations

from typing import Any

import pytest

from auth_flow import Notice, Observers, SignedOut, Tokens, UserPool
from auth_flow.errors import (
    AuthFlowError,
    ConnectFailed,
    NotAuthorizedException,
    NotSignedIn,
    StoreUnavailable,
    TooManyRequestsException,
)
from auth_flow.session import RememberedDevice, Session, SignOutResult
from auth_flow.stores import MemoryStore
from tests.flow.scripted import POOL, SUBJECT, Clock, Exchange, Script, jwt, refusal

from .service import HOUR, USER, TokenService

pytestmark = pytest.mark.anyio

ENDED = SignedOut(USER, SUBJECT, "signed_out")


async def test_the_tokens_are_revoked_and_gone(
    script: Script, service: TokenService, clock: Clock
) -> None:
    told: list[Notice] = []
    pool = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example", client_secret="s3cret")
    session = Session(
        pool, service.tokens(), transport=script, clock=clock, observers=Observers([told.append])
    )
    clock.now += 10 * HOUR
    script.expect(
        Exchange(
            "RevokeToken",
            {"ClientId": "1example", "ClientSecret": "s3cret", "Token": "refresh-1"},
            {},
        )
    )
    assert await session.sign_out() == SignOutResult(revoked=True)
    assert told == [ENDED]
    with pytest.raises(NotSignedIn):
        session.get_current_user()
    with pytest.raises(NotSignedIn):
        await session.sign_out()


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize(
    ("error", "name"),
    [
        (NotAuthorizedException("No.", operation="…"), "NotAuthorizedException"),
        (refusal("UnsupportedTokenTypeException"), "UnsupportedTokenTypeException"),
        (ConnectFailed("No.", operation="…"), "TransportError"),
    ],
)
async def test_what_the_service_says_is_told_and_changes_nothing(
    service: TokenService, everywhere: bool, error: AuthFlowError, name: str
) -> None:
    session = service.session()
    service.failures.append(error)
    assert await session.sign_out(global_=everywhere) == SignOutResult(revoked=False, error=name)
    assert service.operations == ["GlobalSignOut" if everywhere else "RevokeToken"]
    assert not session.active


@pytest.mark.parametrize(
    "missing", [{"refresh_token": None}, {"access_token": jwt(sub=SUBJECT, username=USER)}]
)
async def test_nothing_to_revoke(
    service: TokenService, clock: Clock, missing: dict[str, Any]
) -> None:
    held = service.tokens()
    given = {"access_token": held.access_token.text, "refresh_token": held.refresh_token, **missing}
    session = Session(POOL, Tokens.read(**given), transport=service, clock=clock)
    assert await session.sign_out() == SignOutResult(revoked=False)
    assert service.requests == []


async def test_revoking_alone_keeps_what_is_held(service: TokenService) -> None:
    session = service.session()
    assert await session.revoke()
    assert session.active
    assert service.operations == ["RevokeToken"]


async def test_a_deleted_user_leaves_nothing(service: TokenService) -> None:
    told: list[Notice] = []
    devices = {
        USER: RememberedDevice(key="k", group_key="g", password="p"),
        "grace": RememberedDevice(key="l", group_key="g", password="p"),
    }
    session = service.session(devices=devices, observers=Observers([told.append]))
    service.failures.append(refusal("TooManyRequestsException", operation="DeleteUser"))
    with pytest.raises(TooManyRequestsException):
        await session.delete_user()
    assert session.active
    assert set(devices) == {USER, "grace"}
    await session.delete_user()
    assert told == [SignedOut(USER, SUBJECT, "user_deleted")]
    assert set(devices) == {"grace"}


async def test_a_store_that_fails_keeps_nobody_signed_in(
    service: TokenService, clock: Clock
) -> None:
    class Stuck(MemoryStore):
        async def delete(self, key: str, *, expected: str | None = None) -> None:
            raise StoreUnavailable("The disk is full.")

    session = service.session(store=Stuck(clock))
    await session.keep()
    with pytest.raises(StoreUnavailable):
        await session.sign_out()
    assert not session.active
    assert service.operations == ["RevokeToken"], "what is still in the store is of no use"
