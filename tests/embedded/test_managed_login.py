"""Managed login: the OAuth endpoints and the pages, by a plain HTTP client that keeps cookies."""

from __future__ import annotations

import base64
import gc
import hashlib
import re
import weakref
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest

from auth_flow.embedded import (
    ClientSettings,
    EmbeddedCognito,
    PasswordPolicy,
    PoolSettings,
    Triggers,
    TurnableClock,
)
from auth_flow.embedded._login._attempts import BrowserSignIns
from tests.embedded.hosted import CALLBACK, LOGOUT, OAUTH, App, Browser, claims
from tests.embedded.wire import PASSWORD, Wire, settings

pytestmark = pytest.mark.anyio

CHALLENGE_METHOD = "code_challenge_method should be S256"


# The whole way


@pytest.mark.parametrize(
    ("scope", "readable"),
    [
        ("openid", {"email", "email_verified", "phone_number", "phone_number_verified", "name"}),
        ("openid email", {"email", "email_verified"}),
        ("openid phone", {"phone_number", "phone_number_verified"}),
        ("openid profile", {"name"}),
    ],
)
async def test_the_scopes_limit_what_an_id_token_says(
    app: App, scope: str, readable: set[str]
) -> None:
    scopes = ("openid", "email", "phone", "profile")
    app.client_id = app.wire.pool.create_client(
        ClientSettings(**{**OAUTH, "allowed_oauth_scopes": scopes})
    ).id
    ada = app.wire.pool.user("ada")
    assert ada is not None
    ada.write({"name": "Ada"})
    app.wire.pool.save(ada)
    await app.authorize(scope=scope)
    await app.sign_in()
    identity = claims((await app.redeem()).json()["id_token"])
    personal = ("email", "email_verified", "phone_number", "phone_number_verified", "name")
    assert {name for name in personal if name in identity} == readable


async def test_from_authorize_to_tokens(app: App) -> None:
    await app.authorize(resource="https://api.example.org")
    assert app.browser.title == "Sign in"
    await app.sign_in()
    assert app.browser.left_for.startswith(f"{CALLBACK}?")
    assert app.browser.returned["state"] == "st-1"
    assert re.fullmatch(r"[\w-]{43}", app.browser.returned["code"])
    ada = {"UserPoolId": app.wire.pool.id, "Username": "ada"}
    sessions = await app.wire.service_call("AdminListUserSessions", **ada)
    assert sessions == {"Sessions": []}  # the page itself needs none any more
    reply = await app.redeem()
    sessions = await app.wire.service_call("AdminListUserSessions", **ada)
    assert [one["ClientId"] for one in sessions["Sessions"]] == [app.client_id]
    tokens = reply.json()
    assert set(tokens) == {"id_token", "access_token", "refresh_token", "expires_in", "token_type"}
    assert reply.headers["cache-control"] == "no-store"
    identity, access = claims(tokens["id_token"]), claims(tokens["access_token"])
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert (identity["nonce"], identity["email"]) == ("n-1", "ada@example.org")
    assert "phone_number" not in identity
    assert (access["scope"], access["aud"]) == ("openid email", "https://api.example.org")

    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    basic = {"authorization": f"Basic {tokens['access_token']}"}
    refused = await app.wire.http.get("/oauth2/userInfo", headers=basic)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer error=")
    info = (await app.wire.http.get("/oauth2/userInfo", headers=bearer)).json()
    assert info == {
        "sub": identity["sub"],
        "email": "ada@example.org",
        "email_verified": "true",
        "username": "ada",
    }
    renewed = await app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert set(renewed.json()) == {"id_token", "access_token", "expires_in", "token_type"}
    again = claims(renewed.json()["access_token"])
    assert (again["scope"], again["aud"]) == ("openid email", "https://api.example.org")
    await app.wire.http.post(
        "/oauth2/revoke", data={"token": tokens["refresh_token"], "client_id": app.client_id}
    )
    again = await app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    gone = await app.wire.http.get("/oauth2/userInfo", headers=bearer)
    assert (gone.status_code, gone.json()["error"]) == (401, "invalid_token")


async def test_the_trigger_is_told_that_the_tokens_are_hosted(app: App) -> None:
    sources: list[str] = []
    app.wire.pool.triggers = Triggers(
        pre_token_generation=lambda event: sources.append(event["triggerSource"])
    )
    await app.authorize()
    await app.sign_in()
    await app.redeem()
    assert sources == ["TokenGeneration_HostedAuth"]


async def test_a_browser_that_is_signed_in_gets_a_code_at_once(app: App) -> None:
    await app.authorize()
    await app.sign_in()
    first = app.browser.returned["code"]
    await app.authorize(prompt="none", state="st-2")
    assert app.browser.returned["state"] == "st-2"
    assert app.browser.returned["code"] != first
    app.browser.left_for = ""
    await app.authorize(prompt="login")
    assert app.browser.title == "Sign in"
    await app.browser.get("/logout", client_id=app.client_id, logout_uri=LOGOUT)
    assert app.browser.left_for == LOGOUT
    await app.authorize(prompt="none")
    assert app.browser.returned == {"error": "login_required", "state": "st-1"}


async def test_a_browser_is_not_signed_in_as_the_next_user_of_the_name(app: App) -> None:
    await app.authorize()
    await app.sign_in()
    pool = app.wire.pool
    await app.wire.call("AdminDeleteUser", UserPoolId=pool.id, Username="ada")
    pool.create_user("ada", "Other-Horse-1")
    refused = await app.redeem()
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    await app.authorize(prompt="none")
    assert app.browser.returned == {"error": "login_required", "state": "st-1"}


async def test_the_implicit_flow(app: App) -> None:
    client = app.wire.pool.clients.get(app.client_id)
    assert client is not None
    client.settings = client.settings.model_copy(update={"allowed_oauth_flows": ("implicit",)})
    app.wire.pool.clients.put(client.id, client)
    implicit = {"response_type": "token", "code_challenge": None, "code_challenge_method": None}
    await app.authorize(**implicit)
    await app.sign_in()
    assert app.browser.left_for.startswith(f"{CALLBACK}#")
    assert claims(app.browser.returned["id_token"])["nonce"] == "n-1"
    assert app.browser.returned["expires_in"] == "3600"
    assert app.browser.returned["token_type"] == "Bearer"
    assert app.browser.returned["state"] == "st-1"
    assert set(app.browser.returned) == {
        "id_token",
        "access_token",
        "expires_in",
        "token_type",
        "state",
    }
    await app.authorize(**implicit, scope="aws.cognito.signin.user.admin")
    assert "id_token" not in app.browser.returned
    admin = {"AccessToken": app.browser.returned["access_token"]}
    assert (await app.wire.call("GetUser", **admin))["Username"] == "ada"


# Requests that are refused


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"response_type": "code token"}, "invalid_request", "response_type is code or token"),
        ({"response_type": None}, "invalid_request", "response_type is code or token"),
        ({"response_type": "token"}, "unauthorized_client", None),
        ({"code_challenge_method": "plain"}, "invalid_request", CHALLENGE_METHOD),
        ({"code_challenge_method": None}, "invalid_request", CHALLENGE_METHOD),
        ({"code_challenge": None}, "invalid_request", CHALLENGE_METHOD),
        ({"scope": "openid offline_access"}, "invalid_scope", None),
        ({"scope": "openid phone"}, "invalid_scope", None),
        ({"scope": "email"}, "invalid_scope", None),
        ({"scope": "made-up"}, "invalid_scope", None),
        ({"prompt": "none login"}, "invalid_request", "prompt=none goes with no other value"),
        ({"prompt": "none"}, "login_required", None),
    ],
)
async def test_what_the_application_is_told(
    app: App, changes: dict[str, str | None], error: str, description: str | None
) -> None:
    await app.authorize(**changes)
    assert app.browser.left_for.startswith(f"{CALLBACK}?")
    told = {"error": error, "error_description": description, "state": "st-1"}
    assert app.browser.returned == {name: text for name, text in told.items() if text}


@pytest.mark.parametrize("scope", ["email", "phone", "profile", "openid", "api/read"])
async def test_scopes_about_the_user_need_openid(app: App, scope: str) -> None:
    server = {"UserPoolId": app.wire.pool.id, "Identifier": "api", "Name": "API"}
    scopes = [{"ScopeName": "read", "ScopeDescription": "Read"}]
    await app.wire.call("CreateResourceServer", **server, Scopes=scopes)
    allowed = ("openid", "email", "phone", "profile", "api/read")
    app.client_id = app.wire.pool.create_client(
        ClientSettings(**{**OAUTH, "allowed_oauth_scopes": allowed})
    ).id
    await app.authorize(scope=scope)
    refused = scope in ("email", "phone", "profile")
    assert (app.browser.returned.get("error") == "invalid_scope") == refused


async def test_a_client_that_may_not_use_oauth(app: App) -> None:
    settings = {**OAUTH, "allowed_oauth_flows_user_pool_client": False}
    app.client_id = app.wire.pool.create_client(ClientSettings(**settings)).id
    await app.authorize()
    assert app.browser.returned == {"error": "unauthorized_client", "state": "st-1"}


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"client_id": None}, "This request cannot be carried out"),
        ({"client_id": "nobody"}, "This request cannot be carried out"),
        ({"redirect_uri": f"{CALLBACK}/"}, "The application's address is not registered"),
        ({"redirect_uri": None}, "The application's address is not registered"),
        ({"state": "a\\b"}, "This request cannot be carried out"),
        ({"state": "http://a"}, "This request cannot be carried out"),
        ({"state": "a" * 2049}, "This request cannot be carried out"),
        ({"identity_provider": "Acme"}, "This request cannot be carried out"),
    ],
)
async def test_what_the_person_is_told(
    app: App, changes: dict[str, str | None], title: str
) -> None:
    await app.authorize(**changes)
    assert app.browser.left_for == ""
    assert app.browser.page is not None
    assert (app.browser.page.status_code, app.browser.title) == (400, title)


async def test_the_pool_is_a_provider_of_every_client(app: App) -> None:
    await app.authorize(identity_provider="COGNITO")
    assert app.browser.title == "Sign in"


@pytest.mark.parametrize("state", ["a" * 2048, "a/b|c:d", None])
async def test_a_state_comes_back(app: App, state: str | None) -> None:
    await app.authorize(state=state)
    await app.sign_in()
    assert app.browser.returned.keys() == {"code"} | ({"state"} if state else set())
    assert app.browser.returned.get("state") == state


@pytest.mark.parametrize(
    ("callbacks", "default", "given", "used"),
    [
        (["http://localhost/a"], None, None, "http://localhost/a?"),
        (["http://localhost/a", "http://[::1]/b"], "http://[::1]/b", None, "http://[::1]/b?"),
        (["http://localhost/a?b=c"], None, "http://localhost/a?b=c", "http://localhost/a?b=c&"),
        (["http://127.0.0.1:1/a"], None, "http://127.0.0.1:1/a", "http://127.0.0.1:1/a?"),
        (["https://app.example/a"], None, "https://app.example/a", "https://app.example/a?"),
        (["com.example.app://a"], None, "com.example.app://a", "com.example.app://a?"),
        (["http://app.example/a"], None, "http://app.example/a", None),
        (["http://localhost/a"], "http://localhost/b", None, None),
        (["http://localhost/a", "http://localhost/b"], None, None, None),
        ([], None, None, None),
    ],
)
async def test_where_the_browser_returns_to(
    app: App, callbacks: list[str], default: str | None, given: str | None, used: str | None
) -> None:
    own = {"callback_urls": tuple(callbacks), "default_redirect_uri": default}
    app.client_id = app.wire.pool.create_client(ClientSettings(**{**OAUTH, **own})).id
    await app.authorize(redirect_uri=given)
    if used is None:
        assert app.browser.title == "The application's address is not registered"
        return
    await app.sign_in()
    assert app.browser.left_for.startswith(f"{used}code=")


async def test_unknown_scopes_are_left_out(app: App) -> None:
    await app.authorize(scope="openid email made-up")
    await app.sign_in()
    assert claims((await app.redeem()).json()["access_token"])["scope"] == "openid email"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "another"}, {"error": "invalid_grant"}),
        ({"code_verifier": "b" * 43}, {"error": "invalid_grant"}),
        (
            {"redirect_uri": "http://localhost:3000/other"},
            {"error": "unauthorized_client", "error_description": "invalid_redirect"},
        ),
        ({"client_id": "nobody"}, {"error": "invalid_client"}),
        ({"grant_type": "password"}, {"error": "unsupported_grant_type"}),
        ({"grant_type": "client_credentials"}, {"error": "unauthorized_client"}),
    ],
)
async def test_codes_that_are_not_exchanged(
    app: App, changes: dict[str, str], error: dict[str, str]
) -> None:
    await app.authorize()
    await app.sign_in()
    refused = await app.redeem(**changes)
    assert (refused.status_code, refused.json()) == (400, error)


async def test_a_code_is_used_once_and_soon(app: App, clock: TurnableClock) -> None:
    await app.authorize()
    await app.sign_in()
    assert (await app.redeem()).status_code == 200
    assert (await app.redeem()).json() == {"error": "invalid_grant"}
    await app.authorize()
    clock.turn(seconds=299)
    assert (await app.redeem()).status_code == 200
    await app.authorize()
    clock.turn(seconds=300)
    assert (await app.redeem()).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize("by_header", [False, True])
async def test_a_machine_gets_a_token_for_itself(wire: Wire, by_header: bool) -> None:
    await wire.call(
        "CreateResourceServer",
        UserPoolId=wire.pool.id,
        Identifier="api",
        Name="API",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}],
    )
    client = wire.pool.create_client(
        ClientSettings(
            generate_secret=True,
            allowed_oauth_flows=("client_credentials",),
            allowed_oauth_scopes=("api/read",),
        )
    )
    assert client.secret is not None
    form = {"grant_type": "client_credentials", "scope": "api/read"}
    if by_header:
        auth = httpx.BasicAuth(client.id, client.secret)
        reply = await wire.http.post("/oauth2/token", data=form, auth=auth)
    else:
        secret = {"client_id": client.id, "client_secret": client.secret}
        reply = await wire.http.post("/oauth2/token", data={**form, **secret})
    token = claims(reply.json()["access_token"])
    assert (token["sub"], token["scope"]) == (client.id, "api/read")
    lifetime = token["exp"] - token["iat"]
    assert (token["client_id"], lifetime) == (client.id, reply.json()["expires_in"])
    wrong = httpx.BasicAuth(client.id, "wrong")
    refused = await wire.http.post("/oauth2/token", data=form, auth=wrong)
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_client"})
    for unreadable in (b"Basic !", b"Basic \xe9", b"Basic /w=="):
        headers = {"authorization": unreadable}
        refused = await wire.http.post("/oauth2/token", data=form, headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    deep = {**form, "aws_client_metadata": "[" * 9999}
    refused = await wire.http.post("/oauth2/token", data=deep, auth=(client.id, client.secret))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    scope = {"grant_type": "client_credentials", "scope": "api/write"}
    auth = httpx.BasicAuth(client.id, client.secret)
    refused = await wire.http.post("/oauth2/token", data=scope, auth=auth)
    assert refused.json() == {"error": "invalid_scope"}


# The pages


async def test_a_wrong_password_is_told_on_the_page(app: App) -> None:
    await app.authorize()
    await app.sign_in(password="Wrong-Horse-1")
    assert app.browser.title == "Error: Sign in"
    assert 'role="alert"' in app.browser.text
    assert 'value="ada"' in app.browser.text
    assert "Wrong-Horse-1" not in app.browser.text
    await app.sign_in()
    assert "code" in app.browser.returned


async def test_pages_have_their_security_headers(app: App) -> None:
    await app.authorize()
    assert app.browser.page is not None
    headers = app.browser.page.headers
    assert app.browser.page.status_code == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "form-action" not in headers["content-security-policy"]
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "same-origin")
    style = await app.wire.http.get("/login/style.css")
    assert style.headers["content-type"].startswith("text/css")


async def test_sign_up_confirm_and_sign_in(app: App) -> None:
    app.wire.pool.settings = PoolSettings(password_policy=PasswordPolicy(minimum_length=9))
    await app.authorize()
    await app.browser.submit("go:sign_up")
    assert app.browser.title == "Create an account"
    assert "At least 9 characters." in app.browser.text
    await app.browser.submit(
        username="zoe", new_password=PASSWORD, **{"attributes.email": "zoe@example.org"}
    )
    await app.browser.submit(code=app.wire.code("zoe"))
    assert "code" in app.browser.returned
    identity = claims((await app.redeem()).json()["id_token"])
    assert identity["cognito:username"] == "zoe"


async def test_the_pages_lead_to_each_other(app: App) -> None:
    await app.authorize()
    for action, title in (
        ("go:sign_up", "Create an account"),
        ("go:confirm_sign_up", "Confirm your account"),
        ("go:sign_in", "Sign in"),
        ("go:forgot_password", "Reset your password"),
        ("go:sign_in", "Sign in"),
    ):
        await app.browser.submit(action)
        assert app.browser.title == title
    await app.sign_in()
    assert "code" in app.browser.returned


async def test_a_forgotten_password(app: App) -> None:
    await app.browser.get(
        "/forgotPassword", client_id=app.client_id, redirect_uri=CALLBACK, response_type="code"
    )
    await app.browser.submit(username="ada")
    await app.browser.submit(code=app.wire.code(), new_password="New-Correct-Horse-2")
    assert "Your account is ready" in app.browser.text
    await app.browser.submit(password="New-Correct-Horse-2")
    assert "code" in app.browser.returned


async def test_a_new_password_and_a_second_factor(app: App) -> None:
    app.wire.pool.settings = PoolSettings(mfa_configuration="ON", mfa_factors=("EMAIL_OTP",))
    app.wire.pool.create_user(
        "bob",
        "Temporary-1!",
        attributes={"email": "bob@example.org"},
        status="FORCE_CHANGE_PASSWORD",
    )
    await app.authorize()
    await app.sign_in("bob", "Temporary-1!")
    await app.browser.submit(new_password="short")
    assert app.browser.title.startswith("Error: ")
    await app.browser.submit(new_password=PASSWORD)
    await app.browser.submit(code=app.wire.code("bob"))
    assert "code" in app.browser.returned


async def test_a_page_of_an_earlier_step(app: App) -> None:
    app.wire.pool.settings = PoolSettings(mfa_configuration="ON", mfa_factors=("EMAIL_OTP",))
    await app.authorize()
    old = app.browser.page
    await app.sign_in()
    present = app.browser.title
    app.browser.page = old
    await app.sign_in()
    assert app.browser.title == present
    assert "out of date" in app.browser.text


async def test_an_attempt_of_another_browser(app: App) -> None:
    await app.authorize()
    async with app.wire.service.http_client() as http:
        other = Browser(http, app.browser.page)
        await other.submit(username="ada", password=PASSWORD)
    assert other.page is not None
    assert (other.page.status_code, other.title) == (400, "This sign-in has expired")


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, False),
        ({"origin": "http://embedded"}, False),
        ({"origin": "http://embedded:81"}, True),
        ({"origin": "null"}, True),
    ],
)
async def test_a_form_that_another_site_posts(
    app: App, headers: dict[str, str], foreign: bool
) -> None:
    await app.authorize()
    app.browser.http.headers.update(headers)
    await app.sign_in()
    assert ("code" in app.browser.returned) != foreign
    assert app.browser.page is not None
    assert (app.browser.page.status_code == 403) == foreign


async def test_the_pages_ask_for_what_the_pool_wants(app: App) -> None:
    rules = {
        "uppercase": "upper-case letter",
        "lowercase": "lower-case letter",
        "numbers": "digit",
        "symbols": "symbol",
    }
    address = {"client_id": app.client_id, "redirect_uri": CALLBACK, "response_type": "code"}
    for required in rules:
        settings(
            app.wire,
            password_policy={f"require_{kind}": kind == required for kind in rules},
            required_attributes=("name", "email"),
            auto_verified_attributes=("email", "phone_number"),
            username_attributes=("email",),
        )
        await app.browser.get("/signup", **address, login_hint="zoe@example.org")
        assert app.browser.title == "Create an account"
        assert 'value="zoe@example.org"' in app.browser.text
        told = [kind for kind, text in rules.items() if f"At least one {text}" in app.browser.text]
        assert told == [required]
        fields = re.findall(r'name="attributes\.(\w+)"', app.browser.text)
        assert fields == ["name", "phone_number"]


async def test_an_account_that_is_deleted_during_its_sign_in(app: App) -> None:
    async def delete(event: dict[str, Any]) -> None:
        named = {"UserPoolId": event["userPoolId"], "Username": event["userName"]}
        await app.wire.call("AdminDeleteUser", **named)

    app.wire.pool.triggers = Triggers(post_authentication=delete)
    await app.authorize()
    await app.sign_in()
    assert app.browser.title == "Error: Sign in"
    await app.authorize(prompt="none")
    assert app.browser.returned["error"] == "login_required"


def test_a_thousand_sign_ins_are_kept() -> None:
    attempts, anything = BrowserSignIns(), cast("Any", None)
    begun = [attempts.begin(anything, anything, "browser", 0) for _ in range(1001)]
    known = [attempts.get(attempt.id, "browser", 0) is attempt for attempt in begun]
    assert known == [False, *[True] * 1000]
    kept = [weakref.ref(attempt) for attempt in begun]
    begun.clear()
    last = attempts.begin(anything, anything, "browser", 3600)
    assert attempts.get(last.id, "browser", 3600) is last
    gc.collect()
    assert not any(attempt() for attempt in kept)  # they have expired


async def test_an_attempt_that_was_left_for_too_long(app: App, clock: TurnableClock) -> None:
    for seconds, expired in ((3599, False), (3600, True)):
        app.browser.http.cookies.clear()
        await app.authorize()
        clock.turn(seconds=seconds)
        await app.sign_in()
        assert ("code" not in app.browser.returned) == expired
        app.browser.left_for = ""
    assert app.browser.title == "This sign-in has expired"


async def test_a_browser_is_signed_in_for_an_hour(app: App, clock: TurnableClock) -> None:
    await app.authorize()
    await app.sign_in()
    clock.turn(seconds=3599)
    await app.authorize(prompt="none")
    assert "code" in app.browser.returned
    clock.turn(seconds=1)
    await app.authorize(prompt="none")
    assert app.browser.returned["error"] == "login_required"


async def test_the_browser_of_a_disabled_user_is_not_signed_in(app: App) -> None:
    await app.authorize()
    await app.sign_in()
    await app.wire.call("AdminDisableUser", UserPoolId=app.wire.pool.id, Username="ada")
    await app.authorize(prompt="none")
    assert app.browser.returned["error"] == "login_required"


async def test_cookies_are_out_of_the_reach_of_scripts_and_other_sites(app: App) -> None:
    def cookies(response: httpx.Response) -> dict[str, str]:
        written = response.headers.get_list("set-cookie")
        return {text.partition("=")[0]: text.partition("; ")[2] for text in written}

    query = {"client_id": app.client_id, "redirect_uri": CALLBACK, "response_type": "code"}
    begun = await app.browser.http.get("/login", params=query)
    own = f"cognito-{app.wire.pool.id}"
    rules = "Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"
    assert cookies(begun) == {"cognito-sign-in": rules}
    assert re.fullmatch(r"/login\?flow=[\w-]{22}", begun.headers["location"])
    assert len(app.browser.http.cookies["cognito-sign-in"]) == 22
    app.browser.page = await app.browser.http.get(begun.headers["location"])
    form = app.browser.filled_in(username="ada", password=PASSWORD)
    assert cookies(await app.browser.http.post("/login", data=form)) == {own: rules}
    assert len(app.browser.http.cookies[own]) == 43
    out = {"client_id": app.client_id, "logout_uri": LOGOUT}
    left = await app.browser.http.get("/logout", params=out)
    assert cookies(left) == {own: rules.replace("3600", "0")}
    unreadable = {"cookie": "a b=c; [=]"}
    left = await app.browser.http.get("/logout", params=out, headers=unreadable)
    assert left.headers["location"] == LOGOUT


async def test_a_client_that_is_deleted_meanwhile(app: App) -> None:
    await app.authorize()
    assert app.browser.page is not None
    named = {"UserPoolId": app.wire.pool.id, "ClientId": app.client_id}
    await app.wire.call("DeleteUserPoolClient", **named)
    await app.browser.get(str(app.browser.page.url))
    assert app.browser.title == "Sign in"
    await app.sign_in()
    assert app.browser.title == "Error: Sign in"
    assert "does not exist" in app.browser.text


async def test_a_second_tab_is_a_sign_in_of_its_own(app: App) -> None:
    await app.authorize(state="st-1")
    first = app.browser.page
    await app.authorize(state="st-2")
    await app.sign_in()
    assert app.browser.returned["state"] == "st-2"
    app.browser.page = first
    await app.sign_in()
    assert app.browser.returned["state"] == "st-1"
    assert (await app.redeem()).status_code == 200


async def test_a_redirect_that_was_abandoned(app: App) -> None:
    """The person leaves the page open, signs in anew, and comes back to the finished one."""
    await app.authorize()
    abandoned = app.browser.page
    await app.sign_in()
    finished = app.browser.left_for
    app.browser.page, app.browser.left_for = abandoned, ""
    await app.sign_in()
    assert app.browser.title == "This sign-in has expired"
    assert "Go back to the application and sign in again" in app.browser.text
    assert app.browser.left_for == ""
    app.browser.left_for = finished
    assert (await app.redeem()).status_code == 200


# Identity providers


@dataclass
class Provided:
    """A pool whose users also come from another pool, which stands in for a provider."""

    app: App
    provider: EmbeddedCognito


@pytest.fixture
async def provided(app: App) -> Provided:
    service, pool = app.wire.service, app.wire.pool
    other = service.create_pool(PoolSettings(name="Acme", issuer_type="LOCAL"), key=pool.key)
    other.create_user("carol", PASSWORD, attributes={"email": "carol@example.net"})
    client = other.create_client(
        ClientSettings(
            **{
                **OAUTH,
                "callback_urls": ("http://embedded/oauth2/idpresponse",),
                "generate_secret": True,
            }
        )
    )
    await app.wire.call(
        "CreateIdentityProvider",
        UserPoolId=pool.id,
        ProviderName="Acme",
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": client.id,
            "client_secret": client.secret,
            "attributes_request_method": "GET",
            "oidc_issuer": other.issuer,
            "authorize_scopes": "openid email",
        },
        AttributeMapping={"email": "email"},
    )
    ours = pool.clients.get(app.client_id)
    assert ours is not None
    ours.settings = ours.settings.model_copy(
        update={"supported_identity_providers": ("COGNITO", "Acme")}
    )
    pool.clients.put(ours.id, ours)
    return Provided(app, service)


async def test_a_user_of_a_provider_signs_in(provided: Provided) -> None:
    app, sources = provided.app, list[str]()
    app.wire.pool.triggers = Triggers(
        pre_sign_up=lambda event: sources.append(event["triggerSource"]),
        post_authentication=lambda event: sources.append(event["triggerSource"]),
    )
    await app.authorize()
    assert "Continue with Acme" in app.browser.text
    await app.authorize(identity_provider="Acme")
    await app.sign_in("carol")
    assert app.browser.left_for.startswith(CALLBACK)
    identity = claims((await app.redeem()).json()["id_token"])
    assert identity["cognito:username"].startswith("Acme_")
    assert identity["email"] == "carol@example.net"
    assert "email_verified" not in identity
    assert identity["identities"][0]["providerName"] == "Acme"
    assert sources == ["PreSignUp_ExternalProvider", "PostAuthentication_Authentication"]
    user = await app.wire.call(
        "AdminGetUser", UserPoolId=app.wire.pool.id, Username=identity["cognito:username"]
    )
    assert user["UserStatus"] == "EXTERNAL_PROVIDER"
    sources.clear()
    await app.browser.get("/logout", client_id=app.client_id, logout_uri=LOGOUT)
    await app.authorize(identity_provider="Acme")
    assert sources == ["PostAuthentication_Authentication"]


async def test_a_trigger_verifies_the_address_of_a_user(provided: Provided) -> None:
    events: list[dict[str, Any]] = []

    def verify(event: dict[str, Any]) -> None:
        assert set(event["response"].values()) == {False}
        event["response"].update(autoVerifyEmail=True, autoVerifyPhone=True)

    provided.app.wire.pool.triggers = Triggers(
        pre_sign_up=verify,
        post_authentication=events.append,
    )
    await provided.app.authorize(identity_provider="Acme")
    await provided.app.sign_in("carol")
    identity = claims((await provided.app.redeem()).json()["id_token"])
    assert identity["email_verified"] is True
    (event,) = events
    assert event["request"]["newDeviceUsed"] is False
    assert event["callerContext"]["clientId"] == provided.app.client_id
    user = await provided.app.wire.call(
        "AdminGetUser",
        UserPoolId=provided.app.wire.pool.id,
        Username=identity["cognito:username"],
    )
    assert "phone_number_verified" not in {one["Name"] for one in user["UserAttributes"]}


async def test_a_trigger_refuses_a_user_of_a_provider(provided: Provided) -> None:
    def refuse(_: dict[str, Any]) -> None:
        raise ValueError("Not from there.")

    provided.app.wire.pool.triggers = Triggers(pre_sign_up=refuse)
    await provided.app.authorize(identity_provider="Acme")
    await provided.app.sign_in("carol")
    returned = provided.app.browser.returned
    assert returned["error"] == "invalid_request"
    assert returned["error_description"] == "PreSignUp failed with error Not from there.."


async def test_a_denied_consent_and_a_forged_state(provided: Provided) -> None:
    app = provided.app
    await app.authorize(identity_provider="Acme")
    attempt = next(iter(provided.provider.attempts._attempts.values()))
    assert attempt.provider_state is not None
    await app.browser.get("/oauth2/idpresponse", state="forged", code="x")
    assert app.browser.title == "This sign-in has expired"
    await app.browser.get(
        "/oauth2/idpresponse", state=attempt.provider_state, error="access_denied"
    )
    assert app.browser.returned == {"error": "access_denied", "state": "st-1"}
    app.browser.left_for = ""
    await app.browser.get("/oauth2/idpresponse", state=attempt.provider_state, code="x")
    assert app.browser.title == "This sign-in has expired"


async def test_a_provider_that_does_not_answer(provided: Provided) -> None:
    app = provided.app
    provider = app.wire.pool.providers.get("Acme")
    assert provider is not None
    provider.details["oidc_issuer"] = "http://embedded/nowhere"
    app.wire.pool.providers.put("Acme", provider)
    await app.authorize(identity_provider="Acme")
    assert app.browser.returned["error"] == "invalid_request"
    assert app.browser.returned["error_description"].startswith("Acme Error - ")
