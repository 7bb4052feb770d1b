"""Sign-in with an identity provider that speaks OpenID Connect."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth_flow.embedded._context import Context
from auth_flow.embedded._fault import Fault
from auth_flow.embedded._federated_users import (
    federated_user,
    mapped_attributes,
    new_federated_user,
    subject_in,
)
from auth_flow.embedded._firing import fire, pre_sign_up
from auth_flow.embedded._http import HttpRequest, Response
from auth_flow.embedded._login._arrival import signed_in
from auth_flow.embedded._login._attempts import BrowserSignIn
from auth_flow.embedded._login._cookies import BROWSER_COOKIE, cookies_of
from auth_flow.embedded._login._errors import PageError, RedirectError, redirect, with_query
from auth_flow.embedded._login_models import IdentityProvider
from auth_flow.embedded._models import User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._service import check_may_sign_in
from auth_flow.embedded._subject import Subject

if TYPE_CHECKING:
    from auth_flow.embedded._app import EmbeddedCognito

RETURN_PATH = "/oauth2/idpresponse"
ISSUERS = {"Google": "https://accounts.google.com"}
"""The issuers of providers that need not name theirs."""

LEEWAY = 120
"""Seconds by which a provider's clock may differ."""


async def leave_for(
    service: EmbeddedCognito, request: HttpRequest, attempt: BrowserSignIn, name: str
) -> Response:
    """Send the browser to the provider."""
    pool = service.pool(attempt.request.pool_id)
    provider = pool.providers.get(name)
    if provider is None:
        raise PageError("invalid_request", f"The identity provider {name} does not exist.")
    try:
        endpoints = await _endpoints(service, provider)
    except (httpx.HTTPError, ValueError) as error:
        raise _failed(attempt, name, f"{type(error).__name__} at the provider") from error
    attempt.provider_name = name
    attempt.provider_state = secrets.token_urlsafe(24)
    attempt.provider_nonce = secrets.token_urlsafe(24)
    forwarded = [prompt for prompt in attempt.request.prompt if prompt != "none"]
    parameters = {
        "response_type": "code",
        "client_id": provider.details["client_id"],
        "redirect_uri": request.origin + RETURN_PATH,
        "scope": provider.details["authorize_scopes"],
        "state": attempt.provider_state,
        "nonce": attempt.provider_nonce,
        "login_hint": attempt.request.login_hint,
        "prompt": " ".join(forwarded) or None,
    }
    return redirect(with_query(endpoints["authorization_endpoint"], parameters))


async def come_back(service: EmbeddedCognito, request: HttpRequest) -> Response:
    """Take the browser back from the provider, and sign its user in to the pool."""
    browser = cookies_of(request.headers).get(BROWSER_COOKIE)
    state = request.query.get("state", "")
    attempt = service.attempts.by_state(state, browser, service.clock())
    if attempt is None:
        raise PageError(
            "expired",
            "This sign-in has expired, was finished already, or was begun in another browser. "
            "Go back to the application and sign in again.",
        )
    attempt.provider_state = None  # of two returns with one state, one is taken
    pool = service.pool(attempt.request.pool_id)
    provider = pool.providers.get(attempt.provider_name)
    if provider is None:
        raise PageError("invalid_request", "The identity provider was removed.")
    if "error" in request.query:
        raise _refused(attempt, provider.name, request.query)
    try:
        claims = await _claims(service, request, provider, attempt)
    except (httpx.HTTPError, JoseError, KeyError, ValueError) as error:
        raise _failed(attempt, provider.name, str(error) or type(error).__name__) from error
    try:
        user = await _user(service, pool, provider, attempt, claims)
    except Fault as fault:
        raise _failed(attempt, provider.name, fault.message, prefix=False) from fault
    service.attempts.end(attempt)
    return await signed_in(pool, attempt, user)


async def _endpoints(service: EmbeddedCognito, provider: IdentityProvider) -> dict[str, str]:
    """Return the provider's endpoints: those of its details, or those that it publishes."""
    details = provider.details
    named = {
        "issuer": details.get("oidc_issuer", ""),
        "authorization_endpoint": details.get("authorize_url", ""),
        "token_endpoint": details.get("token_url", ""),
        "jwks_uri": details.get("jwks_uri", ""),
    }
    if all(named.values()):
        return {**named, "userinfo_endpoint": details.get("attributes_url", "")}
    issuer = details.get("oidc_issuer") or ISSUERS.get(provider.type)
    if issuer is None:
        raise PageError(
            "invalid_request",
            f"The embedded user pool signs in with OpenID Connect only, and {provider.type} does "
            "not speak it. For a test, give the provider an oidc_issuer that stands in for it.",
        )
    async with service.outbound() as http:
        reply = await http.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        document = reply.raise_for_status().json()
    if document.get("issuer") != issuer:
        raise ValueError("the discovery document is of another issuer")
    return {name: text for name, text in document.items() if isinstance(text, str)}


async def _claims(
    service: EmbeddedCognito,
    request: HttpRequest,
    provider: IdentityProvider,
    attempt: BrowserSignIn,
) -> dict[str, Any]:
    """Exchange the code for the user's claims."""
    endpoints = await _endpoints(service, provider)
    form = {
        "grant_type": "authorization_code",
        "code": request.query.get("code", ""),
        "redirect_uri": request.origin + RETURN_PATH,
        "client_id": provider.details["client_id"],
        "client_secret": provider.details.get("client_secret", ""),
    }
    async with service.outbound() as http:
        reply = await http.post(
            endpoints["token_endpoint"], data={name: text for name, text in form.items() if text}
        )
        tokens = reply.json()
        if not reply.is_success:
            raise ValueError(f"{reply.status_code} {tokens.get('error', 'invalid response')}")
        keys = (await http.get(endpoints["jwks_uri"])).raise_for_status().json()
        claims = _verified(tokens["id_token"], keys, endpoints, provider, attempt, service.clock())
        if endpoints.get("userinfo_endpoint"):
            bearer = {"authorization": f"Bearer {tokens['access_token']}"}
            info = await http.get(endpoints["userinfo_endpoint"], headers=bearer)
            if info.is_success and info.json().get("sub") == claims["sub"]:
                claims = {**info.json(), **claims}
    return claims


def _verified(
    token: str,
    keys: Mapping[str, Any],
    endpoints: Mapping[str, str],
    provider: IdentityProvider,
    attempt: BrowserSignIn,
    now: float,
) -> dict[str, Any]:
    key_set = KeySet.import_key_set({"keys": list(keys["keys"])})
    claims = jwt.decode(token, key_set, algorithms=["RS256", "ES256", "PS256"]).claims
    jwt.JWTClaimsRegistry(
        now=int(now),
        leeway=LEEWAY,
        iss={"essential": True, "value": endpoints["issuer"]},
        aud={"essential": True, "value": provider.details["client_id"]},
        exp={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": attempt.provider_nonce},
    ).validate(claims)
    return dict(claims)


async def _user(
    service: EmbeddedCognito,
    pool: EmbeddedUserPool,
    provider: IdentityProvider,
    attempt: BrowserSignIn,
    claims: Mapping[str, Any],
) -> User:
    subject = subject_in(provider, claims)
    if not subject:
        raise Fault("InvalidParameterException", "The provider's user has no name.")
    attributes = mapped_attributes(provider, claims)
    async with service.turns.of(Subject(pool.id, f"{provider.name}_{subject}".casefold())):
        user = federated_user(pool, provider, subject)
        if user is None:
            user = await _sign_up(pool, provider, attempt, subject, attributes)
        else:
            user.attributes |= attributes
        check_may_sign_in(user)
        pool.save(user)
        context = Context.about(pool, user, client_id=attempt.request.client_id)
        request = {"newDeviceUsed": False, **context.metadata_member}
        await fire(context, "PostAuthentication", "Authentication", request)
        return user


async def _sign_up(
    pool: EmbeddedUserPool,
    provider: IdentityProvider,
    attempt: BrowserSignIn,
    subject: str,
    attributes: Mapping[str, str],
) -> User:
    user = new_federated_user(pool, provider, subject, attributes)
    context = Context.about(pool, user, client_id=attempt.request.client_id)
    await pre_sign_up(context, "ExternalProvider")
    if federated_user(pool, provider, subject) is not None:
        # The trigger has linked the account. The service reports that as an error, once.
        raise Fault(
            "InvalidParameterException", f"Already found an entry for username {user.username}"
        )
    return user


def _refused(attempt: BrowserSignIn, name: str, query: Mapping[str, str]) -> RedirectError:
    code, description = query["error"], query.get("error_description")
    if code == "access_denied":
        return RedirectError(attempt.request.redirect_uri, attempt.request.state, code, description)
    return _failed(attempt, name, f"{code} {description or ''}".strip())


def _failed(
    attempt: BrowserSignIn, name: str, reason: str, *, prefix: bool = True
) -> RedirectError:
    told = f"{name} Error - {reason}" if prefix else reason
    request = attempt.request
    return RedirectError(request.redirect_uri, request.state, "invalid_request", told)
