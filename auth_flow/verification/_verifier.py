"""Whether a token is what it says: its signature, its issuer, its client and its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr

from auth_flow._user_pool import UserPool
from auth_flow.errors import ConnectionLost, InvalidToken, MalformedResponse, MissingExtra
from auth_flow.session._single_flight import SingleFlight
from auth_flow.states._base import reveal
from auth_flow.states._claims import Claims
from auth_flow.transports._endpoints import endpoint_for

if TYPE_CHECKING:
    import httpx
    from joserfc.jwk import RSAKey

_OPERATION = "jwks.json"

COOLDOWN = 60.0
"""Seconds between two fetches of the keys: tokens with made-up key ids must not become requests."""


class TokenVerifier:
    """Verifies access and id tokens of a user pool, offline but for the fetching of its keys.

    ::

        verifier = TokenVerifier(pool)
        claims = await verifier.verify(text)

    Tokens of `client_ids` are accepted: by default those of the pool's own app client. `issuer` is
    what `iss` has to be, and `jwks_url` where the keys are; both follow from the pool. `client`
    fetches them, one of its own by default. The keys are kept, and fetched again when a token names
    one that is not among them. `clock` tells seconds since the epoch, and may be `leeway` seconds
    off.
    """

    def __init__(
        self,
        pool: UserPool,
        *,
        client_ids: Collection[str] | None = None,
        issuer: str | None = None,
        jwks_url: str | None = None,
        client: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.time,
        leeway: float = 30.0,
    ) -> None:
        self._client_ids = frozenset(client_ids or {pool.client_id})
        self._issuer = issuer or f"{endpoint_for(pool.user_pool_id)}/{pool.user_pool_id}"
        base = f"{pool.endpoint.rstrip('/')}/{pool.user_pool_id}" if pool.endpoint else self._issuer
        self._keys = _Keys(jwks_url or f"{base}/.well-known/jwks.json", client, clock)
        self._clock, self._leeway = clock, leeway

    async def verify(
        self, token: SecretStr | str, use: Literal["access", "id"] = "access"
    ) -> Claims:
        """Return the claims of a token that is good; raise `InvalidToken` where it is not.

        Raises `TransportError` or `MalformedResponse` where the keys cannot be had.
        """
        claims = await self._signed(reveal(token))
        client = claims.get("client_id") if use == "access" else claims.get("aud")
        if claims.get("iss") != self._issuer:
            raise InvalidToken("The token is of another issuer.")
        if claims.get("token_use") != use:
            raise InvalidToken(f"The token is no {use} token.")
        if client not in self._client_ids:
            raise InvalidToken("The token is for another client.")
        read = Claims.of(SecretStr(reveal(token)), "verify")
        if read.expires_at is None or read.expires_at + self._leeway <= self._clock():
            raise InvalidToken("The token has expired.")
        return read

    async def _signed(self, text: str) -> dict[str, Any]:
        try:
            from joserfc import errors, jws, jwt
        except ImportError:
            raise MissingExtra("Verifying tokens", "jwt") from None
        try:
            key_id = jws.extract_compact(text.encode()).headers().get("kid", "")
            return jwt.decode(text, await self._keys.get(key_id), algorithms=["RS256"]).claims
        except (errors.JoseError, ValueError):
            raise InvalidToken("The token is not signed by the pool.") from None


class _Keys:
    """The pool's public keys, by key id."""

    def __init__(
        self, url: str, client: httpx.AsyncClient | None, clock: Callable[[], float]
    ) -> None:
        self._url, self._client, self._clock = url, client, clock
        self._keys: dict[str, RSAKey] = {}
        self._fetched_at: float | None = None
        self._fetching = SingleFlight[None]()

    async def get(self, key_id: str) -> RSAKey:
        """Return a key. The keys are fetched again where it is not among them, but not within
        `COOLDOWN` of the last time.
        """
        if key_id not in self._keys and (
            self._fetched_at is None or self._clock() >= self._fetched_at + COOLDOWN
        ):
            await self._fetching.run(self._fetch)
        try:
            return self._keys[key_id]
        except KeyError:
            raise InvalidToken("The token is signed with a key that is not the pool's.") from None

    async def _fetch(self) -> None:
        from joserfc.errors import JoseError
        from joserfc.jwk import RSAKey

        document = await _download(self._url, self._client)
        try:
            self._keys = {
                key["kid"]: RSAKey.import_key(key)
                for key in document["keys"]
                if key["kty"] == "RSA"
            }
        except (KeyError, TypeError, ValueError, JoseError):
            raise MalformedResponse("this is no set of keys", operation=_OPERATION) from None
        self._fetched_at = self._clock()


async def _download(url: str, client: httpx.AsyncClient | None) -> Any:
    import httpx

    from auth_flow.transports._http import http_transport

    try:
        async with AsyncExitStack() as stack:
            if client is None:
                client = await stack.enter_async_context(
                    httpx.AsyncClient(transport=http_transport(url))
                )
            response = await client.get(url)
        response.raise_for_status()
        return response.json()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        problem = f"no keys, but status {status}"
        raise MalformedResponse(
            problem, operation=_OPERATION, status=status, retryable=status >= 500
        ) from None
    except httpx.HTTPError as error:
        raise ConnectionLost(
            f"the keys cannot be had ({type(error).__name__}).",
            operation=_OPERATION,
            retryable=True,
        ) from error
    except ValueError:
        raise MalformedResponse("this is no JSON", operation=_OPERATION) from None
