"""Check a request to /oauth2/authorize, and return to the application with what it asked for."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from auth_flow.embedded._access import IN_PROCESS
from auth_flow.embedded._challenges.step_up import reachable_level
from auth_flow.embedded._fault import Fault
from auth_flow.embedded._http import Response
from auth_flow.embedded._levels import level_of, levels_in
from auth_flow.embedded._login._errors import PageError, RedirectError, redirect, with_query
from auth_flow.embedded._login._grants import issue
from auth_flow.embedded._login_models import AuthorizationCode, AuthorizeRequest, BrowserSession
from auth_flow.embedded._models import Client, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._service import ADMIN_SCOPE, CognitoService

CODE_LIFETIME = 300
"""Seconds in which a code has to be exchanged."""

NEED_OPENID = {"email", "phone", "profile"}
STANDARD = {"openid", *NEED_OPENID, ADMIN_SCOPE}
LONGEST_STATE = 2048
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1", IN_PROCESS)


def client_named_by(
    service: CognitoService, parameters: Mapping[str, str]
) -> tuple[EmbeddedUserPool, Client]:
    """Return the client that the parameters name, with its pool."""
    client_id = parameters.get("client_id")
    if not client_id:
        raise PageError("invalid_request", "The request does not name a client: client_id.")
    try:
        return service.client(client_id)
    except Fault as fault:
        raise PageError("invalid_request", f"The client {client_id} does not exist.") from fault


def check_request(service: CognitoService, parameters: Mapping[str, str]) -> AuthorizeRequest:
    """Return the request that the parameters make.

    Raises PageError if the application cannot be trusted to be the one of the redirect URI, and
    RedirectError for everything else.
    """
    pool, client = client_named_by(service, parameters)
    redirect_uri = check_redirect_uri(client, parameters.get("redirect_uri"))
    state = parameters.get("state")
    if state is not None and (re.search(r"\\|:\\?/", state) or len(state) > LONGEST_STATE):
        raise PageError(
            "invalid_request",
            "The state has characters that Cognito refuses. Use letters, digits, - and _.",
        )

    def refuse(code: str, description: str | None = None) -> RedirectError:
        return RedirectError(redirect_uri, state, code, description)

    kinds = {"code": "code", "token": "implicit"}
    response_type = parameters.get("response_type", "")
    if response_type not in kinds:
        raise refuse("invalid_request", "response_type is code or token")
    settings = client.settings
    if (
        not settings.allowed_oauth_flows_user_pool_client
        or kinds[response_type] not in settings.allowed_oauth_flows
    ):
        raise refuse("unauthorized_client")
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if (challenge is None) != (method is None) or method not in (None, "S256"):
        raise refuse("invalid_request", "code_challenge_method should be S256")
    prompt = parameters.get("prompt", "").split()
    if "none" in prompt and len(prompt) > 1:
        raise refuse("invalid_request", "prompt=none goes with no other value")
    acr_values, max_age = parameters.get("acr_values"), parameters.get("max_age")
    if acr_values is not None and not levels_in(acr_values, pool.settings.level_names):
        raise refuse("invalid_request", "acr_values has no level that Cognito knows")
    if max_age is not None and not (max_age.isascii() and max_age.isdigit()):
        raise refuse("invalid_request", "max_age should be a number of seconds")
    scopes = _scopes(pool, client, parameters.get("scope"))
    if scopes is None:
        raise refuse("invalid_scope")
    return AuthorizeRequest(
        pool_id=pool.id,
        client_id=client.id,
        redirect_uri=redirect_uri,
        response_type="code" if response_type == "code" else "token",
        scopes=scopes,
        state=state,
        nonce=parameters.get("nonce"),
        code_challenge=challenge,
        resource=parameters.get("resource"),
        login_hint=parameters.get("login_hint"),
        prompt=prompt,
        identity_provider=_provider(pool, client, parameters),
        acr_values=acr_values,
        max_age=None if max_age is None else int(max_age),
    )


def check_redirect_uri(client: Client, given: str | None) -> str:
    """Return the redirect URI if it is one of the client's, letter for letter."""
    known = client.settings.callback_urls
    uri = given or client.settings.default_redirect_uri
    if uri is None and len(known) == 1:
        return known[0]
    if uri is None or uri not in known:
        raise PageError(
            "redirect_mismatch",
            f"The redirect URI {uri} is not among the callback URLs of the app client. "
            "They are compared letter for letter; a slash at the end counts.",
        )
    parts = urlsplit(uri)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise PageError("redirect_mismatch", "Only callback URLs of this machine may use http.")
    return uri


def is_recent(pool: EmbeddedUserPool, request: AuthorizeRequest, session: BrowserSession) -> bool:
    """Return whether the browser's session is as recent as the application wants it."""
    age = int(pool.clock()) - session.auth_time
    return request.max_age is None or age <= request.max_age


def is_enough(
    pool: EmbeddedUserPool, request: AuthorizeRequest, user: User, session: BrowserSession
) -> bool:
    """Return whether the browser's session is as recent and as strong as the application wants."""
    if not is_recent(pool, request, session):
        return False
    if request.acr_values is None:
        return True
    levels = levels_in(request.acr_values, pool.settings.level_names)
    level = reachable_level(levels, user, session.methods)
    return level is not None and level_of(session.methods) >= level


async def return_to_application(
    pool: EmbeddedUserPool, request: AuthorizeRequest, user: User, session: BrowserSession
) -> Response:
    """Send the browser back with a code or, in the implicit flow, with tokens."""
    if request.response_type == "token":
        client = pool.clients.get(request.client_id)
        assert client is not None
        tokens = await issue(pool, client, user, request, session.auth_time, session.methods)
        tokens.pop("refresh_token", None)
        members = {name: str(value) for name, value in tokens.items()}
        url = with_query(request.redirect_uri, {**members, "state": request.state}, fragment=True)
        return redirect(url)
    code = secrets.token_urlsafe(32)
    row = AuthorizationCode(
        request=request,
        username=user.username,
        auth_time=session.auth_time,
        methods=session.methods,
        expires_at=pool.clock() + CODE_LIFETIME,
    )
    pool.codes.put(code, row)
    return redirect(with_query(request.redirect_uri, {"code": code, "state": request.state}))


def _scopes(pool: EmbeddedUserPool, client: Client, given: str | None) -> list[str] | None:
    """Return the scopes to grant; None if one of them cannot be granted.

    Scopes that do not exist are left out, as the service does, but for `offline_access`.
    """
    allowed = client.settings.allowed_oauth_scopes
    wanted = list(dict.fromkeys((given or " ".join(allowed)).split()))
    known = {*STANDARD, *pool.scopes, "offline_access"}
    scopes = [scope for scope in wanted if scope in known]
    if any(scope not in allowed for scope in scopes) or not scopes:
        return None
    if NEED_OPENID & set(scopes) and "openid" not in scopes:
        return None
    return scopes


def _provider(pool: EmbeddedUserPool, client: Client, parameters: Mapping[str, str]) -> str | None:
    """Return the provider that the request goes to at once, if it names one."""
    identifier = parameters.get("idp_identifier")
    by_identifier = (p.name for p in pool.providers if identifier in p.identifiers)
    name = parameters.get("identity_provider") or next(by_identifier, None)
    if name in (None, "COGNITO"):
        return name
    if name not in client.settings.supported_identity_providers:
        raise PageError(
            "invalid_request", f"The app client does not support the identity provider {name}."
        )
    return name
