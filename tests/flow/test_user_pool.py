"""The pool that environment variables name."""

from __future__ import annotations

import traceback

import pytest

from auth_flow import UserPool

VARIABLES = {
    "AUTH_FLOW_USER_POOL_ID": "eu-west-1_Abc123",
    "AUTH_FLOW_CLIENT_ID": "1example",
    "AUTH_FLOW_CLIENT_SECRET": "Marker-Secret",
    "AUTH_FLOW_ENDPOINT": "http://127.0.0.1:9229",
    "AUTH_FLOW_DOMAIN": "login.example.com",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    assert UserPool.from_env() == UserPool(
        user_pool_id="eu-west-1_Abc123",
        client_id="1example",
        client_secret="Marker-Secret",
        endpoint="http://127.0.0.1:9229",
        domain="login.example.com",
    )


def test_what_is_needed_and_another_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_USER_POOL_ID", "eu-west-1_Abc123")
    monkeypatch.setenv("SHOP_CLIENT_ID", "1example")
    monkeypatch.setenv("SHOP_CLIENT_SECRET", "")
    pool = UserPool.from_env("SHOP_")
    assert pool == UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example")
    assert pool.url == "https://cognito-idp.eu-west-1.amazonaws.com"


AWS = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"
NEWER = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"
OWN = "http://127.0.0.1:9229"


@pytest.mark.parametrize(
    ("pool_id", "endpoint", "issuers", "keys"),
    [
        ("eu-west-1_Abc123", None, (AWS, NEWER), f"{AWS}/.well-known/jwks.json"),
        (
            "eu-west-1_Abc123",
            f"{OWN}/",
            (AWS, NEWER, f"{OWN}/eu-west-1_Abc123"),
            f"{OWN}/eu-west-1_Abc123/.well-known/jwks.json",
        ),
        ("local_1", OWN, (f"{OWN}/local_1",), f"{OWN}/local_1/.well-known/jwks.json"),
    ],
)
def test_the_issuers_of_its_tokens_and_their_keys(
    pool_id: str, endpoint: str | None, issuers: tuple[str, ...], keys: str
) -> None:
    pool = UserPool(
        user_pool_id=pool_id, client_id="1example", endpoint=endpoint, domain="login.example.com"
    )
    assert pool.issuers == issuers
    assert pool.keys_url(issuers[0]) == keys
    assert pool.hosted
    assert (pool.hosted.issuers, pool.hosted.keys_url) == (issuers, keys)
    assert pool.url == (endpoint or "https://cognito-idp.eu-west-1.amazonaws.com")


def test_a_pool_without_a_region_needs_an_endpoint() -> None:
    pool = UserPool(user_pool_id="local_1", client_id="1example")
    with pytest.raises(ValueError, match="local_1"):
        _ = pool.issuers
    assert pool.hosted is None


def test_the_variables_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="AUTH_FLOW_USER_POOL_ID and AUTH_FLOW_CLIENT_ID"):
        UserPool.from_env()
    monkeypatch.setenv("AUTH_FLOW_USER_POOL_ID", "eu-west-1_Abc123")
    with pytest.raises(ValueError, match="Set AUTH_FLOW_CLIENT_ID to"):
        UserPool.from_env()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_FLOW_USER_POOL_ID", "no pool"),
        ("AUTH_FLOW_CLIENT_ID", "no client"),
        ("AUTH_FLOW_ENDPOINT", "no URL"),
    ],
)
def test_a_variable_that_is_wrong_is_named_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for variable, right in VARIABLES.items():
        monkeypatch.setenv(variable, right)
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"^{name}: ") as refused:
        UserPool.from_env()
    assert refused.value.__context__ is None
    assert "Marker-Secret" not in "".join(traceback.format_exception(refused.value))
