from __future__ import annotations

import base64
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth_flow import UserPool
from auth_flow.errors import ConnectionLost, InvalidToken, MalformedResponse, MissingExtra
from auth_flow.verification._verifier import COOLDOWN, TokenVerifier
from tests.flow.scripted import POOL, SUBJECT, Clock

pytestmark = pytest.mark.anyio

ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"
KEYS = {name: rsa.generate_private_key(65537, 2048) for name in ("one", "two")}


class KeyServer:
    """Serves the public keys, over httpx."""

    def __init__(self) -> None:
        self.key_ids = ["one"]
        self.requests: list[str] = []
        self.answer: httpx.Response | httpx.HTTPError | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(str(request.url))
        if isinstance(self.answer, httpx.HTTPError):
            raise self.answer
        return self.answer or httpx.Response(
            200, json={"keys": [self.jwk(name) for name in self.key_ids]}
        )

    def jwk(self, name: str) -> dict[str, Any]:
        public: dict[str, Any] = json.loads(
            pyjwt.algorithms.RSAAlgorithm.to_jwk(KEYS[name].public_key())
        )
        return {**public, "kid": name, "use": "sig", "alg": "RS256"}


@pytest.fixture
def keys() -> KeyServer:
    return KeyServer()


@pytest.fixture
async def client(keys: KeyServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(keys)) as client:
        yield client


@pytest.fixture
def verifier(client: httpx.AsyncClient, clock: Clock) -> TokenVerifier:
    return TokenVerifier(POOL, client=client, clock=clock)


def token(key: str = "one", kid: str | None = None, **claims: Any) -> str:
    given = {
        "sub": SUBJECT,
        "iss": ISSUER,
        "token_use": "access",
        "client_id": POOL.client_id,
        "exp": int(Clock.now) + 3600,
        "username": "ada",
        **claims,
    }
    present = {name: value for name, value in given.items() if value is not None}
    return pyjwt.encode(present, KEYS[key], "RS256", {"kid": kid or key})


async def test_a_good_token_gives_its_claims(verifier: TokenVerifier, keys: KeyServer) -> None:
    claims = await verifier.verify(token())
    assert (claims.subject, claims.username) == (SUBJECT, "ada")
    assert keys.requests == [f"{ISSUER}/.well-known/jwks.json"]


async def test_an_id_token_names_its_client_otherwise(verifier: TokenVerifier) -> None:
    text = token(token_use="id", aud=POOL.client_id, client_id=None)
    assert (await verifier.verify(text, "id")).subject == SUBJECT
    with pytest.raises(InvalidToken, match="no access token"):
        await verifier.verify(text)


@pytest.mark.parametrize(
    ("claims", "complaint"),
    [
        ({"iss": ISSUER.replace("Abc123", "Abc124")}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"client_id": "another"}, "client"),
        ({"client_id": None}, "client"),
        ({"token_use": "id"}, "no access token"),
        ({"exp": int(Clock.now) - 31}, "expired"),
        ({"exp": None}, "expired"),
        ({"sub": None}, "subject"),
    ],
)
async def test_claims_that_do_not_fit(
    verifier: TokenVerifier, claims: dict[str, Any], complaint: str
) -> None:
    with pytest.raises((InvalidToken, MalformedResponse), match=complaint):
        await verifier.verify(token(**claims))


def tampered(text: str) -> str:
    head, payload, signature = text.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    other = (
        base64.urlsafe_b64encode(json.dumps({**claims, "sub": "somebody else"}).encode())
        .rstrip(b"=")
        .decode()
    )
    return f"{head}.{other}.{signature}"


@pytest.mark.parametrize(
    "text",
    [
        tampered(token()),
        token("two", kid="one"),
        pyjwt.encode({"sub": SUBJECT}, "x" * 32, "HS256", {"kid": "one"}),
        pyjwt.encode({"sub": SUBJECT}, "", "none", {"kid": "one"}),
        token().rsplit(".", 1)[0] + ".",
        "",
        "no token",
        "a.b.c",
    ],
)
async def test_signatures_that_are_not_the_pools(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(text)


async def test_a_new_key_is_looked_for_but_not_all_the_time(
    verifier: TokenVerifier, keys: KeyServer, clock: Clock
) -> None:
    await verifier.verify(token())
    keys.key_ids = ["one", "two"]
    for _ in range(3):
        with pytest.raises(InvalidToken):
            await verifier.verify(token("two"))
    assert len(keys.requests) == 1
    clock.now += COOLDOWN
    await verifier.verify(token("two"))
    await verifier.verify(token())
    assert len(keys.requests) == 2


async def test_many_ask_and_one_fetches(verifier: TokenVerifier, keys: KeyServer) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(verifier.verify, token())
    assert len(keys.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503), MalformedResponse),
        (httpx.Response(200, text="<html>"), MalformedResponse),
        (httpx.Response(200, json={"keys": [{"kty": "RSA", "kid": "one"}]}), MalformedResponse),
        (httpx.Response(200, json=[]), MalformedResponse),
        (httpx.ConnectError("no"), ConnectionLost),
    ],
)
async def test_keys_that_cannot_be_had_are_no_verdict(
    verifier: TokenVerifier,
    keys: KeyServer,
    answer: httpx.Response | httpx.HTTPError,
    error: type[Exception],
) -> None:
    keys.answer = answer
    with pytest.raises(error):
        await verifier.verify(token())
    keys.answer = None
    await verifier.verify(token())


async def test_an_endpoint_has_the_keys_of_its_pool(
    client: httpx.AsyncClient, keys: KeyServer, clock: Clock
) -> None:
    local = UserPool(
        user_pool_id=POOL.user_pool_id, client_id=POOL.client_id, endpoint="http://127.0.0.1:9000/"
    )
    await TokenVerifier(local, client=client, clock=clock).verify(token())
    assert keys.requests == ["http://127.0.0.1:9000/eu-west-1_Abc123/.well-known/jwks.json"]


@pytest.fixture
def no_joserfc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "joserfc", None)


@pytest.mark.usefixtures("no_joserfc")
async def test_without_the_extra_it_says_which_one(verifier: TokenVerifier) -> None:
    with pytest.raises(MissingExtra, match=r"auth-flow\[jwt\]"):
        await verifier.verify(token())
