from __future__ import annotations

import base64
import contextlib
import json
import random
import sys
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import jwt as pyjwt
import pytest
from anyio.abc import ByteStream
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from auth_flow import UserPool
from auth_flow.errors import (
    ConnectFailed,
    InvalidToken,
    MalformedResponse,
    MissingExtra,
    TransportError,
)
from auth_flow.verification import TokenVerifier
from tests.flow.scripted import POOL, SUBJECT, Clock
from tests.transports.faults import fault_server, http

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
        assert (request.method, request.headers["accept"]) == ("GET", "application/json")
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


NAMELESS = {name: value for name, value in KeyServer().jwk("one").items() if name != "kid"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


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


def signed(header: object, payload: object = None, key: str = "one") -> str:
    """A token with any JSON as its header, and a signature that fits."""
    claims: dict[str, Any] = {
        "sub": SUBJECT,
        "iss": ISSUER,
        "token_use": "access",
        "client_id": POOL.client_id,
        "exp": int(Clock.now) + 3600,
    }
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in (header, claims if payload is None else payload)
    ]
    text = b".".join(parts)
    signature = KEYS[key].sign(text, padding.PKCS1v15(), hashes.SHA256())
    return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


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
    return signed({"alg": "RS256", "kid": kid or key}, present, key)


def assert_alone(error: BaseException) -> None:
    """A report of the error shows no other one, whose message might hold a part of the token."""
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


async def test_a_good_token_gives_its_claims(verifier: TokenVerifier, keys: KeyServer) -> None:
    claims = await verifier.verify(token())
    assert (claims.subject, claims.username) == (SUBJECT, "ada")
    assert keys.requests == [f"{ISSUER}/.well-known/jwks.json"]


async def test_an_id_token_names_its_client_otherwise(verifier: TokenVerifier) -> None:
    text = token(token_use="id", aud=POOL.client_id, client_id=None)
    assert (await verifier.verify(text, "id")).subject == SUBJECT
    with pytest.raises(InvalidToken, match="not an access token"):
        await verifier.verify(text)
    for either in (text, token()):
        assert (await verifier.verify(either, None)).subject == SUBJECT
    with pytest.raises(InvalidToken, match="not an access or id token"):
        await verifier.verify(token(token_use="refresh"), None)


@pytest.mark.parametrize(
    ("claims", "complaint"),
    [
        ({"iss": ISSUER.replace("Abc123", "Abc124")}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"client_id": "another"}, "client"),
        ({"client_id": None}, "client"),
        ({"token_use": "id"}, "not an access token"),
        ({"exp": int(Clock.now) - 31}, "expired"),
        ({"exp": None}, "expired"),
        ({"sub": None}, "subject"),
    ],
)
async def test_claims_that_do_not_fit(
    verifier: TokenVerifier, claims: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(InvalidToken, match=complaint) as caught:
        await verifier.verify(token(**claims))
    assert_alone(caught.value)


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
        *(signed({"alg": "RS256", "kid": kid}) for kid in ("", "\ud800")),
    ],
)
async def test_signatures_that_are_not_the_pools(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        await verifier.verify(text)
    assert_alone(caught.value)


async def test_keys_that_are_no_rsa_keys_are_left_out(
    verifier: TokenVerifier, keys: KeyServer
) -> None:
    curve = {"kty": "EC", "kid": "curve", "crv": "P-256", "x": "AQ", "y": "AQ"}
    disguised = {**keys.jwk("two"), "kty": "EC"}
    served = [curve, disguised, {"kty": "RSA", "kid": "damaged"}, keys.jwk("one")]
    keys.answer = httpx.Response(200, json={"keys": served})
    assert (await verifier.verify(token())).subject == SUBJECT
    for kid in ("curve", "two", "damaged"):
        with pytest.raises(InvalidToken, match="not signed with a key of the pool"):
            await verifier.verify(token("two", kid=kid))


async def test_a_new_key_is_looked_for_but_not_all_the_time(
    verifier: TokenVerifier, keys: KeyServer, clock: Clock
) -> None:
    await verifier.verify(token())
    keys.key_ids = ["one", "two"]
    for _ in range(3):
        with pytest.raises(InvalidToken):
            await verifier.verify(token("two"))
        clock.now += 19.5
    assert len(keys.requests) == 1
    clock.now += 1.5
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
        (httpx.ConnectError("no"), ConnectFailed),
        (httpx.ReadError("no"), TransportError),
        (httpx.Response(200, json={"keys": []}), MalformedResponse),
        (httpx.Response(200, json={"keys": 5}), MalformedResponse),
        (httpx.Response(200, json={"keys": [5]}), MalformedResponse),
        (
            httpx.Response(200, json={"keys": [NAMELESS]}),
            MalformedResponse,
        ),
        (httpx.Response(200, text="[" * 100_000), MalformedResponse),
    ],
)
async def test_keys_that_cannot_be_had_are_no_verdict(
    verifier: TokenVerifier,
    keys: KeyServer,
    clock: Clock,
    answer: httpx.Response | httpx.HTTPError,
    error: type[Exception],
) -> None:
    keys.answer = answer
    for number in range(200):
        with pytest.raises(error) as caught:
            await verifier.verify(token("one", kid=f"made-up-{number}"))
        if isinstance(caught.value, MalformedResponse):
            assert caught.value.operation == "jwks.json"
            assert_alone(caught.value)
    assert len(keys.requests) == 1
    keys.answer = None
    clock.now += 4.5
    with pytest.raises(error):
        await verifier.verify(token())
    clock.now += 0.5
    await verifier.verify(token())
    with pytest.raises(InvalidToken, match="not signed with a key of the pool"):
        await verifier.verify(token("two"))  # the failure is forgotten
    clock.now -= 86400
    with pytest.raises(InvalidToken):
        await verifier.verify(token("two"))
    assert len(keys.requests) == 3, "a clock that was set back holds nothing up"


@pytest.mark.parametrize(
    ("answer", "complaint", "retryable"),
    [
        (httpx.Response(200, text="<html>"), "the answer is not JSON", False),
        (httpx.Response(200, json={"keys": []}), "there is no RSA key", False),
        (httpx.Response(404, json={"keys": []}), "status 404", False),
        (httpx.Response(500, json={"keys": []}), "status 500", True),
    ],
)
async def test_an_answer_without_keys_says_what_it_is(
    verifier: TokenVerifier,
    keys: KeyServer,
    answer: httpx.Response,
    complaint: str,
    retryable: bool,
) -> None:
    keys.answer = answer
    with pytest.raises(MalformedResponse, match=complaint) as caught:
        await verifier.verify(token())
    assert caught.value.retryable == retryable
    assert caught.value.status == (None if answer.is_success else answer.status_code)


async def test_an_endpoint_has_the_keys_of_its_pool(
    client: httpx.AsyncClient, keys: KeyServer, clock: Clock
) -> None:
    local = UserPool(
        user_pool_id=POOL.user_pool_id, client_id=POOL.client_id, endpoint="http://127.0.0.1:9000/"
    )
    await TokenVerifier(local, client=client, clock=clock).verify(token())
    assert keys.requests == ["http://127.0.0.1:9000/eu-west-1_Abc123/.well-known/jwks.json"]


async def test_without_a_client_no_connection_stays_open(keys: KeyServer, clock: Clock) -> None:
    closed = anyio.Event()

    async def answer(stream: ByteStream) -> None:
        await stream.send(http(json.dumps({"keys": [keys.jwk("one")]}).encode()))
        with contextlib.suppress(anyio.EndOfStream):
            await stream.receive()
        closed.set()

    async with fault_server(answer) as server:
        local = POOL.model_copy(update={"endpoint": server.url})
        await TokenVerifier(local, clock=clock).verify(token())
        with anyio.fail_after(10):
            await closed.wait()


GOOD = {"alg": "RS256", "kid": "one"}


@pytest.mark.parametrize(
    "header",
    [
        *({**GOOD, "kid": value} for value in (["one"], {"one": 1}, None, 5, True)),
        *({**GOOD, "crit": value} for value in (5, True, None, [], ["exp"], ["b64"], {})),
        *({**GOOD, "alg": value} for value in ("none", "HS256", "ES256", None, 5, ["RS256"])),
        {**GOOD, "b64": False},
        {},
        [],
        None,
        5,
        "text",
    ],
    ids=str,
)
async def test_headers_that_cannot_be_used(
    verifier: TokenVerifier, keys: KeyServer, header: object
) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(signed(header))
    assert not keys.requests, "no key makes up for such a header"
    await verifier.verify(signed(GOOD))
    with pytest.raises(InvalidToken):
        await verifier.verify(signed(header))


async def test_a_header_is_url_safe_base64_and_nothing_else(
    verifier: TokenVerifier, keys: KeyServer
) -> None:
    text = signed({**GOOD, "typ": "~~~???"})
    with pytest.raises(InvalidToken, match="not a signed token"):
        await verifier.verify("!!!!" + text)
    assert not keys.requests
    assert {"-", "_"} < set(text.split(".")[0])
    assert (await verifier.verify(text)).subject == SUBJECT


async def test_a_token_is_at_most_65536_characters_long(
    verifier: TokenVerifier, keys: KeyServer
) -> None:
    longest = token(surplus="x" * 48_645)
    assert len(longest) == 1 << 16
    assert (await verifier.verify(longest)).subject == SUBJECT
    with pytest.raises(InvalidToken, match="not a signed token"):
        await verifier.verify(longest + "x")


@pytest.mark.parametrize(
    "claims",
    [
        {"client_id": ["1example"]},
        {"client_id": {"1example": 1}},
        {"token_use": "id", "aud": [POOL.client_id, "another"]},
        {"token_use": "id", "aud": 5},
        {"token_use": ["access"]},
        {"iss": [ISSUER]},
        {"iss": {}},
        {"exp": "soon"},
        {"exp": -(10**400)},
        {"exp": True},
        {"sub": 5},
        {"nbf": int(Clock.now) + 31},
    ],
    ids=str,
)
@pytest.mark.parametrize("use", ["access", "id", None])
async def test_claims_of_another_type(
    verifier: TokenVerifier, claims: dict[str, Any], use: Any
) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(token(**claims), use)


async def test_a_token_that_never_expires_is_good(verifier: TokenVerifier) -> None:
    assert (await verifier.verify(token(exp=10**400))).subject == SUBJECT


async def test_a_thousand_mutations_give_nothing_but_invalid_token(
    verifier: TokenVerifier,
) -> None:
    good = token()
    assert await verifier.verify(good)
    dice = random.Random(16)
    alphabet = 'abcXYZ019-_.=+/ {}[]"\u00e9\U0001f600\ud800\0\n'
    for _ in range(1000):
        letters = list(good)
        for _ in range(dice.randrange(1, 6)):
            place = dice.randrange(len(letters))
            match dice.randrange(3):
                case 0:
                    letters[place] = dice.choice(alphabet)
                case 1:
                    letters.insert(place, dice.choice(alphabet))
                case _:
                    del letters[place : place + dice.randrange(1, 40)]
        text = "".join(letters)
        try:
            claims = await verifier.verify(text)
        except InvalidToken:
            continue
        assert text == good
        assert claims.subject == SUBJECT


JSON_VALUES: list[object] = [None, True, 5, -1, 1e308, 10**400, "", "x" * 5000, "\ud800", [], {}]


async def test_signed_tokens_with_any_json_give_claims_or_invalid_token(
    verifier: TokenVerifier,
) -> None:
    """The pool's triggers choose most claims, and nothing they can choose is an error of ours."""
    dice = random.Random(17)
    names = ["sub", "iss", "token_use", "client_id", "exp", "nbf", "iat", "aud", "username"]
    names += ["cognito:groups", "scope", "acr", "amr", "auth_time", "origin_jti"]
    for _ in range(300):
        claims: dict[str, object] = {
            "sub": SUBJECT,
            "iss": ISSUER,
            "token_use": "access",
            "client_id": POOL.client_id,
            "exp": int(Clock.now) + 3600,
        }
        for name in dice.sample(names, dice.randrange(1, 4)):
            claims[name] = dice.choice([*JSON_VALUES, [dice.choice(JSON_VALUES)]])
        try:
            await verifier.verify(signed(GOOD, claims), groups=dice.choice(["", "admins"]))
        except InvalidToken:
            continue


# Several issuers, pools and clients


async def test_both_issuers_of_a_pool(verifier: TokenVerifier, keys: KeyServer) -> None:
    newer = ISSUER.replace("cognito-idp", "issuer-cognito-idp", 1)
    await verifier.verify(token())
    await verifier.verify(token(iss=newer))
    assert keys.requests == [f"{name}/.well-known/jwks.json" for name in (ISSUER, newer)]


async def test_an_endpoint_without_a_region(
    client: httpx.AsyncClient, keys: KeyServer, clock: Clock
) -> None:
    local = UserPool(user_pool_id="local_Abc", client_id="c", endpoint="http://localhost:9229")
    verifier = TokenVerifier(local, client=client, clock=clock)
    claims = await verifier.verify(token(iss="http://localhost:9229/local_Abc", client_id="c"))
    assert claims.subject == SUBJECT
    assert keys.requests == ["http://localhost:9229/local_Abc/.well-known/jwks.json"]
    with pytest.raises(ValueError, match="region"):
        TokenVerifier(UserPool(user_pool_id="local_Abc", client_id="c"))


@pytest.mark.parametrize("jwks_url", [None, "https://keys.example/set"])
async def test_another_issuer_in_place_of_the_pools(
    client: httpx.AsyncClient, keys: KeyServer, clock: Clock, jwks_url: str | None
) -> None:
    issuer = "https://issuer.example"
    verifier = TokenVerifier(POOL, issuer=issuer, jwks_url=jwks_url, client=client, clock=clock)
    assert (await verifier.verify(token(iss=issuer))).subject == SUBJECT
    assert keys.requests == [jwks_url or f"{issuer}/.well-known/jwks.json"]
    with pytest.raises(InvalidToken, match="issuer"):
        await verifier.verify(token())


async def test_several_pools_with_clients_of_their_own(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    other = UserPool(user_pool_id="eu-west-1_Other", client_id="other")
    verifier = TokenVerifier(POOL, other, client=client, clock=clock)
    elsewhere = ISSUER.replace("Abc123", "Other")
    await verifier.verify(token())
    await verifier.verify(token(iss=elsewhere, client_id="other"))
    with pytest.raises(InvalidToken, match="client"):
        await verifier.verify(token(iss=elsewhere))
    for single in ({"issuer": ISSUER}, {"jwks_url": ISSUER}, {"jwks": {"keys": []}}):
        with pytest.raises(ValueError, match="exactly one"):
            TokenVerifier(POOL, other, **single)  # type: ignore[arg-type]  # each by its name
    with pytest.raises(ValueError, match="Give a pool"):
        TokenVerifier()


async def test_several_clients_of_one_pool(client: httpx.AsyncClient, clock: Clock) -> None:
    second = POOL.model_copy(update={"client_id": "second"})
    for verifier in (
        TokenVerifier(POOL, second, client=client, clock=clock),
        TokenVerifier(POOL, client_ids=[POOL.client_id, "second"], client=client, clock=clock),
        TokenVerifier(POOL, any_client=True, client=client, clock=clock),
    ):
        await verifier.verify(token())
        await verifier.verify(token(client_id="second"))
    only = TokenVerifier(POOL, client_ids="second", client=client, clock=clock)
    with pytest.raises(InvalidToken):
        await only.verify(token())


async def test_keys_that_the_caller_brings(keys: KeyServer, client: httpx.AsyncClient) -> None:
    jwks = {"keys": [keys.jwk("one"), {"kty": "EC", "kid": "x"}, {"kty": "RSA", "kid": "y"}]}
    verifier = TokenVerifier(POOL, jwks=jwks, client=client, clock=Clock())
    await verifier.verify(token())
    assert keys.requests == []


async def test_keys_that_are_fetched_beforehand(verifier: TokenVerifier, keys: KeyServer) -> None:
    await verifier.fetch_keys()
    before = len(keys.requests)
    await verifier.verify(token())
    assert len(keys.requests) == before


@pytest.mark.parametrize(
    ("claims", "wanted", "reason"),
    [
        ({"cognito:groups": ["staff", "admins"]}, {"groups": "admins"}, None),
        ({"cognito:groups": ["staff"]}, {"groups": ["admins", "owners"]}, "group"),
        ({}, {"groups": ["admins"]}, "group"),
        ({"scope": "openid orders/read"}, {"scopes": ["orders/read", "orders/write"]}, None),
        ({"scope": "openid orders/reader"}, {"scopes": "orders/read"}, "scope"),
        ({"aud": "https://api.example.org"}, {}, None),
        ({"aud": "https://api.example.org"}, {"audience": "https://api.example.org"}, None),
        ({"aud": "https://api.example.com"}, {"audience": "https://api.example.org"}, "audience"),
        ({"exp": int(Clock.now) - 30}, {}, "expired"),
        ({"exp": int(Clock.now) - 29}, {}, None),
        ({"nbf": int(Clock.now) + 31}, {}, "not_yet_valid"),
        ({"nbf": int(Clock.now) + 30}, {}, None),
        ({"iss": "x"}, {}, "issuer"),
        ({"client_id": "x"}, {}, "client"),
    ],
    ids=str,
)
async def test_what_may_be_demanded(
    verifier: TokenVerifier, claims: dict[str, Any], wanted: dict[str, Any], reason: str | None
) -> None:
    if reason is None:
        await verifier.verify(token(**claims), **wanted)
    else:
        with pytest.raises(InvalidToken) as raised:
            await verifier.verify(token(**claims), **wanted)
        assert raised.value.reason == reason


@pytest.fixture
def no_joserfc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "joserfc", None)


@pytest.mark.usefixtures("no_joserfc")
async def test_without_the_extra_it_says_which_one(
    verifier: TokenVerifier, keys: KeyServer, clock: Clock
) -> None:
    with pytest.raises(MissingExtra, match=r"auth-flow\[jwt\]") as caught:
        await verifier.verify(token())
    assert_alone(caught.value)
    with pytest.raises(MissingExtra, match=r"auth-flow\[jwt\]"):
        await verifier.fetch_keys()
    assert not keys.requests
    with pytest.raises(MissingExtra, match=r"auth-flow\[jwt\]"):
        TokenVerifier(POOL, jwks={"keys": [keys.jwk("one")]}, clock=clock)
