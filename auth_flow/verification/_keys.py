"""The public keys of an issuer: fetched at the first use, and again for a new key id."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from auth_flow.errors import AuthFlowError, InvalidToken, MalformedResponse
from auth_flow.session._single_flight import SingleFlight
from auth_flow.states._replies import Reply
from auth_flow.transports._fetch import HttpFetcher

if TYPE_CHECKING:
    import httpx
    from joserfc.jwk import RSAKey

OPERATION = "jwks.json"

COOLDOWN = 60.0
"""Seconds between two fetches: a token with a made-up key id must not cause a request."""

COOLDOWN_AFTER_FAILURE = 5.0
"""Seconds between a fetch that failed and the next one. Until then its error is raised again."""


class _KeySet(Reply):
    keys: list[dict[str, Any]]


class IssuerKeys:
    """The keys of one issuer, by key id.

    `client` fetches them; without it, a connection is opened and closed for each fetch. `clock`
    returns the seconds since the epoch.
    """

    def __init__(
        self, url: str, client: httpx.AsyncClient | None, clock: Callable[[], float]
    ) -> None:
        self._url = url
        self._client = client
        self._clock = clock
        self._keys: dict[str, RSAKey] = {}
        self._next_fetch = (0.0, 0.0)
        self._failure: AuthFlowError | None = None
        self._fetching = SingleFlight[None]()

    async def get(self, key_id: str) -> RSAKey:
        """Return a key. Raises `InvalidToken` if the issuer does not have it.

        Raises `TransportError` or `MalformedResponse` if the keys cannot be fetched.
        """
        if key_id not in self._keys:
            if not self._cooling_down():
                await self._fetching.run(self.fetch)
            elif self._failure is not None:
                raise copy.copy(self._failure)
        try:
            return self._keys[key_id]
        except KeyError:
            raise InvalidToken(
                "The token is not signed with a key of the pool.", "signature"
            ) from None

    async def fetch(self) -> None:
        """Fetch the keys now."""
        try:
            self.load(await _download(self._url, self._client))
        except AuthFlowError as error:
            self._failure = error
            self._cool_down(COOLDOWN_AFTER_FAILURE)
            raise

    def load(self, document: Any) -> None:
        """Replace the keys with those of a JWKS document (RFC 7517).

        Keys of other types than RSA are left out, as are keys that cannot be read. Raises
        `MalformedResponse` if none is left.
        """
        from joserfc.errors import JoseError
        from joserfc.jwk import RSAKey

        keys: dict[str, RSAKey] = {}
        for key in _KeySet.read(OPERATION, document).keys:
            key_id = key.get("kid")
            if isinstance(key_id, str) and key.get("kty") == "RSA":
                with suppress(JoseError, KeyError, TypeError, ValueError):
                    keys[key_id] = RSAKey.import_key(key)
        if not keys:
            raise MalformedResponse("there is no RSA key in the answer", operation=OPERATION)
        self._keys = keys
        self._failure = None
        self._cool_down(COOLDOWN)

    def _cool_down(self, seconds: float) -> None:
        now = self._clock()
        self._next_fetch = (now, now + seconds)

    def _cooling_down(self) -> bool:
        """Return whether it is too early for another fetch. A clock that was set back does not
        count.
        """
        start, end = self._next_fetch
        return start <= self._clock() < end


async def _download(url: str, client: httpx.AsyncClient | None) -> Any:
    fetcher = HttpFetcher(client)
    try:
        answer = await fetcher.fetch("GET", url, headers={"accept": "application/json"})
    finally:
        await fetcher.aclose()
    if answer.status != 200:
        raise MalformedResponse(
            f"status {answer.status} instead of a set of keys",
            operation=OPERATION,
            status=answer.status,
            retryable=answer.status >= 500,
        )
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        raise MalformedResponse("the answer is not JSON", operation=OPERATION) from None
