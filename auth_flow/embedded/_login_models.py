"""The rows behind managed login: domains, identity providers, resource servers, and what browsers
hold.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from auth_flow.embedded._levels import Method
from auth_flow.embedded._models import Row

ProviderType = Literal["SAML", "Facebook", "Google", "LoginWithAmazon", "SignInWithApple", "OIDC"]


class Domain(Row):
    """A domain at which a pool's managed login is served; `certificate` makes it a custom one."""

    name: str
    managed_login_version: int
    certificate: str | None = None
    created: float


class IdentityProvider(Row):
    """A provider whose users may sign in to the pool."""

    name: str
    type: ProviderType
    details: dict[str, str]
    attribute_mapping: dict[str, str]
    """Attributes of the pool's user, each with the claim that it is taken from."""
    identifiers: list[str]
    created: float
    modified: float


class ResourceServer(Row):
    """An API with scopes of its own. A scope is requested as `{identifier}/{name}`."""

    identifier: str
    name: str
    scopes: dict[str, str]
    """Descriptions by name."""


class AuthorizeRequest(BaseModel):
    """The checked parameters of a request to /oauth2/authorize."""

    pool_id: str
    client_id: str
    redirect_uri: str
    response_type: Literal["code", "token"]
    scopes: list[str]
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    resource: str | None = None
    login_hint: str | None = None
    prompt: list[str]
    identity_provider: str | None = None
    acr_values: str | None = None
    """The authentication levels that the application asks for, the preferred one first."""
    max_age: int | None = None
    """The seconds that may have passed since the user has signed in."""

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters that make the same request for a browser that is signed in by now."""
        given = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": self.response_type,
            "scope": " ".join(self.scopes),
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.code_challenge,
            "code_challenge_method": self.code_challenge and "S256",
            "resource": self.resource,
            "acr_values": self.acr_values,
        }
        return {name: text for name, text in given.items() if text is not None}


class AuthorizationCode(Row):
    """A code that the application exchanges for tokens, once and soon."""

    request: AuthorizeRequest
    username: str
    auth_time: int
    methods: list[Method]
    expires_at: float


class BrowserSession(Row):
    """A browser that is signed in to the pool: it gets codes without signing in again.

    `methods` are those that its user has proven in it, none if another provider signed the user in.
    """

    username: str
    auth_time: int
    methods: list[Method]
    expires_at: float
