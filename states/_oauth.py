"""OAuth 2.0 as Cognito's hosted pages speak it: the URLs, the return, the token request.

Pure functions of RFC 6749 (the authorization code grant), RFC 7636 (PKCE) and OpenID Connect Core.
Nothing here sends anything. The user pool's developer guide is the source of the parameters that
are Cognito's own (`identity_provider`, `idp_identifier`, `lang`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pydantic import Field, SecretStr

from auth_flow.errors import (
    MalformedResponse,
    OAuthError,
    RedirectDenied,
    RedirectRefused,
    TokenRequestRefused,
)
from auth_flow.states._app_client import AppClient
from auth_flow.states._base import reveal
from auth_flow.states._replies import AuthenticationResult, Reply

TOKEN_OPERATION = "oauth2/token"  # noqa: S105 - a path
"""The name that errors of a token request carry as their operation."""


def random_text() -> str:
    """Return 43 characters of `A-Z a-z 0-9 - _` that hold 256 random bits.

    They serve as `state`, as PKCE's verifier (RFC 7636 asks for 43 to 128 characters) and as
    `nonce`. Cognito refuses or rewrites a state with other characters.
    """
    return secrets.token_urlsafe(32)


def code_challenge(verifier: str) -> str:
    """Return PKCE's S256 challenge for a verifier."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def page_url(base: str, page: str, parameters: Mapping[str, str | None]) -> str:
    """Return the URL of one of the domain's pages; a parameter that is None is left out."""
    given = {name: text for name, text in parameters.items() if text is not None}
    return f"{base}{page}?{urlencode(given)}"


def logout_url(base: str, client: AppClient, logout_uri: str) -> str:
    """Return the URL that ends the hosted pages' own session and then leads to `logout_uri`.

    Cognito compares `logout_uri` exactly with the app client's LogoutURLs. The sessions at social
    and OpenID Connect providers are not ended by it.
    """
    return page_url(base, "/logout", {"client_id": client.client_id, "logout_uri": logout_uri})


@dataclass(frozen=True, slots=True)
class Returned:
    """The parameters of the URL that the browser came back to."""

    code: SecretStr | None = None
    state: str | None = None
    error: str | None = None
    description: str | None = None

    @classmethod
    def read(cls, url: str) -> Returned:
        """Read a return URL, or only its query. Repeated parameters are refused by RFC 6749."""
        query = urlsplit(url).query if "?" in url else url
        pairs = parse_qsl(query, keep_blank_values=True)
        values = dict(pairs)
        if len(values) != len(pairs):
            return cls()
        code = values.get("code")
        return cls(
            SecretStr(code) if code else None,
            values.get("state"),
            values.get("error"),
            values.get("error_description"),
        )

    def has_state(self, state: str) -> bool:
        """Compare the state with the one that was sent, in constant time."""
        return self.state is not None and hmac.compare_digest(self.state.encode(), state.encode())

    def problem(self) -> OAuthError | None:
        """Return the error that the hosted pages sent back, None if they sent a code."""
        if self.error is not None:
            kind = RedirectDenied if self.error == "access_denied" else RedirectRefused
            return kind(self.error, self.description)
        if self.code is None:
            return RedirectRefused(
                "invalid_request", "The URL carries neither a code nor an error."
            )
        return None


def same_place(url: str, redirect_uri: str) -> bool:
    """Check that a return URL is the redirect URI with a query behind it.

    A text without a scheme is taken as the query alone: some frameworks hand over nothing else.
    """
    if "://" not in url.partition("?")[0]:
        return True
    there, expected = urlsplit(url), urlsplit(redirect_uri)
    return (there.scheme, there.netloc, there.path or "/") == (
        expected.scheme,
        expected.netloc,
        expected.path or "/",
    )


def is_redirect_uri(uri: str) -> bool:
    """Check a redirect URI: https, plain http on this machine only, or an app's own scheme."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    if not parts.scheme or parts.fragment or not uri.isprintable() or " " in uri:
        return False
    if parts.scheme == "http":
        return parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.netloc) if parts.scheme == "https" else parts.scheme not in _NO_REDIRECT


_NO_REDIRECT = frozenset({"javascript", "data", "vbscript", "file", "about", "blob"})


@dataclass(frozen=True, slots=True)
class FormRequest:
    """A form to POST to the domain: its path, its headers and its encoded body."""

    path: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


def token_request(client: AppClient, parameters: Mapping[str, str]) -> FormRequest:
    """Return the request for `/oauth2/token`. A client secret goes into the Authorization header.

    RFC 6749 section 2.3.1: user and password of Basic are form-encoded before they are joined.
    """
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if client.client_secret is not None:
        pair = f"{quote(client.client_id, safe='')}:{quote(reveal(client.client_secret), safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    form = {**parameters, "client_id": client.client_id}
    return FormRequest("/oauth2/token", headers, urlencode(form).encode())


class TokenReply(Reply):
    """The reply of `/oauth2/token`. A refresh returns no refresh token unless it rotates."""

    access_token: SecretStr = Field(min_length=1)
    id_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    expires_in: int | None = None

    def as_result(self) -> AuthenticationResult:
        """Return the tokens as Cognito's API would give them."""
        return AuthenticationResult.model_validate(
            {
                "AccessToken": self.access_token,
                "IdToken": self.id_token,
                "RefreshToken": self.refresh_token,
                "ExpiresIn": self.expires_in,
            }
        )


def read_token_reply(status: int, content: bytes) -> TokenReply:
    """Read the answer of the token endpoint.

    Raises `TokenRequestRefused` if it names an error, and `MalformedResponse` if it is neither an
    error nor tokens. Nothing of the answer is quoted: it may hold tokens.
    """
    refusal = _refusal(content)
    if refusal is not None:
        raise refusal
    if json_object(content) is None or not 200 <= status < 300:
        raise MalformedResponse(
            f"an answer (status {status}) that is neither tokens nor an OAuth error.",
            operation=TOKEN_OPERATION,
            status=status,
        )
    # No variable holds what was decoded: reports of errors show those.
    return TokenReply.read(TOKEN_OPERATION, json_object(content) or {})


def _refusal(content: bytes) -> TokenRequestRefused | None:
    values = json_object(content) or {}
    error = values.get("error")
    if not isinstance(error, str):
        return None
    description = values.get("error_description") or values.get("error_message")
    return TokenRequestRefused(error, description if isinstance(description, str) else None)


def json_object(content: bytes) -> dict[str, Any] | None:
    """Decode a JSON object, None if the content is anything else."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
