"""Managed login as applications use it: tokens and their end, the user, and a sign-out."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from auth_flow.embedded import ClientSettings
from tests.embedded.hosted import CALLBACK, LOGOUT, OAUTH, App, claims
from tests.embedded.wire import PASSWORD, Wire

pytestmark = pytest.mark.anyio


async def tokens_of(app: App, **changes: str | None) -> dict[str, Any]:
    await app.authorize(**changes)
    if "code" not in app.browser.returned:
        await app.sign_in()
    reply = (await app.redeem()).json()
    app.browser.left_for = ""
    return reply


def told(response: httpx.Response) -> tuple[int, Any]:
    return response.status_code, response.json()


# /oauth2/token


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, {"error": "invalid_request", "error_description": "grant_type is missing"}),
        (
            {"grant_type": "refresh_token"},
            {"error": "invalid_request", "error_description": "refresh_token is missing"},
        ),
        (
            {"grant_type": "refresh_token", "refresh_token": "x"},
            {"error": "invalid_grant", "error_description": "Invalid Refresh Token"},
        ),
        (
            {"grant_type": "refresh_token", "refresh_token": "x", "client_id": ""},
            {"error": "invalid_request", "error_description": "client_id is missing"},
        ),
        ({"grant_type": "authorization_code"}, {"error": "invalid_grant"}),
    ],
)
async def test_forms_that_lack_something(
    app: App, form: dict[str, str], error: dict[str, str]
) -> None:
    assert told(await app.token(**form)) == (400, error)


async def test_a_code_is_exchanged_by_its_own_client(app: App) -> None:
    await app.authorize()
    await app.sign_in()
    mine, app.client_id = app.client_id, app.wire.pool.create_client(ClientSettings(**OAUTH)).id
    assert told(await app.redeem()) == (400, {"error": "invalid_grant"})
    app.client_id = mine
    assert told(await app.redeem()) == (400, {"error": "invalid_grant"})  # it was used up


@pytest.mark.parametrize("challenge", [True, False])
async def test_a_code_with_a_challenge_needs_the_verifier(app: App, challenge: bool) -> None:
    without: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    await app.authorize(**({} if challenge else without))
    await app.sign_in()
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    reply = await app.token(**form, code=app.browser.returned["code"])
    assert reply.status_code == (400 if challenge else 200)
    assert reply.json().get("error") == ("invalid_grant" if challenge else None)


async def test_a_disabled_user_gets_no_tokens(app: App) -> None:
    await app.authorize()
    await app.sign_in()
    await app.wire.call("AdminDisableUser", UserPoolId=app.wire.pool.id, Username="ada")
    error = {"error": "invalid_grant", "error_description": "User is disabled."}
    assert told(await app.redeem()) == (400, error)


async def test_tokens_say_what_the_application_asked_for(app: App) -> None:
    tokens = await tokens_of(app, resource="https://api.example.org", scope="openid")
    assert claims(tokens["access_token"])["aud"] == "https://api.example.org"
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    tokens = await tokens_of(app, scope="aws.cognito.signin.user.admin")
    assert set(tokens) == {"access_token", "refresh_token", "expires_in", "token_type"}
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = await app.token(**form)
    assert set(renewed.json()) == {"access_token", "expires_in", "token_type"}
    everything = await tokens_of(app, scope=None)
    allowed = OAUTH["allowed_oauth_scopes"]
    assert claims(everything["access_token"])["scope"] == " ".join(allowed)


@pytest.mark.parametrize(
    ("settings", "form", "error"),
    [
        ({}, {}, None),
        ({}, {"scope": "api/read api/write"}, None),
        ({}, {"scope": "api/read api/other"}, {"error": "invalid_scope"}),
        ({}, {"scope": "openid"}, {"error": "invalid_scope"}),
        ({"allowed_oauth_scopes": ("openid",)}, {}, {"error": "invalid_scope"}),
        ({"allowed_oauth_flows": ("code",)}, {}, {"error": "unauthorized_client"}),
        ({"generate_secret": False}, {}, {"error": "unauthorized_client"}),
        ({}, {"aws_client_metadata": '{"a": "b"}'}, None),
        (
            {},
            {"aws_client_metadata": "{"},
            {
                "error": "invalid_request",
                "error_description": "aws_client_metadata is not JSON",
            },
        ),
        (
            {},
            {"aws_client_metadata": ""},
            {
                "error": "invalid_request",
                "error_description": "aws_client_metadata is not JSON",
            },
        ),
        (
            {},
            {"aws_client_metadata": "[]"},
            {
                "error": "invalid_request",
                "error_description": "aws_client_metadata is not an object",
            },
        ),
    ],
)
async def test_a_machine_gets_a_token_or_a_reason(
    wire: Wire, settings: dict[str, Any], form: dict[str, str], error: dict[str, str] | None
) -> None:
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write", "other")]
    api = {"UserPoolId": wire.pool.id, "Identifier": "api", "Name": "API", "Scopes": scopes}
    await wire.call("CreateResourceServer", **api)
    usual = {
        "generate_secret": True,
        "allowed_oauth_flows": ("client_credentials",),
        "allowed_oauth_scopes": ("api/read", "api/write", "openid"),
        "access_token_validity": 2,
    }
    client = wire.pool.create_client(ClientSettings(**{**usual, **settings}))
    own = {"client_id": client.id, **({"client_secret": client.secret} if client.secret else {})}
    whole = {"grant_type": "client_credentials", **own, **form}
    reply = await wire.http.post("/oauth2/token", data=whole)
    if error is not None:
        assert told(reply) == (400, error)
        return
    token, now = reply.json(), int(wire.service.clock())
    said = claims(token.pop("access_token"))
    assert said.pop("jti")
    assert token == {"expires_in": 7200, "token_type": "Bearer"}
    assert said == {
        "sub": client.id,
        "token_use": "access",
        "scope": "api/read api/write",
        "auth_time": now,
        "iss": wire.pool.issuer,
        "exp": now + 7200,
        "iat": now,
        "version": 2,
        "client_id": client.id,
    }


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, None),
        ({"client_id": "{id}"}, None),
        ({"client_id": "other"}, "client_id differs from the Authorization header"),
    ],
)
async def test_a_client_shows_its_secret_in_a_header(
    wire: Wire, form: dict[str, str], error: str | None
) -> None:
    client = wire.pool.create_client(ClientSettings(generate_secret=True))
    client.secrets.clear()
    client.add_secret(0, "a+b" * 9)
    wire.pool.clients.put(client.id, client)
    sent = {name: text.format(id=client.id) for name, text in form.items()}
    whole = {"grant_type": "refresh_token", "refresh_token": "x", **sent}
    basic = httpx.BasicAuth(client.id, "a%2Bb" * 9)
    reply = await wire.http.post("/oauth2/token", data=whole, auth=basic)
    description = error or "Invalid Refresh Token"
    kind = "invalid_client" if error else "invalid_grant"
    assert told(reply) == (400, {"error": kind, "error_description": description})
    unreadable = await wire.http.post(
        "/oauth2/token", data=whole, headers={"authorization": "bAsIc !"}
    )
    error_description = "The Authorization header cannot be read"
    assert told(unreadable) == (
        400,
        {"error": "invalid_client", "error_description": error_description},
    )


# /oauth2/revoke


async def test_a_refresh_token_is_revoked_by_its_own_client(app: App) -> None:
    tokens = await tokens_of(app)

    async def revoke(token: str | None, client_id: str) -> httpx.Response:
        form = {"client_id": client_id, **({"token": token} if token else {})}
        return await app.wire.http.post("/oauth2/revoke", data=form)

    pool = app.wire.pool
    other = pool.create_client(ClientSettings(**OAUTH)).id
    cannot = pool.create_client(ClientSettings(**OAUTH, enable_token_revocation=False)).id
    for token, client_id, error, description in (
        (None, app.client_id, "invalid_request", "token is missing"),
        (tokens["access_token"], app.client_id, "unsupported_token_type", None),
        (tokens["refresh_token"], other, "unauthorized_client", None),
        (tokens["refresh_token"], "nobody", "invalid_client", None),
        (
            tokens["refresh_token"],
            cannot,
            "invalid_request",
            "Token revocation is not enabled for the client",
        ),
    ):
        expected = {"error": error, **({"error_description": description} if description else {})}
        assert told(await revoke(token, client_id)) == (400, expected)
    unknown = await revoke("unknown", app.client_id)
    assert (unknown.status_code, unknown.content) == (200, b"")
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await app.token(**renewal)).status_code == 200
    assert (await revoke(tokens["refresh_token"], app.client_id)).status_code == 200
    assert (await app.token(**renewal)).status_code == 400


# /oauth2/userInfo


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_user_of_an_access_token(app: App, method: str) -> None:
    tokens = await tokens_of(app)
    bearer = {"authorization": f"bearer {tokens['access_token']}"}
    reply = await app.wire.http.request(method, "/oauth2/userInfo", headers=bearer)
    assert reply.json()["username"] == "ada"
    for headers, error in (
        ({}, "invalid_request"),
        ({"authorization": "Bearer "}, "invalid_request"),
        ({"authorization": f"Basic {tokens['access_token']}"}, "invalid_request"),
        ({"authorization": "Bearer x"}, "invalid_token"),
    ):
        reply = await app.wire.http.request(method, "/oauth2/userInfo", headers=headers)
        assert (reply.status_code, reply.json()["error"]) == (401, error)
        assert reply.json()["error_description"]
        assert reply.headers["www-authenticate"] == f'Bearer error="{error}"'


async def test_only_tokens_with_openid_tell_the_user(app: App) -> None:
    tokens = await tokens_of(app, scope="aws.cognito.signin.user.admin")
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    reply = await app.wire.http.get("/oauth2/userInfo", headers=bearer)
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_token")


# /logout


async def test_a_sign_out_leads_to_a_registered_address(app: App) -> None:
    await tokens_of(app)
    for parameters, told in (
        ({"logout_uri": f"{LOGOUT}/"}, f"{LOGOUT}/ is not among the logout URLs"),
        ({"logout_uri": CALLBACK}, f"{CALLBACK} is not among the logout URLs"),
        ({"logout_uri": ""}, " is not among the logout URLs"),
        ({}, "neither logout_uri nor redirect_uri"),
        ({"redirect_uri": LOGOUT, "response_type": "code"}, "is not among the callback URLs"),
    ):
        await app.browser.get("/logout", client_id=app.client_id, **parameters)
        assert app.browser.page is not None
        assert app.browser.page.status_code == 400
        assert told in app.browser.text
    await app.browser.get("/logout", logout_uri=LOGOUT)
    assert app.browser.title == "This request cannot be carried out"
    await app.authorize(prompt="none")
    assert "code" in app.browser.returned  # the browser is signed in as before


async def test_a_cookie_of_before_the_sign_out_is_worth_nothing(app: App) -> None:
    await tokens_of(app)
    kept = dict(app.browser.http.cookies)
    await app.browser.get("/logout", client_id=app.client_id, logout_uri=LOGOUT)
    assert dict(app.browser.http.cookies).keys() < kept.keys()
    app.browser.http.cookies.update(kept)
    await app.authorize(prompt="none")
    assert app.browser.returned["error"] == "login_required"


async def test_a_sign_out_that_signs_in_anew(app: App) -> None:
    await tokens_of(app)
    await app.browser.get(
        "/logout",
        client_id=app.client_id,
        redirect_uri=CALLBACK,
        response_type="code",
        state="st-2",
        scope="openid",
    )
    assert app.browser.title == "Sign in"
    app.wire.pool.create_user("bob", PASSWORD)
    await app.sign_in("bob")
    assert app.browser.returned["state"] == "st-2"
    identity = claims((await app.redeem(code_verifier="")).json()["id_token"])
    assert identity["cognito:username"] == "bob"


# Methods


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/oauth2/authorize", "GET"),
        ("/login", "GET, POST"),
        ("/signup", "GET"),
        ("/forgotPassword", "GET"),
        ("/passkeys/add", "GET, POST"),
        ("/login/style.css", "GET"),
        ("/login/passkeys.js", "GET"),
        ("/logout", "GET"),
        ("/oauth2/idpresponse", "GET"),
        ("/oauth2/token", "POST"),
        ("/oauth2/revoke", "POST"),
        ("/oauth2/userInfo", "GET, POST"),
    ],
)
async def test_methods(wire: Wire, path: str, allowed: str) -> None:
    refused = await wire.http.delete(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    statuses = {
        method: (await wire.http.request(method, path)).status_code for method in ("HEAD", "POST")
    }
    assert (statuses["HEAD"] == 405) == ("GET" not in allowed)
    assert (statuses["POST"] == 405) == ("POST" not in allowed)


@pytest.mark.parametrize(
    ("path", "kind"), [("style.css", "text/css"), ("passkeys.js", "text/javascript")]
)
async def test_the_files_of_the_pages(wire: Wire, path: str, kind: str) -> None:
    reply = await wire.http.get(f"/login/{path}")
    assert (reply.status_code, len(reply.content) > 100) == (200, True)
    assert reply.headers["content-type"] == f"{kind}; charset=utf-8"
    assert reply.headers["cache-control"] == "max-age=3600"
    assert reply.headers["x-content-type-options"] == "nosniff"
