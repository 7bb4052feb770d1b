"""The beginning of a sign-in: from the request of an application to the first page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from auth_flow import AuthFlow, UserPool
from auth_flow.embedded._access import IN_PROCESS
from auth_flow.embedded._http import HttpRequest, Response
from auth_flow.embedded._login._attempts import LIFETIME, BrowserSignIn
from auth_flow.embedded._login._authorize import is_recent
from auth_flow.embedded._login._cookies import BROWSER_COOKIE, cookies_of, set_cookie
from auth_flow.embedded._login._errors import redirect
from auth_flow.embedded._login_models import AuthorizeRequest, BrowserSession
from auth_flow.embedded._models import User
from auth_flow.states._events import SignInOptions
from auth_flow.states.forms import FormName, FormSettings, PasswordRules
from auth_flow.transports._cognito import CognitoTransport

if TYPE_CHECKING:
    from auth_flow.embedded._app import EmbeddedCognito


async def begin(
    service: EmbeddedCognito,
    request: HttpRequest,
    checked: AuthorizeRequest,
    *,
    form: FormName = "SIGN_IN",
    provider: str | None = None,
) -> Response:
    """Show the first form, or lead to an identity provider."""
    attempt = _attempt(service, request, checked)
    attempt.form = form
    if checked.login_hint:
        attempt.values = {"username": checked.login_hint}
    return _lead_to(attempt, **({"provider": provider} if provider else {}))


async def step_up(
    service: EmbeddedCognito,
    request: HttpRequest,
    checked: AuthorizeRequest,
    user: User,
    session: BrowserSession,
) -> Response:
    """Ask the user of the browser for what the session lacks, or for everything if it is old."""
    attempt = _attempt(service, request, checked)
    proven = session.methods if is_recent(service.pool(checked.pool_id), checked, session) else ()
    attempt.values = {"username": user.username}
    await attempt.feed(attempt.values, proven=proven)
    return _lead_to(attempt)


def _attempt(
    service: EmbeddedCognito, request: HttpRequest, checked: AuthorizeRequest
) -> BrowserSignIn:
    browser = cookies_of(request.headers).get(BROWSER_COOKIE)
    return service.attempts.begin(checked, flow_for(service, checked), browser, service.clock())


def _lead_to(attempt: BrowserSignIn, **query: str) -> Response:
    """Send the browser to the page of an attempt, which is bound to it by a cookie."""
    cookie = set_cookie(BROWSER_COOKIE, attempt.browser, LIFETIME)
    return redirect(f"/login?{urlencode({'flow': attempt.id, **query})}", cookie)


def flow_for(service: EmbeddedCognito, request: AuthorizeRequest) -> AuthFlow:
    """Return a flow for the app client of a request."""
    pool, client = service.client(request.client_id)
    policy = pool.settings.password_policy
    # Only a sign-in by choice aims at authentication levels.
    by_choice = client.settings.allows("USER_AUTH") or request.acr_values is not None
    options = SignInOptions(
        auth_flow_type="USER_AUTH" if by_choice else "USER_PASSWORD_AUTH",
        acr_values=request.acr_values,
    )
    wanted = dict.fromkeys(
        [*pool.settings.required_attributes, *pool.settings.auto_verified_attributes]
    )
    forms = FormSettings(
        sign_in_options=options,
        required_attributes=tuple(
            name for name in wanted if name not in pool.settings.username_attributes
        ),
        optional_attributes=(),
        password_policy=PasswordRules(
            minimum_length=policy.minimum_length,
            require_lowercase=policy.require_lowercase,
            require_uppercase=policy.require_uppercase,
            require_numbers=policy.require_numbers,
            require_symbols=policy.require_symbols,
        ),
    )
    app = UserPool(user_pool_id=pool.id, client_id=client.id, client_secret=client.secret)
    transport = CognitoTransport(f"http://{IN_PROCESS}", client=service.http_client())
    return AuthFlow(app, transport=transport, forms=forms, clock=service.clock)
