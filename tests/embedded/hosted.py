"""An application that signs its users in by managed login, and a browser without a screen."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt

from tests.embedded.wire import PASSWORD, Wire

CALLBACK = "http://localhost:3000/callback"
LOGOUT = "http://localhost:3000/bye"
VERIFIER = "a" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
OAUTH: dict[str, Any] = {
    "callback_urls": (CALLBACK, "http://localhost:3000/other"),
    "logout_urls": (LOGOUT,),
    "allowed_oauth_flows": ("code",),
    "allowed_oauth_scopes": ("openid", "email", "aws.cognito.signin.user.admin"),
    "allowed_oauth_flows_user_pool_client": True,
    "explicit_auth_flows": ("ALLOW_REFRESH_TOKEN_AUTH",),
}


@dataclass
class Browser:
    """Follows redirects within the service, and fills in forms."""

    http: httpx.AsyncClient
    page: httpx.Response | None = None
    left_for: str = ""
    """The URL outside the service to which it was sent last."""
    typed: dict[str, str] = field(default_factory=dict[str, str])

    async def get(self, url: str, **query: str | None) -> None:
        given = {name: text for name, text in query.items() if text is not None}
        await self._arrive(await self.http.get(url, params=given or None))

    async def submit(self, action: str = "submit", **values: str) -> None:
        """Post the form of the page."""
        action_url = re.search('<form method="post" action="([^"]*)"', self.text)
        assert action_url
        form = self.filled_in(**values, action=action)
        await self._arrive(await self.http.post(action_url[1], data=form))

    def filled_in(self, **values: str) -> dict[str, str]:
        """The form of the page with these values, as it would be posted."""
        html = self.text
        hidden = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', html))
        shown = {
            name: unescape(value)
            for name, value in re.findall(r'name="([\w.]+)" [^>]*?value="([^"]*)"', html)
            if name != "action"
        }
        return {**shown, **hidden, **values}

    @property
    def text(self) -> str:
        assert self.page is not None
        return self.page.text

    @property
    def title(self) -> str:
        found = re.search("<title>(.*?)</title>", self.text)
        assert found
        return unescape(found[1])

    @property
    def returned(self) -> dict[str, str]:
        """The parameters with which the application was called back."""
        parts = urlsplit(self.left_for)
        return {name: texts[0] for name, texts in parse_qs(parts.query or parts.fragment).items()}

    async def _arrive(self, response: httpx.Response) -> None:
        while response.status_code == 303:
            url = response.headers["location"]
            if not url.startswith(("/", str(self.http.base_url))):
                self.left_for = url
                return
            response = await self.http.get(url)
        self.page = response


@dataclass
class App:
    """An application that signs its users in by managed login."""

    wire: Wire
    client_id: str
    browser: Browser

    async def authorize(self, **changes: str | None) -> None:
        query: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid email",
            "state": "st-1",
            "nonce": "n-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        await self.browser.get("/oauth2/authorize", **query)

    async def sign_in(self, username: str = "ada", password: str = PASSWORD) -> None:
        await self.browser.submit(username=username, password=password)

    async def token(self, **form: str) -> httpx.Response:
        whole = {"client_id": self.client_id, **form}
        return await self.wire.http.post("/oauth2/token", data=whole)

    async def redeem(self, **changes: str) -> httpx.Response:
        return await self.token(
            **{
                "grant_type": "authorization_code",
                "code": self.browser.returned["code"],
                "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
                **changes,
            }
        )


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})
