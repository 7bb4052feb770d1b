from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from typing import Any

import anyio
import botocore.session
import httpx
import pytest

from auth_flow import Tokens
from auth_flow.aws import Credentials, IdentityPool, IdentityPoolProvider, credential_metadata
from auth_flow.errors import (
    MalformedResponse,
    NotAuthorizedException,
    NotSignedIn,
    ResourceNotFoundException,
)
from auth_flow.session import Session
from auth_flow.transports import CognitoTransport
from tests.flow.scripted import POOL, SUBJECT, Clock, Json, jwt
from tests.transports.faults import fault_server, say

from .service import HOUR, USER, TokenService

pytestmark = pytest.mark.anyio

POOL_ID = "eu-west-1:11111111-2222-4333-8444-555555555555"
PROVIDER = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"


class IdentityService:
    """Hands out ids and credentials; each request as it came."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.requests: list[tuple[str, Json]] = []
        self.failures: deque[BaseException] = deque()
        self.closed = False
        self.becomes = ""

    async def call(self, operation: str, body: Any) -> Json:
        await anyio.lowlevel.checkpoint()
        self.requests.append((operation, dict(body)))
        if self.failures:
            raise self.failures.popleft()
        who = "user" if "Logins" in body else "guest"
        if operation == "GetId":
            return {"IdentityId": f"eu-west-1:{who}"}
        secrets = {
            "AccessKeyId": f"AKIA{len(self.requests)}",
            "SecretKey": "secret key",
            "SessionToken": "session token",
        }
        return {
            "IdentityId": self.becomes or body["IdentityId"],
            "Credentials": {**secrets, "Expiration": self.clock() + HOUR},
        }

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def identities(clock: Clock) -> IdentityService:
    return IdentityService(clock)


@pytest.fixture
def pool(identities: IdentityService, clock: Clock) -> IdentityPool:
    return IdentityPool(POOL_ID, transport=identities, clock=clock)


@pytest.fixture
def session(service: TokenService, clock: Clock) -> Session:
    id_token = jwt(sub=SUBJECT, iss=f"https://{PROVIDER}", exp=4_102_444_800)
    access_token = jwt(sub=SUBJECT, username=USER, exp=4_102_444_800)
    return Session(
        POOL, Tokens.read(access_token, id_token, "refresh-0"), transport=service, clock=clock
    )


async def test_credentials_of_a_user(
    pool: IdentityPool, identities: IdentityService, session: Session, clock: Clock
) -> None:
    credentials = await pool.credentials(session)
    id_token = session.tokens.id_token
    assert id_token is not None
    logins = {PROVIDER: id_token.text.get_secret_value()}
    assert identities.requests == [
        ("GetId", {"IdentityPoolId": POOL_ID, "Logins": logins}),
        ("GetCredentialsForIdentity", {"IdentityId": "eu-west-1:user", "Logins": logins}),
    ]
    assert credentials.access_key_id == "AKIA2"
    assert credentials.secret_access_key.get_secret_value() == "secret key"
    assert credentials.session_token.get_secret_value() == "session token"
    assert credentials.expires_at == datetime.fromtimestamp(clock() + HOUR, UTC)
    assert "secret key" not in repr(credentials)


async def test_they_are_kept_until_shortly_before_their_end(
    pool: IdentityPool, identities: IdentityService, session: Session, clock: Clock
) -> None:
    first = await pool.credentials(session)
    clock.now += HOUR - 15 * 60 - 1
    assert await pool.credentials(session) is first
    clock.now += 1
    second = await pool.credentials(session)
    assert second.access_key_id != first.access_key_id
    assert [operation for operation, _ in identities.requests][2:] == [
        "GetCredentialsForIdentity"
    ], "the id is known"


async def test_an_identity_may_become_another_one(
    pool: IdentityPool, identities: IdentityService, clock: Clock
) -> None:
    """The service joins two identities if their user turns out to be the same."""
    identities.becomes = "eu-west-1:joined"
    assert (await pool.credentials()).identity_id == "eu-west-1:joined"
    clock.now += HOUR
    await pool.credentials()
    assert identities.requests[-1] == (
        "GetCredentialsForIdentity",
        {"IdentityId": "eu-west-1:joined"},
    )


async def test_an_identity_without_an_id_is_malformed(identities: IdentityService) -> None:
    class Nameless(IdentityService):
        async def call(self, operation: str, body: Any) -> Json:
            return {"IdentityId": ""}

    with pytest.raises(MalformedResponse, match="IdentityId") as caught:
        await IdentityPool(POOL_ID, transport=Nameless(identities.clock)).credentials()
    assert caught.value.operation == "GetId"


async def test_guest_and_users_are_kept_apart(
    pool: IdentityPool, identities: IdentityService, session: Session
) -> None:
    guest, user = await pool.credentials(), await pool.credentials(session)
    assert (guest.identity_id, user.identity_id) == ("eu-west-1:guest", "eu-west-1:user")
    assert identities.requests[0] == ("GetId", {"IdentityPoolId": POOL_ID})
    assert await pool.credentials() is guest
    assert await pool.credentials(session) is user


async def test_many_ask_at_once(
    pool: IdentityPool, identities: IdentityService, session: Session
) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(pool.credentials, session)
    assert len(identities.requests) == 2


async def test_who_has_signed_out_gets_none_of_them(pool: IdentityPool, session: Session) -> None:
    await pool.credentials(session)
    await session.sign_out()
    with pytest.raises(NotSignedIn):
        await pool.credentials(session)


async def test_without_an_id_token_there_are_none(
    pool: IdentityPool, service: TokenService, clock: Clock
) -> None:
    bare = Session(
        POOL, Tokens.read(service.tokens().access_token.text), transport=service, clock=clock
    )
    with pytest.raises(NotSignedIn, match="id token"):
        await pool.credentials(bare)
    assert bare.active


async def test_a_refusal_leaves_the_session_alone(
    pool: IdentityPool, identities: IdentityService, session: Session
) -> None:
    identities.failures.append(NotAuthorizedException("No.", operation="GetId"))
    with pytest.raises(NotAuthorizedException):
        await pool.credentials(session)
    assert session.active
    await session.fetch_user_attributes()
    await pool.credentials(session)


async def test_a_deleted_identity_is_replaced(
    pool: IdentityPool, identities: IdentityService, clock: Clock
) -> None:
    await pool.credentials()
    clock.now += HOUR
    identities.failures.append(
        ResourceNotFoundException("No.", operation="GetCredentialsForIdentity")
    )
    with pytest.raises(ResourceNotFoundException):
        await pool.credentials()
    await pool.credentials()
    assert [operation for operation, _ in identities.requests][-2:] == [
        "GetId",
        "GetCredentialsForIdentity",
    ]


async def test_a_transport_of_the_callers_stays_open(
    pool: IdentityPool, identities: IdentityService
) -> None:
    await pool.credentials()
    await pool.aclose()
    assert not identities.closed


async def test_a_transport_of_its_own_is_opened_and_closed(clock: Clock) -> None:
    keys = {"AccessKeyId": "A", "SecretKey": "B", "SessionToken": "C", "Expiration": clock() + 1}
    reply = {"IdentityId": "eu-west-1:guest", "Credentials": keys}
    async with fault_server(say(reply)) as server:
        pool = IdentityPool(POOL_ID, endpoint=server.url, clock=clock)
        await pool.aclose()
        for number in (1, 2):
            await pool.credentials()
            assert server.connections == number
            await pool.aclose()
            await server.closed()
    assert [request.headers["x-amz-target"] for request in server.requests] == [
        "AWSCognitoIdentityService.GetId",
        *["AWSCognitoIdentityService.GetCredentialsForIdentity"] * 2,
    ]


async def test_its_own_transport_leads_to_the_region_of_the_pool(
    identities: IdentityService, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []

    def transport(url: str, **_: object) -> IdentityService:
        opened.append(url)
        return identities

    monkeypatch.setattr("auth_flow.transports._cognito.CognitoTransport", transport)
    await IdentityPool(POOL_ID).credentials()
    assert opened == ["https://cognito-identity.eu-west-1.amazonaws.com"]


async def test_on_the_wire() -> None:
    """The identity service speaks the same protocol under a name of its own."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(
            400, json={"__type": "NotAuthorizedException", "message": "No guests."}
        )

    transport = CognitoTransport(
        "https://identity.example/",
        client=httpx.MockTransport(answer),
        target="AWSCognitoIdentityService",
    )
    with pytest.raises(NotAuthorizedException):
        await IdentityPool(POOL_ID, transport=transport).credentials()
    assert seen[0].headers["x-amz-target"] == "AWSCognitoIdentityService.GetId"


# For botocore


async def test_botocore_takes_the_credentials(
    pool: IdentityPool, session: Session, clock: Clock
) -> None:
    clock.now = time.time()  # botocore looks at the clock on the wall
    aws = botocore.session.Session()
    aws.get_component("credential_provider").providers.insert(
        0, IdentityPoolProvider(pool, session)
    )

    def read() -> tuple[str, str, str, str]:
        credentials = aws.get_credentials()
        frozen = credentials.get_frozen_credentials()
        return credentials.method, frozen.access_key, frozen.secret_key, frozen.token

    expected = ("auth-flow", "AKIA2", "secret key", "session token")
    assert await anyio.to_thread.run_sync(read) == expected
    provider = aws.get_component("credential_provider").get_provider("auth-flow")
    assert provider.CANONICAL_NAME == "custom-auth-flow", "as botocore wants it of others"


async def test_botocore_fetches_credentials_again_before_they_expire(
    pool: IdentityPool, session: Session, clock: Clock
) -> None:
    clock.now = time.time() - HOUR + 300
    provider = IdentityPoolProvider(pool, session)

    def read() -> str:
        credentials = provider.load()
        clock.now += HOUR
        return credentials.get_frozen_credentials().access_key

    assert await anyio.to_thread.run_sync(read) == "AKIA3"


async def test_metadata_names_what_botocore_reads(
    pool: IdentityPool, session: Session, clock: Clock
) -> None:
    credentials: Credentials = await pool.credentials(session)
    metadata = await credential_metadata(pool, session)
    assert metadata == {
        "access_key": "AKIA2",
        "secret_key": "secret key",
        "token": "session token",
        "expiry_time": credentials.expires_at.isoformat(),
    }
