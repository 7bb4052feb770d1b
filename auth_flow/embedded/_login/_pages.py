"""The pages on which a person signs in: one for each form of the flow.

A page is posted to itself and redirects to itself, so that reloading it and going back are safe.
The form's token reveals a page of an earlier step. It is answered with the present one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from auth_flow.embedded._http import HttpRequest, Response
from auth_flow.embedded._login._arrival import signed_in
from auth_flow.embedded._login._attempts import GOES, BrowserSignIn
from auth_flow.embedded._login._authorize import (
    check_request,
    is_enough,
    return_to_application,
)
from auth_flow.embedded._login._beginning import begin, flow_for, step_up
from auth_flow.embedded._login._cookies import (
    BROWSER_COOKIE,
    browser_session,
    cookies_of,
)
from auth_flow.embedded._login._errors import PageError, RedirectError, redirect, with_query
from auth_flow.embedded._login._html import form_page, refuse_foreign_post
from auth_flow.embedded._login._providers import leave_for
from auth_flow.states.forms import Form, FormName
from auth_flow.states.steps import AutoSignInReady, Done, Idle
from auth_flow.web import Link

if TYPE_CHECKING:
    from auth_flow.embedded._app import EmbeddedCognito

OPENINGS: dict[str, FormName] = {
    "/login": "SIGN_IN",
    "/signup": "SIGN_UP",
    "/forgotPassword": "FORGOT_PASSWORD",
}


async def authorize(service: EmbeddedCognito, request: HttpRequest) -> Response:
    """Return to the application at once if the browser is signed in, or have the person sign in."""
    checked = check_request(service, request.query)
    pool = service.pool(checked.pool_id)
    known = browser_session(pool, request.headers) if "login" not in checked.prompt else None
    if known is not None and is_enough(pool, checked, *known):
        return await return_to_application(pool, checked, *known)
    if "none" in checked.prompt:
        raise RedirectError(checked.redirect_uri, checked.state, "login_required")
    if checked.identity_provider not in (None, "COGNITO"):
        return await begin(service, request, checked, provider=checked.identity_provider)
    if known is not None and checked.acr_values and known[0].status != "EXTERNAL_PROVIDER":
        return await step_up(service, request, checked, *known)
    return redirect(with_query("/login", dict(request.query)))


async def show(service: EmbeddedCognito, request: HttpRequest) -> Response:
    """Show the form that an attempt is at. Without an attempt, begin one."""
    if "flow" not in request.query:
        checked = check_request(service, request.query)
        return await begin(service, request, checked, form=OPENINGS[request.path])
    attempt = find(service, request, request.query["flow"])
    provider = request.query.get("provider")
    if provider is not None:
        return await leave_for(service, request, attempt, provider)
    return _page(service, attempt)


async def answer(service: EmbeddedCognito, request: HttpRequest) -> Response:
    """Take a form that was filled in."""
    refuse_foreign_post(request)
    values = request.form
    attempt = find(service, request, values.pop("flow", ""))
    action, token = values.pop("action", "submit"), values.pop("token", "")
    flow, here = attempt.flow, f"/login?{urlencode({'flow': attempt.id})}"
    attempt.notice = None
    shown = flow.form(attempt.idle_form)
    if token != shown.token:
        attempt.notice = "That page was out of date. This is where you are now."
        return redirect(here)
    if isinstance(flow.step, Idle) and action in GOES:
        attempt.form, attempt.values = GOES[action], {}
        return redirect(here)
    secret = {field.name for field in shown.fields if field.secret}
    attempt.values = {name: text for name, text in values.items() if name not in secret}
    await attempt.feed(values, action)
    if isinstance(flow.step, AutoSignInReady):
        await attempt.feed({})  # nothing is left to ask after a confirmation
    step = flow.step
    if isinstance(step, Done) and step.signed_in:
        return await _finish(service, attempt)
    if isinstance(step, Done):  # the account is in order, but the person has yet to sign in
        attempt.notice = f"{flow.form().title}. {flow.form().text or ''}".strip()
        attempt.form, attempt.values = "SIGN_IN", {"username": step.username or ""}
        attempt.flow = flow_for(service, attempt.request)
    return redirect(here)


def find(service: EmbeddedCognito, request: HttpRequest, attempt_id: str) -> BrowserSignIn:
    """Return this browser's attempt, or raise PageError."""
    browser = cookies_of(request.headers).get(BROWSER_COOKIE)
    attempt = service.attempts.get(attempt_id, browser, service.clock())
    if attempt is None:
        raise PageError(
            "expired",
            "This sign-in has expired or was begun in another browser. Go back to the application "
            "and sign in again. If that does not help, allow cookies for this site.",
        )
    return attempt


def _page(service: EmbeddedCognito, attempt: BrowserSignIn) -> Response:
    form = attempt.flow.form(attempt.idle_form, error=attempt.refused, values=attempt.values)
    return form_page(
        form,
        post_to="/login",
        hidden={"flow": attempt.id},
        notice=attempt.notice,
        links=_provider_links(service, attempt, form),
    )


def _provider_links(
    service: EmbeddedCognito, attempt: BrowserSignIn, form: Form
) -> tuple[Link, ...]:
    pool = service.pool(attempt.request.pool_id)
    client = pool.clients.get(attempt.request.client_id)
    if form.name not in ("SIGN_IN", "SIGN_UP") or client is None:
        return ()
    return tuple(
        Link(
            f"Continue with {name}",
            f"/login?{urlencode({'flow': attempt.id, 'provider': name})}",
        )
        for name in client.settings.supported_identity_providers
        if pool.providers.get(name)
    )


async def _finish(service: EmbeddedCognito, attempt: BrowserSignIn) -> Response:
    """Sign the browser in and return to the application."""
    pool = service.pool(attempt.request.pool_id)
    step = attempt.flow.step
    user = pool.user(step.username or "") if isinstance(step, Done) else None
    service.attempts.end(attempt)
    if user is None:
        raise PageError("server_error", "The account was deleted while you signed in.")
    session = attempt.flow.session
    grant = pool.grants.get(session.access_token.claims.origin_jti or "")
    # The tokens of the page itself have served their purpose.
    await session.sign_out()
    return await signed_in(pool, attempt, user, grant.methods if grant else ())
