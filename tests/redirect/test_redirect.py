"""A sign-in that goes away to the hosted pages and comes back."""

from __future__ import annotations

import json
import re
import sys
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import anyio
import pytest

from auth_flow import (
    AuthFlow,
    Cancel,
    Done,
    Idle,
    RedirectRequired,
    ReturnFromRedirect,
    Sealer,
    SignIn,
    SignInWithRedirect,
    UserPool,
    new_key,
)
from auth_flow.errors import (
    AuthFlowError,
    ConnectFailed,
    ConnectionLost,
    FateUnknown,
    GuardRejected,
    InvalidToken,
    MalformedResponse,
    MissingExtra,
    OAuthError,
    RedirectAlreadyUsed,
    RedirectDenied,
    RedirectRefused,
    ResponseError,
    SessionExpired,
    TokenRequestRefused,
)
from auth_flow.states import CustomProvider, IdpIdentifier, Step
from auth_flow.transports import Fetched
from tests.flow.scripted import Clock

from .hosted import CALLBACK, KEYS_URL, POOL, TOKEN_URL, Hosted
from .provider import JWKS, NOW

pytestmark = pytest.mark.anyio

BEGIN = SignInWithRedirect(redirect_uri=CALLBACK)


@pytest.fixture
def hosted() -> Hosted:
    return Hosted()


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = float(NOW)
    return clock


@pytest.fixture
def flow(hosted: Hosted, clock: Clock) -> AuthFlow:
    return AuthFlow(POOL, transport=hosted, clock=clock)


def url_of(step: Step) -> str:
    assert isinstance(step, RedirectRequired)
    return step.url


async def came_back(flow: AuthFlow, hosted: Hosted, url: str) -> Step:
    return await flow.send(ReturnFromRedirect(url=hosted.visit(url)))


# Away


async def test_the_url_carries_the_parameters_of_amplify_and_a_nonce(flow: AuthFlow) -> None:
    event = SignInWithRedirect(
        redirect_uri=CALLBACK,
        provider="Google",
        scopes=("openid", "email", "aws.cognito.signin.user.admin"),
        login_hint="alice@example.com",
        lang="de",
        nonce="n0nce",
        prompt="login",
        custom_state="my state/ü",
    )
    url = urlsplit(url_of(await flow.send(event)))
    assert (url.scheme, url.netloc, url.path) == ("https", "login.example.com", "/oauth2/authorize")
    pairs = parse_qsl(url.query)
    # The recorded scenario hosted_ui_options, in its order; only `state` has another length.
    assert [name for name, _ in pairs] == [
        *("redirect_uri", "response_type", "client_id", "identity_provider", "scope"),
        *("login_hint", "lang", "nonce", "prompt"),
        *("state", "code_challenge", "code_challenge_method"),
    ]
    values = dict(pairs)
    assert "my state" not in "".join(values.values())
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", values.pop("code_challenge"))
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", values.pop("state"))
    assert values == {
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "client_id": POOL.client_id,
        "identity_provider": "Google",
        "scope": "openid email aws.cognito.signin.user.admin",
        "login_hint": "alice@example.com",
        "lang": "de",
        "nonce": "n0nce",
        "prompt": "login",
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize(
    ("provider", "parameters"),
    [
        (None, {}),
        ("Google", {"identity_provider": "Google"}),
        ("Facebook", {"identity_provider": "Facebook"}),
        ("Amazon", {"identity_provider": "LoginWithAmazon"}),
        ("Apple", {"identity_provider": "SignInWithApple"}),
        (CustomProvider(custom="Contoso"), {"identity_provider": "Contoso"}),
        (IdpIdentifier(idp_identifier="contoso.com"), {"idp_identifier": "contoso.com"}),
    ],
)
async def test_a_provider_is_named_only_if_the_caller_names_one(
    flow: AuthFlow, provider: Any, parameters: dict[str, str]
) -> None:
    step = await flow.send(SignInWithRedirect(redirect_uri=CALLBACK, provider=provider))
    query = dict(parse_qsl(urlsplit(url_of(step)).query))
    named = {name: text for name, text in query.items() if name.startswith("id")}
    assert named == parameters


async def test_the_scopes_allow_the_operations_of_a_session(flow: AuthFlow) -> None:
    query = parse_qs(urlsplit(url_of(await flow.send(BEGIN))).query)
    assert query["scope"] == ["openid aws.cognito.signin.user.admin"]


async def test_scopes_and_prompts_may_be_none(flow: AuthFlow) -> None:
    step = await flow.send(SignInWithRedirect(redirect_uri=CALLBACK, scopes=(), prompt=()))
    query = parse_qs(urlsplit(url_of(step)).query, keep_blank_values=True)
    assert not {"scope", "prompt", "max_age"} & set(query)


async def test_everything_else_that_the_hosted_pages_take(flow: AuthFlow) -> None:
    event = SignInWithRedirect(
        redirect_uri=CALLBACK,
        page="signup",
        prompt=("login", "select_account"),
        resource="https://api.example.com",
        acr_values="phr",
        max_age=0,
    )
    url = urlsplit(url_of(await flow.send(event)))
    query = parse_qs(url.query)
    assert url.path == "/signup"
    assert query["prompt"] == ["login select_account"]
    assert (query["resource"], query["acr_values"], query["max_age"]) == (
        ["https://api.example.com"],
        ["phr"],
        ["0"],
    )


async def test_two_urls_share_no_secret(flow: AuthFlow) -> None:
    queries = [parse_qs(urlsplit(url_of(await flow.send(BEGIN))).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert queries[0][name] != queries[1][name]


async def test_the_verifier_is_not_in_the_url_and_not_in_a_repr(flow: AuthFlow) -> None:
    url = url_of(await flow.send(BEGIN))
    verifier = flow.record.to_json()["redirect"]["verifier"]
    assert len(verifier) >= 43
    assert verifier not in url
    assert verifier not in repr(flow.record)


@pytest.mark.parametrize("uri", ["http://app.example/cb", "/cb", "javascript:alert(1)", ""])
async def test_an_unsafe_redirect_uri_is_refused(flow: AuthFlow, uri: str) -> None:
    with pytest.raises(GuardRejected) as caught:
        await flow.send(SignInWithRedirect(redirect_uri=uri))
    assert caught.value.guard == "redirect_uri_is_possible"
    assert flow.step == Idle()


async def test_a_pool_without_a_domain_says_what_is_missing(hosted: Hosted) -> None:
    pool = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example")
    with pytest.raises(GuardRejected, match=r"domain=") as caught:
        await AuthFlow(pool, transport=hosted).send(BEGIN)
    assert caught.value.guard == "domain_is_known"


async def test_a_missing_extra_is_noticed_before_anybody_leaves(
    flow: AuthFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "joserfc", None)
    with pytest.raises(MissingExtra, match="jwt"):
        await flow.send(BEGIN)
    assert flow.step == Idle()


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("myapp", "https://myapp.auth.eu-west-1.amazoncognito.com"),
        ("login.example.com", "https://login.example.com"),
        ("https://login.example.com/", "https://login.example.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("localhost", "http://localhost"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_domains(domain: str, url: str) -> None:
    pool = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example", domain=domain)
    assert pool.hosted is not None
    assert pool.hosted.url == url


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "http://login.example.com",
        "ftp://localhost",
        "a b",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://b@a",
        "https://",
        "my_app",
    ],
)
def test_what_is_no_domain(domain: str) -> None:
    with pytest.raises(ValueError, match="domain"):
        UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example", domain=domain)


# And back


async def test_a_code_becomes_a_session(flow: AuthFlow, hosted: Hosted) -> None:
    url = url_of(await flow.send(SignInWithRedirect(redirect_uri=CALLBACK, custom_state="zu Ω 🎈")))
    step = await came_back(flow, hosted, url)
    assert step == Done(
        signed_in=True,
        username="ada",
        user_id="11111111-2222-4333-8444-555555555555",
        custom_state="zu Ω 🎈",
    )
    assert flow.session.tokens.refresh_token is not None
    assert flow.session.tokens.hosted
    get, post = hosted.requests
    assert get == ("GET", KEYS_URL, {"accept": "application/json"}, {})
    assert post[:3] == (
        "POST",
        TOKEN_URL,
        {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
    )
    assert len(post.form.pop("code_verifier")) == 43
    assert post.form == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "client_id": POOL.client_id,
        "redirect_uri": CALLBACK,
    }


async def test_a_client_secret_goes_by_basic(hosted: Hosted, clock: Clock) -> None:
    pool = POOL.model_copy(update={"client_secret": "s3cret"})
    flow = AuthFlow(pool, transport=hosted, clock=clock)
    await came_back(flow, hosted, url_of(await flow.send(BEGIN)))
    (post,) = hosted.posts()
    assert post.headers["authorization"].startswith("Basic ")
    assert "s3cret" not in json.dumps(post.form)


async def test_a_typed_url_is_a_return(flow: AuthFlow, hosted: Hosted) -> None:
    step = await flow.send(BEGIN)
    url = hosted.visit(url_of(step))
    assert isinstance(await flow.send(step.answer(f"  {url}\n")), Done)


async def test_without_openid_there_is_no_id_token_and_no_key(
    flow: AuthFlow, hosted: Hosted
) -> None:
    url = url_of(await flow.send(SignInWithRedirect(redirect_uri=CALLBACK, scopes=("email",))))
    await came_back(flow, hosted, url)
    assert flow.session.tokens.id_token is None
    assert [request.url for request in hosted.requests] == [TOKEN_URL]


async def test_another_state_is_refused_before_anything_is_sent(
    flow: AuthFlow, hosted: Hosted
) -> None:
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    for forged in (
        re.sub(r"state=[^&]+", "state=forged", url),
        re.sub(r"&?state=[^&]+", "", url),
        url.replace("localhost:3000", "evil.example"),
        "",
        "not a url",
        f"{CALLBACK}?error=access_denied",
    ):
        with pytest.raises(GuardRejected) as caught:
            await flow.send(ReturnFromRedirect(url=forged))
        assert caught.value.guard == "return_is_of_this_sign_in"
        assert "code-1" not in str(caught.value)
    assert hosted.requests == []
    assert isinstance(await flow.send(ReturnFromRedirect(url=url)), Done)


async def test_an_older_url_of_the_same_flow_is_refused(flow: AuthFlow, hosted: Hosted) -> None:
    old = hosted.visit(url_of(await flow.send(BEGIN)), "old")
    new = hosted.visit(url_of(await flow.send(BEGIN)), "new")
    with pytest.raises(GuardRejected):
        await flow.send(ReturnFromRedirect(url=old))
    assert isinstance(await flow.send(ReturnFromRedirect(url=new)), Done)


def error_return(url: str, **parameters: str) -> str:
    state = parse_qs(urlsplit(url).query)["state"][0]
    from urllib.parse import urlencode

    return f"{CALLBACK}?{urlencode({**parameters, 'state': state})}"


@pytest.mark.parametrize(
    ("error", "description", "kind", "trigger"),
    [
        ("access_denied", "User cancelled", RedirectDenied, None),
        (
            "invalid_request",
            "PreSignUp failed with error Not invited. ",
            RedirectRefused,
            "PreSignUp",
        ),
        ("invalid_request", "Already found an entry for username google_1", RedirectRefused, None),
        ("login_required", None, RedirectRefused, None),
        ("invalid_scope", None, RedirectRefused, None),
        ("server_error", None, RedirectRefused, None),
    ],
)
async def test_an_error_comes_back_typed_with_the_callers_state_and_a_way_on(
    flow: AuthFlow,
    hosted: Hosted,
    error: str,
    description: str | None,
    kind: type[OAuthError],
    trigger: str | None,
) -> None:
    event = SignInWithRedirect(redirect_uri=CALLBACK, custom_state="ü")
    step = await flow.send(event)
    parameters = {"error": error, **({"error_description": description} if description else {})}
    with pytest.raises(kind) as caught:
        await flow.send(ReturnFromRedirect(url=error_return(url_of(step), **parameters)))
    assert (caught.value.error, caught.value.description) == (error, description)
    assert (caught.value.custom_state, caught.value.trigger) == ("ü", trigger)
    assert not caught.value.retryable
    assert hosted.requests == []
    assert flow.step == step
    # A fresh URL in the same flow, or another way to sign in.
    assert isinstance(await came_back(flow, hosted, url_of(await flow.send(event))), Done)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (400, {"error": "invalid_grant"}, "older than five minutes"),
        (
            400,
            {"error": "unauthorized_client", "error_description": "invalid_redirect"},
            "redirect_uri differs",
        ),
        (401, {"error": "invalid_client"}, "client secret"),
        (200, {"error": "invalid_request"}, "invalid_request"),
    ],
)
async def test_a_refusal_of_the_token_endpoint_is_typed_and_the_code_is_never_sent_twice(
    flow: AuthFlow, hosted: Hosted, status: int, body: dict[str, str], message: str
) -> None:
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    hosted.answers[TOKEN_URL] = Fetched(status, json.dumps(body).encode())
    with pytest.raises(TokenRequestRefused, match=message):
        await flow.send(ReturnFromRedirect(url=url))
    with pytest.raises(RedirectAlreadyUsed):
        await flow.send(ReturnFromRedirect(url=url))
    assert len(hosted.posts()) == 1
    del hosted.answers[TOKEN_URL]
    assert isinstance(await came_back(flow, hosted, url_of(await flow.send(BEGIN))), Done)


async def test_an_answer_of_no_use_is_malformed_and_the_code_is_not_sent_again(
    flow: AuthFlow, hosted: Hosted
) -> None:
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    hosted.answers[TOKEN_URL] = Fetched(502, b"<html>")
    with pytest.raises(MalformedResponse) as caught:
        await flow.send(ReturnFromRedirect(url=url))
    assert not caught.value.retryable
    with pytest.raises(FateUnknown):
        await flow.send(ReturnFromRedirect(url=url))
    assert len(hosted.posts()) == 1
    del hosted.answers[TOKEN_URL]
    assert isinstance(await came_back(flow, hosted, url_of(await flow.send(BEGIN))), Done)


@pytest.mark.parametrize(
    ("failure", "operation"),
    [
        (ConnectFailed("no route.", operation="GET", retryable=True), "GET"),
        (Fetched(503, b""), "jwks.json"),
        (Fetched(203, json.dumps(JWKS).encode()), "jwks.json"),
        (Fetched(200, b"<html>"), "jwks.json"),
        (Fetched(200, b"{}"), "jwks.json"),
    ],
)
async def test_keys_that_cannot_be_had_leave_the_code_unspent(
    flow: AuthFlow, hosted: Hosted, failure: Any, operation: str
) -> None:
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    hosted.answers[KEYS_URL] = failure
    with pytest.raises(AuthFlowError) as caught:
        await flow.send(ReturnFromRedirect(url=url))
    assert caught.value.retryable
    assert isinstance(caught.value, ResponseError | ConnectFailed)
    assert caught.value.operation == operation
    if isinstance(caught.value, MalformedResponse):
        assert caught.value.status == failure.status
    assert hosted.posts() == []
    del hosted.answers[KEYS_URL]
    assert isinstance(await flow.send(ReturnFromRedirect(url=url)), Done)


@pytest.mark.parametrize("second", ["the new key", "an outage"])
async def test_a_key_that_is_new_does_not_lose_the_tokens(
    flow: AuthFlow, hosted: Hosted, second: str
) -> None:
    """The keys of before the rotation come first, then those of after it, or nothing."""
    old = Fetched(200, json.dumps({"keys": [{**JWKS["keys"][0], "kid": "old"}]}).encode())
    new = Fetched(200, json.dumps(JWKS).encode()) if second == "the new key" else Fetched(503, b"")
    answers = [old, new]
    hosted.answers[KEYS_URL] = lambda: answers.pop(0)
    step = await came_back(flow, hosted, url_of(await flow.send(BEGIN)))
    assert isinstance(step, Done)
    assert answers == []


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "another"}, {"aud": "another"}, {"iss": "https://evil.example"}, {"exp": NOW - 100}],
)
async def test_a_wrong_id_token_signs_nobody_in(
    flow: AuthFlow, hosted: Hosted, claims: dict[str, Any]
) -> None:
    hosted.claims = claims
    with pytest.raises(InvalidToken):
        await came_back(flow, hosted, url_of(await flow.send(BEGIN)))
    assert not flow.signed_in
    assert isinstance(flow.step, RedirectRequired)


async def test_a_missing_id_token_signs_nobody_in(flow: AuthFlow, hosted: Hosted) -> None:
    url = hosted.visit(url_of(await flow.send(BEGIN)).replace("openid", "email"))
    with pytest.raises(InvalidToken, match="no id token"):
        await flow.send(ReturnFromRedirect(url=url))


async def test_max_age_is_checked_against_auth_time(flow: AuthFlow, hosted: Hosted) -> None:
    hosted.claims = {"auth_time": NOW - 1000}
    event = SignInWithRedirect(redirect_uri=CALLBACK, max_age=600)
    with pytest.raises(InvalidToken, match="max_age"):
        await came_back(flow, hosted, url_of(await flow.send(event)))


async def test_a_lost_answer_is_never_asked_for_again(flow: AuthFlow, hosted: Hosted) -> None:
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    hosted.answers[TOKEN_URL] = ConnectionLost("it broke.", operation="POST")
    with pytest.raises(ConnectionLost):
        await flow.send(ReturnFromRedirect(url=url))
    with pytest.raises(FateUnknown):
        await flow.send(ReturnFromRedirect(url=url))
    assert len(hosted.posts()) == 1
    del hosted.answers[TOKEN_URL]
    assert isinstance(await came_back(flow, hosted, url_of(await flow.send(BEGIN))), Done)


async def test_a_token_request_that_never_left_may_be_made_again(
    flow: AuthFlow, hosted: Hosted
) -> None:
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    hosted.answers[TOKEN_URL] = ConnectFailed("no route.", operation="POST", retryable=True)
    with pytest.raises(ConnectFailed):
        await flow.send(ReturnFromRedirect(url=url))
    del hosted.answers[TOKEN_URL]
    assert isinstance(await flow.send(ReturnFromRedirect(url=url)), Done)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
async def test_cancelled_at_any_await_the_code_is_sent_at_most_once(
    flow: AuthFlow, hosted: Hosted, at: int
) -> None:
    """Awaits 1 and 2 are those of the keys, 3 and 4 those of the token request."""
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    with anyio.CancelScope() as scope:
        hosted.at_await = lambda number: scope.cancel() if number == at else None
        await flow.send(ReturnFromRedirect(url=url))
    assert scope.cancelled_caught
    hosted.at_await = lambda number: None
    sent = len(hosted.posts())
    if at <= 2:
        assert isinstance(await flow.send(ReturnFromRedirect(url=url)), Done)
    else:
        with pytest.raises(FateUnknown):
            await flow.send(ReturnFromRedirect(url=url))
        assert len(hosted.posts()) == sent
        assert isinstance(await came_back(flow, hosted, url_of(await flow.send(BEGIN))), Done)


# Time, storage, other ways


async def test_the_step_has_an_hour_of_its_own(
    flow: AuthFlow, hosted: Hosted, clock: Clock
) -> None:
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    assert (flow.record.issued_at, flow.record.expires_at) == (NOW, NOW + 3600)
    clock.now += 3599
    assert isinstance(await flow.send(ReturnFromRedirect(url=url)), Done)


async def test_the_hour_is_over_after_an_hour(flow: AuthFlow, hosted: Hosted, clock: Clock) -> None:
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    clock.now += 3600
    with pytest.raises(SessionExpired):
        await flow.send(ReturnFromRedirect(url=url))


async def test_a_return_after_the_hour_is_expired(hosted: Hosted, clock: Clock) -> None:
    pool = POOL.model_copy(update={"redirect_validity": 60})
    flow = AuthFlow(pool, transport=hosted, clock=clock)
    url = hosted.visit(url_of(await flow.send(BEGIN)))
    clock.now += 60
    with pytest.raises(SessionExpired):
        await flow.send(ReturnFromRedirect(url=url))
    assert (flow.step, hosted.requests) == (Idle(), [])


async def test_a_parked_flow_is_finished_by_another_process(hosted: Hosted, clock: Clock) -> None:
    sealer = Sealer([new_key()])
    first = AuthFlow(POOL, transport=hosted, clock=clock)
    url = url_of(await first.send(SignInWithRedirect(redirect_uri=CALLBACK, custom_state="x")))
    text = first.park(sealer)
    assert len(text) < 3000
    second = AuthFlow.resume(text, POOL, sealer=sealer, transport=hosted, clock=clock)
    assert second.record == first.record
    step = await came_back(second, hosted, url)
    assert isinstance(step, Done)
    assert step.custom_state == "x"


async def test_cancel_and_a_password_sign_in_leave_the_step(flow: AuthFlow) -> None:
    await flow.send(BEGIN)
    assert {"return_from_redirect", "sign_in_with_redirect", "sign_in", "cancel"} <= set(
        flow.accepts
    )
    await flow.send(Cancel())
    assert flow.record.redirect is None
    await flow.send(BEGIN)
    with pytest.raises(GuardRejected):
        await flow.send(SignIn(username="ada"))
    assert isinstance(flow.step, RedirectRequired)


async def test_who_is_signed_in_signs_out_first(flow: AuthFlow, hosted: Hosted) -> None:
    await came_back(flow, hosted, url_of(await flow.send(BEGIN)))
    with pytest.raises(GuardRejected):
        await flow.send(BEGIN)


async def test_a_transport_without_fetch_gets_connections_of_the_flows_own() -> None:
    class Api:
        async def call(self, operation: str, body: object) -> dict[str, Any]:
            raise AssertionError(operation)

        async def aclose(self) -> None: ...

    pool = POOL.model_copy(
        update={"domain": "http://127.0.0.1:1", "endpoint": "http://127.0.0.1:1"}
    )
    async with AuthFlow(pool, transport=Api()) as flow:
        url = url_of(await flow.send(BEGIN))
        state = parse_qs(urlsplit(url).query)["state"][0]
        with pytest.raises(ConnectFailed):
            await flow.send(ReturnFromRedirect(url=f"{CALLBACK}?code=c&state={state}"))
