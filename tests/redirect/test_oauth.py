"""The URLs, the return and the token request, as pure functions."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from auth_flow.errors import (
    MalformedResponse,
    OAuthError,
    RedirectDenied,
    RedirectRefused,
    TokenRequestRefused,
)
from auth_flow.states._app_client import AppClient
from auth_flow.states._base import in_clear
from auth_flow.states._oauth import (
    Returned,
    code_challenge,
    is_redirect_uri,
    logout_url,
    page_url,
    random_text,
    read_token_reply,
    same_place,
    token_request,
)

CLIENT = AppClient(user_pool_id="eu-west-1_Abc123", client_id="1example")


def test_random_texts_are_url_safe_long_enough_for_pkce_and_never_the_same() -> None:
    texts = {random_text() for _ in range(100)}
    assert len(texts) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", text) for text in texts)


def test_the_challenge_is_that_of_rfc_7636() -> None:
    # The example of RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    digest = hashlib.sha256(verifier.encode()).digest()
    assert base64.urlsafe_b64decode(code_challenge(verifier) + "=") == digest


def test_absent_parameters_are_left_out_and_present_ones_are_encoded() -> None:
    url = page_url("https://d.example", "/oauth2/authorize", {"a": "ü &", "b": None, "c": ""})
    assert url == "https://d.example/oauth2/authorize?a=%C3%BC+%26&c="


def test_the_logout_url() -> None:
    url = urlsplit(logout_url("https://d.example", CLIENT, "https://app.example/bye?x=1"))
    assert (url.scheme, url.netloc, url.path) == ("https", "d.example", "/logout")
    assert parse_qs(url.query) == {
        "client_id": ["1example"],
        "logout_uri": ["https://app.example/bye?x=1"],
    }


@pytest.mark.parametrize(
    "url",
    ["https://app.example/cb?code=c-1&state=s-1", "code=c-1&state=s-1", "?code=c-1&state=s-1"],
)
def test_a_return_is_read_from_a_url_or_its_query(url: str) -> None:
    returned = Returned.read(url)
    assert returned.code is not None
    assert returned.code.get_secret_value() == "c-1"
    assert returned.has_state("s-1")
    assert returned.problem() is None
    assert "c-1" not in repr(returned)


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("code=c", "s"),
        ("code=c&state=", "s"),
        ("code=c&state=t", "s"),
        ("state=é", "s"),
        ("state=&state=s", "s"),
    ],
)
def test_another_state_or_none_is_not_the_state(query: str, state: str) -> None:
    assert not Returned.read(query).has_state(state)


def test_a_repeated_parameter_makes_the_return_worthless() -> None:
    returned = Returned.read("code=a&code=b&state=s")
    assert (returned.code, returned.state) == (None, None)


@pytest.mark.parametrize(
    ("query", "kind", "error", "description"),
    [
        ("error=access_denied", RedirectDenied, "access_denied", None),
        ("error=login_required", RedirectRefused, "login_required", None),
        (
            "error=invalid_request&error_description=%5BIdP%5D+Error+-+%5B503%5D+down",
            RedirectRefused,
            "invalid_request",
            "[IdP] Error - [503] down",
        ),
        ("code=c&error=", RedirectRefused, "", None),
        (
            "code=&state=s",
            RedirectRefused,
            "invalid_request",
            "The URL carries neither a code nor an error.",
        ),
        (
            "state=s",
            RedirectRefused,
            "invalid_request",
            "The URL carries neither a code nor an error.",
        ),
    ],
)
def test_an_error_that_came_back_is_typed(
    query: str, kind: type[OAuthError], error: str, description: str | None
) -> None:
    problem = Returned.read(query).problem()
    assert type(problem) is kind
    assert (problem.error, problem.description) == (error, description)
    assert error in str(problem)


@pytest.mark.parametrize(
    ("description", "trigger"),
    [
        ("PreSignUp failed with error Not on the list. ", "PreSignUp"),
        ("Already found an entry for username google_1", None),
        ("The flow failed with error 3", None),
        (None, None),
    ],
)
def test_the_trigger_that_refused_is_named(description: str | None, trigger: str | None) -> None:
    assert RedirectRefused("invalid_request", description).trigger == trigger


@pytest.mark.parametrize(
    ("uri", "good"),
    [
        ("https://app.example/cb", True),
        ("https://app.example/cb?x=1", True),
        ("http://localhost:8400/cb", True),
        ("http://127.0.0.1:8400/", True),
        ("http://[::1]:8400/", True),
        ("myapp://cb", True),
        ("com.example.app:/cb", True),
        ("http://app.example/cb", False),
        ("http://localhost.evil.example/", False),
        ("https://app.example/cb#x", False),
        ("https:///cb", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("file:///cb", False),
        ("about:blank", False),
        ("blob:x", False),
        ("/cb", False),
        ("", False),
        ("https://app.example/c b", False),
        ("myapp://c\u200bb", False),
        ("https://app.example:port/", False),
        ("https://[::1/", False),
    ],
)
def test_redirect_uris(uri: str, good: bool) -> None:
    assert is_redirect_uri(uri) is good


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://app.example/cb?code=1", True),
        ("code=1&state=2", True),
        ("?code=1&next=https://app.example/", True),
        ("https://app.example/cb/?code=1", False),
        ("https://other.example/cb?code=1", False),
        ("http://app.example/cb?code=1", False),
    ],
)
def test_a_return_comes_to_the_redirect_uri(url: str, good: bool) -> None:
    assert same_place(url, "https://app.example/cb") is good


def test_the_root_needs_no_slash() -> None:
    assert same_place("http://localhost:1/?code=1", "http://localhost:1")
    assert same_place("http://localhost:1?code=1", "http://localhost:1/")


def test_a_token_request_names_the_client_in_its_body() -> None:
    request = token_request(CLIENT, {"grant_type": "authorization_code", "code": "c&1"})
    assert request.path == "/oauth2/token"
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["c&1"],
        "client_id": ["1example"],
    }
    assert request.headers == {
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/json",
    }
    assert "c&1" not in repr(request)


def test_a_client_secret_goes_by_basic() -> None:
    client = CLIENT.model_copy(update={"client_secret": "s/e:c%"})
    request = token_request(client, {"grant_type": "refresh_token"})
    scheme, _, text = request.headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(text) == b"1example:s%2Fe%3Ac%25"
    assert b"s/e" not in request.content
    assert text not in repr(request)


def test_tokens_are_read() -> None:
    content = {"access_token": "a", "id_token": "i", "refresh_token": "r", "expires_in": 3600}
    result = read_token_reply(200, json.dumps(content).encode()).as_result()
    assert in_clear(dict(result)) == {**content, "new_device": None}
    alone = read_token_reply(299, b'{"access_token": "a"}').as_result()
    assert in_clear(alone.model_dump(exclude_none=True)) == {"access_token": "a"}


@pytest.mark.parametrize(
    ("body", "error", "description"),
    [
        ({"error": "invalid_grant"}, "invalid_grant", None),
        ({"error": "invalid_grant", "error_message": "used"}, "invalid_grant", "used"),
        ({"error": "e", "error_description": "a", "error_message": "b"}, "e", "a"),
        (
            {"error": "unauthorized_client", "error_description": "invalid_redirect"},
            "unauthorized_client",
            "invalid_redirect",
        ),
        ({"error": "invalid_client", "error_description": 3}, "invalid_client", None),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_an_error_of_the_token_endpoint_is_typed(
    body: dict[str, object], error: str, description: str | None, status: int
) -> None:
    with pytest.raises(TokenRequestRefused) as caught:
        read_token_reply(status, json.dumps(body).encode())
    assert (caught.value.error, caught.value.description) == (error, description)


def test_a_wrong_redirect_uri_is_explained() -> None:
    with pytest.raises(TokenRequestRefused, match="redirect_uri differs"):
        read_token_reply(
            400, b'{"error": "unauthorized_client", "error_description": "invalid_redirect"}'
        )


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"access_token": 3}'),
        (200, b'{"access_token": ""}'),
        (503, b'{"access_token": "secret"}'),
        (300, b'{"access_token": "secret"}'),
        (199, b'{"access_token": "secret"}'),
        (500, b""),
        (200, b"[" * 100_000),
        (400, b'{"error": 3}'),
    ],
)
def test_an_answer_of_no_use_is_malformed_and_never_quoted(status: int, content: bytes) -> None:
    with pytest.raises(MalformedResponse) as caught:
        read_token_reply(status, content)
    assert "secret" not in str(caught.value)
    assert not caught.value.retryable
    assert caught.value.operation == "oauth2/token"
    if status != 200:
        assert caught.value.status == status
