"""Sign-ins with an identity provider whose every answer the test decides."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from auth_flow.embedded import ClientSettings, Triggers, TurnableClock
from tests.embedded.hosted import OAUTH, App, claims
from tests.embedded.wire import Refused, Wire

pytestmark = pytest.mark.anyio

ISSUER = "https://id.example"
RETURN = "http://embedded/oauth2/idpresponse"
DETAILS = {
    "client_id": "shop",
    "client_secret": "secret",
    "attributes_request_method": "GET",
    "oidc_issuer": ISSUER,
    "authorize_scopes": "openid email",
}
ENDPOINTS = {
    "authorize_url": "https://login.example/authorize",
    "token_url": "https://api.example/token",
    "jwks_uri": "https://api.example/keys",
}


@dataclass
class Provider:
    """An OpenID provider of the user carol."""

    wire: Wire
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    """Claims of the ID token that differ from the usual ones; those that are None are left out."""
    replies: dict[str, httpx.Response] = field(default_factory=dict[str, httpx.Response])
    """Replies by path, in place of the usual ones."""
    requests: list[httpx.Request] = field(default_factory=list[httpx.Request])
    sent: dict[str, str] = field(default_factory=dict[str, str])
    """The parameters with which the browser came."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path
        if path in self.replies:
            return self.replies[path]
        if path == "/.well-known/openid-configuration":
            document = {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
            }
            return httpx.Response(200, json={**document, "scopes_supported": ["openid"]})
        if path == "/token":
            return httpx.Response(200, json={"id_token": self.token, "access_token": "at-1"})
        if path == "/keys":
            return httpx.Response(200, json={"keys": [self.wire.pool.key.public]})
        return httpx.Response(404)

    @property
    def token(self) -> str:
        now = int(self.wire.service.clock())
        usual = {
            "iss": ISSUER,
            "aud": "shop",
            "exp": now + 60,
            "iat": now,
            "sub": "carol 1",
            "email": "carol@example.net",
            "email_verified": True,
            "nonce": self.sent["nonce"],
        }
        told = {**usual, **self.claims}
        return self.wire.pool.key.sign(
            {name: told[name] for name in told if told[name] is not None}
        )


@pytest.fixture
async def provider(app: App) -> Provider:
    made = Provider(app.wire)
    app.wire.service.outbound = lambda: httpx.AsyncClient(  # type: ignore[method-assign]
        transport=httpx.MockTransport(made.answer)
    )
    supported = {**OAUTH, "supported_identity_providers": ("COGNITO", "Acme", "Absent")}
    app.client_id = app.wire.pool.create_client(ClientSettings(**supported)).id
    await app.wire.call(
        "CreateIdentityProvider",
        UserPoolId=app.wire.pool.id,
        ProviderName="Acme",
        ProviderType="OIDC",
        ProviderDetails=DETAILS,
        AttributeMapping={"email": "email", "email_verified": "email_verified", "name": "name"},
        IdpIdentifiers=["acme.example"],
    )
    return made


async def change(app: App, **members: Any) -> None:
    named = {"UserPoolId": app.wire.pool.id, "ProviderName": "Acme"}
    await app.wire.call("UpdateIdentityProvider", **named, **members)


async def leave(app: App, provider: Provider, **changes: str | None) -> str:
    """Go to the provider, and return the URL without its parameters."""
    await app.authorize(**{"identity_provider": "Acme", **changes})
    parts = urlsplit(app.browser.left_for)
    provider.sent = dict(parse_qsl(parts.query))
    app.browser.left_for = ""
    return parts._replace(query="").geturl()


async def come_back(app: App, provider: Provider, **changes: str) -> dict[str, str]:
    parameters = {"state": provider.sent["state"], "code": "c-1", **changes}
    await app.browser.get("/oauth2/idpresponse", **parameters)
    return app.browser.returned


async def user_of(app: App) -> dict[str, str]:
    identity = claims((await app.redeem()).json()["id_token"])
    named = {"UserPoolId": app.wire.pool.id, "Username": identity["cognito:username"]}
    user = await app.wire.call("AdminGetUser", **named)
    app.browser.left_for = ""
    return {
        "Username": user["Username"],
        **{one["Name"]: one["Value"] for one in user["UserAttributes"]},
    }


@pytest.mark.parametrize("named", [False, True])
async def test_the_whole_way(app: App, provider: Provider, named: bool) -> None:
    if named:
        await change(app, ProviderDetails={**DETAILS, **ENDPOINTS})
    url = await leave(app, provider, login_hint="carol", prompt="login consent")
    assert url == ("https://login.example/authorize" if named else f"{ISSUER}/authorize")
    assert provider.sent.pop("prompt") == "login consent"
    state, nonce = provider.sent["state"], provider.sent["nonce"]
    assert (len(state), len(nonce)) == (32, 32)
    assert state != nonce
    assert provider.sent == {
        "response_type": "code",
        "client_id": "shop",
        "redirect_uri": RETURN,
        "scope": "openid email",
        "state": state,
        "nonce": nonce,
        "login_hint": "carol",
    }
    provider.requests.clear()
    assert (await come_back(app, provider)).keys() == {"code", "state"}
    discovery, exchange, keys = provider.requests if not named else [None, *provider.requests]
    assert (discovery is None) == named
    assert exchange is not None
    assert str(exchange.url) == (ENDPOINTS["token_url"] if named else f"{ISSUER}/token")
    assert keys is not None
    assert str(keys.url) == (ENDPOINTS["jwks_uri"] if named else f"{ISSUER}/keys")
    assert {name: text for name, (text,) in parse_qs(exchange.content.decode()).items()} == {
        "grant_type": "authorization_code",
        "code": "c-1",
        "redirect_uri": RETURN,
        "client_id": "shop",
        "client_secret": "secret",
    }
    user = await user_of(app)
    assert user["Username"] == "Acme_carol1"
    assert (user["email"], user["email_verified"]) == ("carol@example.net", "true")
    assert "name" not in user


async def test_without_a_wish_the_provider_is_asked_for_little(
    app: App, provider: Provider
) -> None:
    details = {name: DETAILS[name] for name in DETAILS if name != "client_secret"}
    await change(app, ProviderDetails=details)
    await leave(app, provider, identity_provider=None, idp_identifier="acme.example")
    assert not {"prompt", "login_hint"} & provider.sent.keys()
    provider.requests.clear()
    await come_back(app, provider)
    assert "client_secret" not in provider.requests[1].content.decode()


async def test_attributes_are_those_of_the_last_sign_in(app: App, provider: Provider) -> None:
    for name, address in (("Carol", "carol@example.net"), ("Caroline", "caro@example.net")):
        provider.claims = {"name": name, "email": address, "email_verified": False}
        await leave(app, provider, prompt="login")
        await come_back(app, provider)
        user = await user_of(app)
        assert (user["name"], user["email"]) == (name, address)
        assert user["email_verified"] == "false"
    assert len([user for user in app.wire.pool.users if user.status == "EXTERNAL_PROVIDER"]) == 1


@pytest.mark.parametrize(
    ("status", "subject", "name"),
    [(200, "carol 1", "Carol"), (200, "another", None), (403, "carol 1", None)],
)
async def test_the_user_info_adds_claims_of_the_same_user(
    app: App, provider: Provider, status: int, subject: str, name: str | None
) -> None:
    details = {**DETAILS, **ENDPOINTS, "attributes_url": "https://api.example/me"}
    await change(app, ProviderDetails=details)
    told = {"sub": subject, "name": "Carol", "email": "other@example.net"}
    provider.replies["/me"] = httpx.Response(status, json=told)
    await leave(app, provider)
    await come_back(app, provider)
    (request,) = [request for request in provider.requests if request.url.path == "/me"]
    assert request.headers["authorization"] == "Bearer at-1"
    user = await user_of(app)
    assert user.get("name") == name
    assert user["email"] == "carol@example.net"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"nonce": "other"}, "nonce"),
        ({"iss": None}, "iss"),
        ({"aud": None}, "aud"),
        ({"nonce": None}, "nonce"),
        ({"exp": None}, "exp"),
        ({"sub": None}, "sub"),
        ({"exp": 0}, "expired"),
    ],
)
async def test_an_id_token_that_does_not_fit(
    app: App, provider: Provider, changed: dict[str, Any], reason: str
) -> None:
    provider.claims = changed
    await leave(app, provider)
    returned = await come_back(app, provider)
    assert (returned["error"], returned["state"]) == ("invalid_request", "st-1")
    assert returned["error_description"].startswith("Acme Error - ")
    assert reason in returned["error_description"]
    assert not [user for user in app.wire.pool.users if user.identities]


@pytest.mark.parametrize(("early", "good"), [(119, True), (121, False)])
async def test_the_clock_of_a_provider_may_differ(
    app: App, provider: Provider, clock: TurnableClock, early: int, good: bool
) -> None:
    provider.claims = {"exp": int(clock()) - early}
    await leave(app, provider)
    assert ("code" in await come_back(app, provider)) == good


@pytest.mark.parametrize(
    ("path", "reply", "reason"),
    [
        ("/token", httpx.Response(400, json={"error": "invalid_grant"}), "400 invalid_grant"),
        ("/token", httpx.Response(500, json={}), "500 invalid response"),
        ("/token", httpx.Response(200, json={}), "id_token"),
        ("/keys", httpx.Response(503), "503"),
    ],
)
async def test_a_provider_that_refuses(
    app: App, provider: Provider, path: str, reply: httpx.Response, reason: str
) -> None:
    provider.replies[path] = reply
    await leave(app, provider)
    description = (await come_back(app, provider))["error_description"]
    assert description.startswith("Acme Error - ")
    assert reason in description


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (httpx.Response(404), "HTTPStatusError at the provider"),
        (httpx.Response(200, json={"issuer": "https://evil.example"}), "ValueError"),
    ],
)
async def test_a_provider_that_cannot_be_discovered(
    app: App, provider: Provider, reply: httpx.Response, reason: str
) -> None:
    provider.replies["/.well-known/openid-configuration"] = reply
    await app.authorize(identity_provider="Acme")
    assert app.browser.returned["error"] == "invalid_request"
    assert app.browser.returned["error_description"].startswith(f"Acme Error - {reason}")


@pytest.mark.parametrize(
    ("query", "error", "description"),
    [
        ({"error": "access_denied"}, "access_denied", None),
        ({"error": "access_denied", "error_description": "No."}, "access_denied", "No."),
        ({"error": "server_error"}, "invalid_request", "Acme Error - server_error"),
        (
            {"error": "server_error", "error_description": "Busy."},
            "invalid_request",
            "Acme Error - server_error Busy.",
        ),
    ],
)
async def test_what_a_provider_refuses_is_passed_on(
    app: App, provider: Provider, query: dict[str, str], error: str, description: str | None
) -> None:
    await leave(app, provider)
    returned = await come_back(app, provider, **query)
    assert returned == {
        "error": error,
        **({"error_description": description} if description else {}),
        "state": "st-1",
    }


async def test_a_provider_that_is_removed_meanwhile(app: App, provider: Provider) -> None:
    await leave(app, provider)
    named = {"UserPoolId": app.wire.pool.id, "ProviderName": "Acme"}
    await app.wire.call("DeleteIdentityProvider", **named)
    assert await come_back(app, provider) == {}
    assert "The identity provider was removed." in app.browser.text
    await app.authorize(identity_provider="Absent")
    assert "The identity provider Absent does not exist." in app.browser.text
    await app.authorize()
    assert "Continue with" not in app.browser.text


async def test_only_registered_providers_are_offered(app: App, provider: Provider) -> None:
    await app.authorize()
    assert app.browser.text.count("Continue with") == 1
    assert "Continue with Acme" in app.browser.text
    await app.browser.submit("go:sign_up")
    assert "Continue with Acme" in app.browser.text
    await app.browser.submit("go:forgot_password")
    assert "Continue with" not in app.browser.text
    await app.authorize(identity_provider="COGNITO")
    assert app.browser.title == "Sign in"


async def test_a_user_of_a_provider_is_offered_no_passkey(app: App, provider: Provider) -> None:
    client = app.wire.pool.clients.get(app.client_id)
    assert client is not None
    change = {"explicit_auth_flows": ("ALLOW_USER_AUTH",)}
    client.settings = client.settings.model_copy(update=change)
    app.wire.pool.clients.put(client.id, client)
    await app.authorize()
    await app.browser.submit("go:sign_up")
    link = re.search('href="([^"]*provider=Acme)"', app.browser.text)
    assert link is not None
    await app.browser.get(unescape(link[1]))
    provider.sent = app.browser.returned
    app.browser.left_for = ""
    assert "code" in await come_back(app, provider)


async def test_a_provider_that_speaks_another_protocol(app: App, provider: Provider) -> None:
    pool = app.wire.pool
    for kind, details in (
        ("Facebook", {"client_id": "f", "client_secret": "s", "authorize_scopes": "email"}),
        ("Google", {"client_id": "shop", "client_secret": "s", "authorize_scopes": "openid"}),
    ):
        supported = {**OAUTH, "supported_identity_providers": (kind,)}
        app.client_id = pool.create_client(ClientSettings(**supported)).id
        await app.wire.call(
            "CreateIdentityProvider",
            UserPoolId=pool.id,
            ProviderName=kind,
            ProviderType=kind,
            ProviderDetails=details,
        )
        if kind == "Facebook":
            await app.authorize(identity_provider=kind)
            assert "Facebook does not speak it" in app.browser.text
            continue
        google = {"issuer": "https://accounts.google.com", "authorization_endpoint": "https://g/a"}
        discovered = httpx.Response(200, json=google)
        provider.replies["/.well-known/openid-configuration"] = discovered
        assert await leave(app, provider, identity_provider=kind) == "https://g/a"
        assert provider.requests[-1].url.host == "accounts.google.com"


async def test_a_user_of_a_provider_is_kept_out(app: App, provider: Provider) -> None:
    await leave(app, provider)
    await come_back(app, provider)
    user = await user_of(app)
    pool: dict[str, Any] = {"UserPoolId": app.wire.pool.id}
    subject = {"ProviderName": "Acme", "ProviderAttributeValue": "carol1"}
    await app.wire.call("AdminDisableProviderForUser", **pool, User=subject)
    with pytest.raises(Refused, match="UserNotFoundException"):
        await app.wire.call("AdminGetUser", **pool, Username=user["Username"])


async def test_a_user_without_a_name_and_a_disabled_one(app: App, provider: Provider) -> None:
    await leave(app, provider)
    await come_back(app, provider)
    user = await user_of(app)
    named = {"UserPoolId": app.wire.pool.id, "Username": user["Username"]}
    await app.wire.call("AdminDisableUser", **named)
    for changed, description in (
        ({}, "User is disabled."),
        ({"sub": "  "}, "The provider's user has no name."),
    ):
        provider.claims = changed
        await leave(app, provider, prompt="login")
        returned = await come_back(app, provider)
        assert returned == {
            "error": "invalid_request",
            "error_description": description,
            "state": "st-1",
        }


async def test_a_linked_user_signs_in_as_the_one_of_the_pool(app: App, provider: Provider) -> None:
    subject = {"ProviderName": "Acme", "ProviderAttributeValue": "carol1"}
    await app.wire.call(
        "AdminLinkProviderForUser",
        UserPoolId=app.wire.pool.id,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "ada"},
        SourceUser=subject,
    )
    await leave(app, provider)
    await come_back(app, provider)
    user = await user_of(app)
    assert (user["Username"], user["email"]) == ("ada", "carol@example.net")


async def test_a_trigger_links_the_user_of_the_provider(app: App, provider: Provider) -> None:
    async def link(event: dict[str, Any]) -> None:
        _, _, subject = event["userName"].partition("_")
        await app.wire.call(
            "AdminLinkProviderForUser",
            UserPoolId=event["userPoolId"],
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "ada"},
            SourceUser={"ProviderName": "Acme", "ProviderAttributeValue": subject},
        )

    app.wire.pool.triggers = Triggers(pre_sign_up=link)
    await leave(app, provider)
    returned = await come_back(app, provider)
    told = "Already found an entry for username Acme_carol1"
    assert (returned["error"], returned["error_description"]) == ("invalid_request", told)
    app.browser.left_for = ""
    await leave(app, provider)
    await come_back(app, provider)
    assert (await user_of(app))["Username"] == "ada"
