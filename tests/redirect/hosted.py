"""The pool's domain, played: it hands out codes, and answers the token endpoint and the keys."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from anyio.lowlevel import checkpoint

from auth_flow import UserPool
from auth_flow.transports import Fetched

from .provider import CLIENT_ID, JWKS, access_token, id_token

POOL = UserPool(user_pool_id="eu-west-1_Abc123", client_id=CLIENT_ID, domain="login.example.com")
CALLBACK = "http://localhost:3000/cb"
TOKEN_URL = "https://login.example.com/oauth2/token"
KEYS_URL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123/.well-known/jwks.json"


class Request(NamedTuple):
    method: str
    url: str
    headers: Mapping[str, str]
    form: dict[str, str]


class Hosted:
    """A transport whose `fetch` is the domain. `answers` replaces what a URL answers with."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: dict[str, Fetched | BaseException | Callable[[], Fetched]] = {}
        self.claims: dict[str, Any] = {}
        self.access_claims: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self.at_await: Callable[[int], None] = lambda number: None
        """Called before each await, with its number."""
        self._awaits = 0
        self._codes: dict[str, dict[str, str]] = {}

    def visit(self, url: str, code: str = "code-1") -> str:
        """Sign in on the page, and return the URL that the browser is sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self._codes[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        return f"{query['redirect_uri']}?{back}"

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        raise AssertionError(f"unexpected request: {operation}")

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b""
    ) -> Fetched:
        await self._await()
        form = {name: values[0] for name, values in parse_qs(content.decode()).items()}
        self.requests.append(Request(method, url, headers, form))
        answer = self.answers.get(url)
        if isinstance(answer, BaseException):
            raise answer
        await self._await()
        if callable(answer):
            return answer()
        if answer is not None:
            return answer
        return self._keys() if url == KEYS_URL else self._redeem(form)

    async def _await(self) -> None:
        self._awaits += 1
        self.at_await(self._awaits)
        await checkpoint()

    def posts(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]

    async def aclose(self) -> None:
        raise AssertionError("a flow does not close a transport that is not its own")

    def _keys(self) -> Fetched:
        return Fetched(200, json.dumps(JWKS).encode())

    def _redeem(self, form: dict[str, str]) -> Fetched:
        query = self._codes.pop(form["code"], None)
        if query is None:
            return Fetched(400, b'{"error": "invalid_grant"}')
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert query["code_challenge"] == challenge
        assert query["redirect_uri"] == form["redirect_uri"]
        access = access_token(**self.access_claims)
        tokens = {
            "access_token": access,
            "refresh_token": "refresh-1",
            "expires_in": 3600,
            "token_type": "Bearer",
            **self.tokens,
        }
        if "openid" in query.get("scope", "").split():
            tokens["id_token"] = id_token(access, **{"nonce": query["nonce"], **self.claims})
        return Fetched(200, json.dumps(tokens).encode())
