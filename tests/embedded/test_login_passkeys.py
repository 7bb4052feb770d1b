"""Passkeys on the pages of managed login, with a passkey in software in place of the browser's."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from auth_flow.embedded import ClientSettings
from tests.embedded.authenticator import Authenticator
from tests.embedded.hosted import CALLBACK, CHALLENGE, OAUTH, App, claims
from tests.embedded.wire import PASSWORD, settings

pytestmark = pytest.mark.anyio

ORIGIN = "http://localhost"


@pytest.fixture
def app(app: App) -> App:
    """The application, whose users choose how to sign in."""
    flows = (*OAUTH["explicit_auth_flows"], "ALLOW_USER_AUTH")
    client = app.wire.pool.clients.get(app.client_id)
    assert client is not None
    client.settings = ClientSettings(**{**OAUTH, "explicit_auth_flows": flows})
    app.wire.pool.clients.put(client.id, client)
    return app


def options(app: App) -> dict[str, Any]:
    """The options that the page hands to its script."""
    found = re.search('data-passkey="([^"]*)"', app.browser.text)
    assert found, app.browser.text
    return json.loads(unescape(found[1]))


async def add_page(app: App, **changes: str) -> None:
    query = {"client_id": app.client_id, "redirect_uri": CALLBACK, **changes}
    await app.browser.get("/passkeys/add", **query)


async def sign_in_with_password(app: App) -> None:
    await app.authorize()
    await app.browser.submit(username="ada")
    await app.browser.submit(factor="PASSWORD")
    if "code" not in app.browser.returned:
        await app.browser.submit(password=PASSWORD)


async def sign_out(app: App) -> None:
    app.browser.http.cookies.clear()
    app.browser.left_for = ""


async def make_passkey(app: App) -> Authenticator:
    passkey = Authenticator(ORIGIN)
    await add_page(app)
    await app.browser.submit(credential=json.dumps(passkey.create(options(app))))
    return passkey


async def choose_passkey(app: App) -> None:
    await app.authorize()
    await app.browser.submit(username="ada")
    await app.browser.submit(factor="WEB_AUTHN")
    assert app.browser.title == "Use your passkey"


async def test_a_passkey_is_made_and_signs_in(app: App) -> None:
    await sign_in_with_password(app)
    passkey = await make_passkey(app)
    assert app.browser.left_for == CALLBACK
    await sign_out(app)
    await choose_passkey(app)
    await app.browser.submit(credential=json.dumps(passkey.get(options(app))))
    identity = claims((await app.redeem()).json()["id_token"])
    assert identity["cognito:username"] == "ada"


async def test_the_page_works_with_the_script_only_and_says_so(app: App) -> None:
    await sign_in_with_password(app)
    await make_passkey(app)
    await sign_out(app)
    await choose_passkey(app)
    page = app.browser.text
    assert '<script type="module" src="/login/passkeys.js"></script>' in page
    hidden = re.findall('<button name="action" value="([^"]*)"[^>]* hidden>', page)
    assert hidden == ["submit", "choose_factor:WEB_AUTHN"]
    assert "Choose another way" in page
    script = await app.wire.http.get("/login/passkeys.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "navigator.credentials.get" in script.text
    await app.browser.submit("choose_factor:PASSWORD")
    await app.browser.submit(password=PASSWORD)
    assert "code" in app.browser.returned


async def test_a_password_that_was_forgotten_at_its_page(app: App) -> None:
    await app.authorize()
    await app.browser.submit(username="ada")
    await app.browser.submit(factor="PASSWORD")
    await app.browser.submit("go:forgot_password")
    assert app.browser.title == "Reset your password"


async def test_a_cancelled_passkey_stays_on_the_page(app: App) -> None:
    await sign_in_with_password(app)
    passkey = await make_passkey(app)
    await sign_out(app)
    await choose_passkey(app)
    asked = options(app)
    await app.browser.submit(credential='{"error": "NotAllowedError"}')
    assert app.browser.title == "Error: Use your passkey"
    assert 'role="alert">The browser gave no passkey' in app.browser.text
    assert options(app) == asked
    await app.browser.submit(credential=json.dumps(passkey.get(asked)))
    assert "code" in app.browser.returned


async def test_a_passkey_together_with_the_choice(app: App) -> None:
    await sign_in_with_password(app)
    passkey = await make_passkey(app)
    await sign_out(app)
    await app.authorize()
    await app.browser.submit(username="ada")
    asked = options(app)
    await app.browser.submit(factor="WEB_AUTHN", credential='{"error": "AbortError"}')
    assert app.browser.title == "Error: How to sign in?"
    assert 'value="WEB_AUTHN" required autofocus checked' in app.browser.text
    assert 'role="alert">The browser gave no passkey' in app.browser.text
    await app.browser.submit(credential=json.dumps(passkey.get(asked)))
    assert "code" in app.browser.returned


async def test_a_passkey_that_was_deleted_meanwhile(app: App) -> None:
    await sign_in_with_password(app)
    passkey = await make_passkey(app)
    await sign_out(app)
    await choose_passkey(app)
    ada = app.wire.pool.user("ada")
    assert ada is not None
    ada.passkeys.clear()
    app.wire.pool.save(ada)
    await app.browser.submit(credential=json.dumps(passkey.get(options(app))))
    assert app.browser.title == "Error: Sign in"
    assert "the sign-in has ended" in app.browser.text
    await app.browser.submit(username="ada")
    assert "WEB_AUTHN" not in app.browser.text
    await app.browser.submit(factor="PASSWORD")
    await app.browser.submit(password=PASSWORD)
    assert "code" in app.browser.returned


# /passkeys/add


async def test_a_passkey_is_offered_after_a_sign_up(app: App) -> None:
    await app.authorize(resource="https://api.example.org", scope="openid")
    await app.browser.submit("go:sign_up")
    await app.browser.submit(username="zoe", **{"attributes.email": "zoe@example.org"})
    await app.browser.submit(code=app.wire.code("zoe"))
    assert app.browser.title == "Create a passkey"
    assert app.browser.left_for == ""
    passkey = Authenticator(ORIGIN)
    form = app.browser.filled_in(credential=json.dumps(passkey.create(options(app))))
    back = urlsplit((await app.browser.http.post("/passkeys/add", data=form)).headers["location"])
    assert back.path == "/oauth2/authorize"
    assert dict(parse_qsl(back.query)) == {
        "client_id": app.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "st-1",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "resource": "https://api.example.org",
    }
    await app.browser.get(back.geturl())
    assert app.browser.returned["state"] == "st-1"
    tokens = (await app.redeem()).json()
    identity, access = claims(tokens["id_token"]), claims(tokens["access_token"])
    assert (identity["cognito:username"], identity["nonce"]) == ("zoe", "n-1")
    assert (access["aud"], access["scope"]) == ("https://api.example.org", "openid")


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({}, True),
        ({"first_factors": ("PASSWORD", "EMAIL_OTP")}, False),
        ({"mfa_configuration": "ON", "mfa_factors": ("EMAIL_OTP",)}, False),
        (
            {
                "mfa_configuration": "ON",
                "mfa_factors": ("EMAIL_OTP",),
                "passkey_factor": "MULTI_FACTOR_WITH_USER_VERIFICATION",
            },
            True,
        ),
    ],
)
async def test_a_passkey_is_offered_only_where_it_is_of_use(
    app: App, changes: dict[str, Any], offered: bool
) -> None:
    settings(app.wire, **changes)
    await app.authorize(code_challenge=None, code_challenge_method=None)
    await app.browser.submit("go:sign_up")
    await app.browser.submit(username="zoe", **{"attributes.email": "zoe@example.org"})
    await app.browser.submit(code=app.wire.code("zoe"))
    if "mfa_configuration" in changes:
        await app.browser.submit(code=app.wire.code("zoe"))
    assert ("code" in app.browser.returned) != offered
    if offered:
        assert app.browser.title == "Create a passkey"
        await app.browser.submit("cancel")
        assert "code" in app.browser.returned


async def test_the_offer_can_be_declined(app: App) -> None:
    await sign_in_with_password(app)
    await add_page(app)
    await app.browser.submit("cancel")
    assert app.browser.left_for == CALLBACK
    ada = app.wire.pool.user("ada")
    assert ada is not None
    assert ada.passkeys == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('{"error": "NotAllowedError"}', "The browser gave no passkey"),
        ('{"error": "SecurityError"}', "belongs to another web site"),
        ('{"error": "InvalidStateError"}', "a passkey for this account already"),
        ("", "this is required"),
        ("{}", "is incomplete"),
    ],
)
async def test_a_browser_that_made_no_passkey(app: App, answer: str, told: str) -> None:
    await sign_in_with_password(app)
    await add_page(app)
    await app.browser.submit(credential=answer)
    assert app.browser.title == "Error: Create a passkey"
    assert told in app.browser.text
    hidden = re.findall('type="hidden" name="([^"]*)" value', app.browser.text)
    assert sorted(hidden) == ["client_id", "redirect_uri", "token"]
    passkey = Authenticator(ORIGIN)
    app.browser.left_for = ""
    await app.browser.submit(credential=json.dumps(passkey.create(options(app))))
    assert app.browser.left_for == CALLBACK


async def test_a_passkey_of_another_origin_is_refused_in_words(app: App) -> None:
    await sign_in_with_password(app)
    await add_page(app)
    credential = Authenticator("https://localhost.example.net").create(options(app))
    await app.browser.submit(credential=json.dumps(credential))
    assert "does not belong to the relying party localhost" in app.browser.text


async def test_who_may_not_create_a_passkey(app: App) -> None:
    await add_page(app)
    assert app.browser.page is not None
    assert app.browser.page.status_code == 401
    assert "sign in" in app.browser.text
    await sign_in_with_password(app)
    await add_page(app, redirect_uri=f"{CALLBACK}/")
    assert app.browser.page.status_code == 400
    await add_page(app, client_id="nobody")
    assert app.browser.page.status_code == 400
    settings(app.wire, relying_party_id="")
    await add_page(app)
    assert "neither a relying party id nor a domain" in app.browser.text


async def test_another_site_cannot_add_its_passkey(app: App) -> None:
    await sign_in_with_password(app)
    await add_page(app)
    credential = Authenticator(ORIGIN).create(options(app))
    app.browser.http.headers["sec-fetch-site"] = "cross-site"
    await app.browser.submit(credential=json.dumps(credential))
    assert app.browser.page is not None
    assert app.browser.page.status_code == 403
