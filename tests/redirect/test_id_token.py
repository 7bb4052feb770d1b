"""The checks of an id token that came from the token endpoint."""

from __future__ import annotations

import base64
import sys
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from auth_flow.errors import InvalidToken, MissingExtra
from auth_flow.states._id_token import (
    Expected,
    check_id_token,
    key_id,
    key_ids,
    require_joserfc,
)

from .provider import CLIENT_ID, ISSUER, JWKS, KEY, NOW, OTHER_KEY, access_token, id_token, sign

ACCESS = access_token()
EXPECTED = Expected(issuers=(ISSUER,), client_id=CLIENT_ID, nonce="n-1", max_age=600)


def check(token: str, *, jwks: dict[str, Any] | None = JWKS, now: float = NOW) -> None:
    check_id_token(token, ACCESS, EXPECTED, now=now, jwks=jwks)


@pytest.mark.parametrize("jwks", [JWKS, None])
@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": [CLIENT_ID, "another"]},
        {"at_hash": None},
        {"token_use": None},
        {"exp": NOW - 59},
        {"exp": NOW - 59.5},
        {"auth_time": NOW - 660},
    ],
)
def test_a_good_token_passes_with_its_signature_and_without(
    claims: dict[str, Any], jwks: dict[str, Any] | None
) -> None:
    check(id_token(ACCESS, nonce="n-1", **claims), jwks=jwks)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": [ISSUER]}, "issuer"),
        ({"aud": "another"}, "client"),
        ({"aud": None}, "client"),
        ({"token_use": "access"}, "another token"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": -(10**400)}, "expired"),
        ({"exp": None}, "no exp"),
        ({"exp": "soon"}, "no exp"),
        ({"exp": True}, "no exp"),
        ({"nonce": "n-2"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": 1}, "nonce"),
        ({"at_hash": "x"}, "access token"),
        ({"at_hash": 7}, "access token"),
        ({"auth_time": NOW - 661}, "max_age"),
        ({"auth_time": None}, "auth_time"),
    ],
)
@pytest.mark.parametrize("jwks", [JWKS, None])
def test_each_wrong_statement_is_refused_by_name(
    claims: dict[str, Any], said: str, jwks: dict[str, Any] | None
) -> None:
    with pytest.raises(InvalidToken, match=said):
        check(id_token(ACCESS, **{"nonce": "n-1", **claims}), jwks=jwks)


def test_half_a_character_is_not_the_nonce() -> None:
    head, payload, signature = id_token(ACCESS, nonce="n-1").split(".")
    claims = base64.urlsafe_b64decode(f"{payload}==").replace(b'"n-1"', b'"\\ud800"')
    forged = base64.urlsafe_b64encode(claims).decode().rstrip("=")
    with pytest.raises(InvalidToken, match="nonce"):
        check(f"{head}.{forged}.{signature}", jwks=None)


def test_an_access_token_that_is_not_ascii_is_another() -> None:
    with pytest.raises(InvalidToken, match="access token"):
        check_id_token(id_token(ACCESS, nonce="n-1"), "é.é.é", EXPECTED, now=NOW, jwks=JWKS)


def test_clocks_may_differ_by_the_leeway() -> None:
    token = id_token(ACCESS, nonce="n-1", exp=NOW, auth_time=NOW)
    check(token, now=NOW + 59)
    with pytest.raises(InvalidToken):
        check(token, now=NOW + 61)


def test_a_huge_time_is_a_time() -> None:
    check(id_token(ACCESS, nonce="n-1", exp=10**400))


@pytest.mark.parametrize(
    "token",
    [
        sign({"iss": ISSUER}, OTHER_KEY),
        "a.b",
        "",
        "...",
        "eyJhbGciOiJub25lIn0.e30.",
        "é.é.é",
        sign({"iss": ISSUER}, kid="unknown"),
    ],
)
def test_a_token_with_another_signature_or_none_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        check(token)


@pytest.mark.parametrize("token", ["a.b", "", "...", "é.é.é", "e30.W10.c2ln"])
@pytest.mark.parametrize("jwks", [JWKS, None])
def test_an_error_has_no_other_behind_it(token: str, jwks: dict[str, Any] | None) -> None:
    """The others may quote the token."""
    with pytest.raises(InvalidToken) as caught:
        check(token, jwks=jwks)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_an_algorithm_that_cognito_does_not_use_is_refused() -> None:
    key = ECKey.generate_key("P-256", {"kid": "ec-1"})
    claims = jwt.decode(id_token(ACCESS, nonce="n-1"), KEY).claims
    token = jwt.encode({"alg": "ES256", "kid": "ec-1"}, claims, key)
    with pytest.raises(InvalidToken, match="not signed"):
        check(token, jwks={"keys": [key.as_dict(private=False)]})


def test_what_is_not_expected_is_not_checked() -> None:
    expected = Expected(issuers=(ISSUER,), client_id=CLIENT_ID)
    token = id_token(ACCESS, nonce="n-2", auth_time=None)
    check_id_token(token, ACCESS, expected, now=NOW, jwks=JWKS)


@pytest.mark.parametrize("jwks", [{}, {"keys": 3}, {"keys": [{}]}, {"keys": [{"kty": "RSA"}]}])
def test_an_odd_key_set_verifies_nothing(jwks: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        check(id_token(ACCESS, nonce="n-1"), jwks=jwks)


def test_key_ids_are_read_from_whatever_comes() -> None:
    assert key_ids(JWKS) == {"key-1"}
    for odd in (None, {}, {"keys": 3}, {"keys": [1, {}, {"kid": 2}]}):
        assert key_ids(odd) == frozenset()
    assert key_id(ACCESS) == "key-1"
    head = base64.urlsafe_b64encode(b'{"kid": ["key-1"]}').decode()
    assert key_id(f"{head}.e30.c2ln") is None


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require_joserfc()
    monkeypatch.setitem(sys.modules, "joserfc", None)
    with pytest.raises(MissingExtra, match="jwt") as caught:
        require_joserfc()
    assert caught.value.__suppress_context__
    with pytest.raises(MissingExtra, match="jwt"):
        check(id_token(ACCESS, nonce="n-1"))
