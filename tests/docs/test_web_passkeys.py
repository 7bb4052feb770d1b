"""The example of a web service, with a passkey in software in place of a browser's."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx
import pytest

from auth_flow.embedded import EmbeddedUserPool
from examples.web_passkeys import made_up_site
from tests.embedded.authenticator import Authenticator

pytestmark = pytest.mark.anyio

ORIGIN = "http://localhost:8000"


class Visitor:
    """A browser without a screen."""

    def __init__(self, http: httpx.AsyncClient, users: EmbeddedUserPool) -> None:
        self.http = http
        self.users = users
        self.text = ""

    async def get(self, path: str) -> None:
        self.text = (await self.http.get(path)).text

    async def send(self, action: str = "submit", **values: str) -> None:
        """Send the first form of the page."""
        hidden = dict(re.findall('type="hidden" name="([^"]*)" value="([^"]*)"', self.text))
        await self.post(self._url(), **{**hidden, **values, "action": action})

    async def post(self, url: str, **values: str) -> None:
        self.text = (await self.http.post(url, data=values)).text

    def options(self) -> dict[str, Any]:
        found = re.search('data-passkey="([^"]*)"', self.text)
        assert found, self.text
        return json.loads(unescape(found[1]))

    def _url(self) -> str:
        found = re.search('<form method="post" action="([^"]*)"', self.text)
        assert found, self.text
        return unescape(found[1])

    async def sign_in(self, factor: str = "PASSWORD") -> None:
        await self.get("/sign-in")
        await self.send(username="ada")
        if "<fieldset" in self.text:
            await self.send(factor=factor)
        if factor == "PASSWORD":
            await self.send(password="Correct-Horse-1")

    async def sign_out(self) -> None:
        await self.post("/sign-out")
        assert "Welcome" in self.text


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    application, users = made_up_site()
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, follow_redirects=True
    ) as http:
        yield Visitor(http, users)


async def test_a_passkey_is_created_signs_in_and_is_deleted(visitor: Visitor) -> None:
    await visitor.sign_in()
    assert "Hello, ada" in visitor.text
    await visitor.get("/new-passkey")
    passkey = Authenticator(ORIGIN)
    await visitor.send(credential=json.dumps(passkey.create(visitor.options())))
    assert "Delete Passkey 1" in visitor.text
    await visitor.sign_out()
    await visitor.sign_in("WEB_AUTHN")
    await visitor.send(credential=json.dumps(passkey.get(visitor.options())))
    assert "Hello, ada" in visitor.text
    found = re.search('name="value" value="([^"]+)"', visitor.text)
    assert found
    await visitor.post("/delete-passkey", value=found[1])
    assert "Delete" not in visitor.text
    ada = visitor.users.user("ada")
    assert ada is not None
    assert ada.passkeys == []


async def test_what_goes_wrong_is_said_on_the_page(visitor: Visitor) -> None:
    await visitor.sign_in()
    await visitor.get("/new-passkey")
    await visitor.send(credential='{"error": "NotAllowedError"}')
    assert "The browser gave no passkey" in visitor.text
    await visitor.send("cancel")
    assert "Hello, ada" in visitor.text
    await visitor.sign_out()
    await visitor.get("/sign-in")
    await visitor.send(username=" ")
    assert "<title>Error: Sign in" in visitor.text
    await visitor.send(username="ada")
    await visitor.post("/sign-in", username="eve", token="stale")
    assert "How to sign in?" in visitor.text


async def test_a_person_signs_up(visitor: Visitor) -> None:
    await visitor.get("/sign-in")
    await visitor.send("go:sign_up")
    await visitor.send(username="zoe", **{"attributes.email": "zoe@example.org"})
    message = visitor.users.outbox.last("zoe")
    assert message is not None
    await visitor.send(code=message.code)
    await visitor.send()
    assert "Hello, zoe" in visitor.text


async def test_whoever_is_not_signed_in_is_led_to_the_beginning(visitor: Visitor) -> None:
    for path in ("/new-passkey", "/"):
        await visitor.get(path)
        assert "Welcome" in visitor.text
    await visitor.post("/sign-in", username="ada")
    assert "Sign in" in visitor.text
    await visitor.sign_in()
    ada = visitor.users.user("ada")
    assert ada is not None
    ada.enabled = False
    visitor.users.save(ada)
    await visitor.get("/")
    assert "Welcome" in visitor.text


async def test_a_form_of_another_site_deletes_no_cookie(visitor: Visitor) -> None:
    """Browsers send it without the cookies of this site."""
    response = await visitor.http.post("/sign-out", follow_redirects=False)
    assert "set-cookie" not in response.headers
