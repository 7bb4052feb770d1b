"""Verification of access and id tokens: signature, issuer, client and time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from auth_flow._user_pool import UserPool
from auth_flow.errors import InvalidToken, MalformedResponse, MissingExtra
from auth_flow.states._base import Secret, reveal
from auth_flow.states._claims import Claims
from auth_flow.verification._keys import IssuerKeys
from auth_flow.verification._signature import check_signature, key_id_of

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class _Issuer:
    """One of the issuers that are trusted: its keys, and the app clients of its pool."""

    keys: IssuerKeys
    client_ids: set[str]


class TokenVerifier:
    """Verifies access and id tokens of one or several user pools.

    ::

        verifier = TokenVerifier(pool)
        claims = await verifier.verify(text)

    A token is accepted if it was issued to the app client of one of the `pools`. To accept several
    app clients of one pool, pass `client_ids`, or a `UserPool` for each of them. With
    `any_client=True` the client is not checked: then every app client of the pool is trusted.

    Both issuers of a pool are accepted: the one of the service's endpoint, and the newer
    `https://issuer-cognito-idp.…`. If the pool has an `endpoint`, the keys come from there.
    `issuer` and `jwks_url` replace the issuers and the place of the keys, and `jwks` is a decoded
    JWKS document to begin with, such as a file of the deployment; these three need a single pool.

    The keys are fetched at the first use, and again if a token names a key that is not among them,
    at most once in a minute. `client` fetches them; without it, a connection is opened for
    each fetch. `clock` returns the seconds since the epoch, and may be wrong by `leeway` seconds.

    Raises `ValueError` without a pool, and if the id of a pool names no AWS region although the
    pool has no `endpoint`.
    """

    def __init__(
        self,
        *pools: UserPool,
        client_ids: Collection[str] | str | None = None,
        any_client: bool = False,
        issuer: str | None = None,
        jwks_url: str | None = None,
        jwks: object = None,
        client: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.time,
        leeway: float = 30.0,
    ) -> None:
        if not pools or (len(pools) > 1 and (issuer or jwks_url or jwks)):
            raise ValueError("Give a pool; with issuer, jwks_url or jwks, give exactly one.")
        self._any_client = any_client
        self._clock = clock
        self._leeway = leeway
        self._keys: dict[str, IssuerKeys] = {}
        self._issuers: dict[str, _Issuer] = {}
        for pool in pools:
            for name in [issuer] if issuer else pool.issuers:
                url = jwks_url or pool.keys_url(name)
                keys = self._keys.setdefault(url, IssuerKeys(url, client, clock))
                known = self._issuers.setdefault(name, _Issuer(keys, set()))
                known.client_ids.update(_texts(client_ids) or {pool.client_id})
        if jwks is not None:
            _require_extra()
            for keys in self._keys.values():
                keys.load(jwks)

    async def verify(
        self,
        token: Secret,
        use: Literal["access", "id"] | None = "access",
        *,
        groups: Collection[str] | str = (),
        scopes: Collection[str] | str = (),
        audience: Collection[str] | str = (),
    ) -> Claims:
        """Return the claims of a token. Raises `InvalidToken` if it is not good, whatever the text.

        `use` is the kind of token that is expected, None for either. If `groups`, `scopes` or
        `audience` are given, the token has to contain at least one of each. `audience` is about
        access tokens for a `resource`; the client of an id token is always checked.

        Raises `TransportError` or `MalformedResponse` if the keys cannot be fetched, and
        `MissingExtra` without the extra `jwt`.
        """
        text = reveal(token)
        key_id = key_id_of(text)
        claims = _read(text)
        issuer = self._issuers.get(claims.issuer or "")
        if issuer is None:
            raise InvalidToken("The token is of another issuer.", "issuer")
        _require_extra()
        check_signature(text, await issuer.keys.get(key_id))
        self._check_use(claims, use, issuer.client_ids)
        self._check_time(claims)
        _check_any("group", groups, claims.groups)
        _check_any("scope", scopes, claims.scopes)
        _check_any("audience", audience, claims.audience)
        return claims

    async def fetch_keys(self) -> None:
        """Fetch the keys now, for instance when a program starts, so that no request waits for it.

        Raises `TransportError` or `MalformedResponse`, and `MissingExtra` without the extra `jwt`.
        """
        _require_extra()
        for keys in self._keys.values():
            await keys.fetch()

    def _check_use(self, claims: Claims, use: str | None, client_ids: set[str]) -> None:
        if claims.token_use not in ((use,) if use else ("access", "id")):
            raise InvalidToken(f"The token is not an {use or 'access or id'} token.", "use")
        is_id_token = claims.token_use == "id"  # noqa: S105 - a kind of token
        clients = claims.audience if is_id_token else (claims.client_id,)
        if not self._any_client and (len(clients) != 1 or clients[0] not in client_ids):
            raise InvalidToken("The token is for another client.", "client")

    def _check_time(self, claims: Claims) -> None:
        now = self._clock()
        if claims.expires_at is None or claims.expires_at + self._leeway <= now:
            raise InvalidToken("The token has expired.", "expired")
        if claims.not_before is not None and now + self._leeway < claims.not_before:
            raise InvalidToken("The token is not valid yet.", "not_yet_valid")


def _read(text: str) -> Claims:
    try:
        return Claims.of(text, "verify")
    except MalformedResponse:
        raise InvalidToken("The token has no claims with a subject.") from None


def _check_any(name: str, wanted: Collection[str] | str, present: Collection[str]) -> None:
    if wanted and _texts(wanted).isdisjoint(present):
        raise InvalidToken(f"The token has none of the accepted {name}s.", name)


def _texts(values: Collection[str] | str | None) -> set[str]:
    return {values} if isinstance(values, str) else set(values or ())


def _require_extra() -> None:
    try:
        import_module("joserfc")
    except ImportError:
        raise MissingExtra("Verifying tokens", "jwt") from None
