"""A web service with passkeys: sign in, create a passkey, sign out, and sign in with it.

The browser keeps two cookies: the key of the flow that it is in, which is new for each sign-in, and
the id of its session. Flows and sessions are in a store, here in memory.

It runs as it is, on a user pool in the same process: `python -m examples.web_passkeys`. It needs
`starlette` and `uvicorn`. Open http://localhost:8000 and sign in as ada, password Correct-Horse-1.
"""

from __future__ import annotations

import secrets
from html import escape
from typing import get_args
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from auth_flow import (
    AuthFlowError,
    Form,
    FormSettings,
    MemoryStore,
    NotSignedIn,
    Sealer,
    Session,
    SharedFlows,
    SignInOptions,
    UserPool,
    new_key,
)
from auth_flow.embedded import EmbeddedCognito, EmbeddedUserPool
from auth_flow.states.forms import FormName, new_passkey_form, read_new_passkey
from auth_flow.stores import Store
from auth_flow.transports import Transport
from auth_flow.web import PASSKEY_SCRIPT, SECURITY_HEADERS, STYLE_SHEET, page, render, title_of


class Site:
    """The pages. `transport` leads to the user pool, and `store` keeps flows and sessions."""

    def __init__(self, pool: UserPool, transport: Transport, store: Store, sealer: Sealer) -> None:
        self.pool = pool
        self.transport = transport
        self.store = store
        self.flows = SharedFlows(
            store,
            sealer,
            pool,
            transport=transport,
            store=store,
            # The person types a name first, and then chooses among the factors.
            forms=FormSettings(sign_in_options=SignInOptions(auth_flow_type="USER_AUTH")),
        )

    def application(self) -> Starlette:
        """Return the site as an ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.home),
                Route("/sign-in", self.sign_in),
                Route("/sign-in", self.answer, methods=["POST"]),
                Route("/sign-out", self.sign_out, methods=["POST"]),
                Route("/new-passkey", self.new_passkey, methods=["GET", "POST"]),
                Route("/delete-passkey", self.delete_passkey, methods=["POST"]),
                Route("/style.css", style),
                Route("/passkeys.js", script),
            ],
            exception_handlers={NotSignedIn: self.not_signed_in},
        )

    # Signing in

    async def sign_in(self, request: Request) -> Response:
        """Show the form of the step that the browser's flow is in. Begin a flow if it has none."""
        key = request.cookies.get("flow") or secrets.token_urlsafe()
        async with self.flows.take(key, wait=5) as flow:
            name = form_name(request)
            shown = show(flow.form(name), post_to=f"/sign-in?form={name}")
        return keep(shown, "flow", key)

    async def answer(self, request: Request) -> Response:
        """Take a form that was filled in, and show the next one."""
        key, name = request.cookies.get("flow"), form_name(request)
        values = await filled_in(request)
        action, token = values.pop("action", "submit"), values.pop("token", "")
        if key is None:  # another site has sent the form, or the browser keeps no cookies
            return redirect("/sign-in")
        if action.startswith("go:"):  # such as go:sign_up: begin anew with that form
            form = action.removeprefix("go:").upper()
            return forget(redirect(f"/sign-in?form={form}"), "flow")
        async with self.flows.take(key, wait=5) as flow:
            error: AuthFlowError | None = None
            if token == flow.form(name).token:  # else it is the form of an earlier step
                try:
                    await flow.send(flow.fill(values, action, form=name))
                except AuthFlowError as refusal:
                    error = refusal
            if flow.signed_in:
                response = keep(redirect("/"), "session", flow.session.session_id)
                return forget(response, "flow")
            form = flow.form(name, error=error, values=values)
        return show(form, post_to=f"/sign-in?form={name}")

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        await (await self.session(request)).sign_out()
        return forget(redirect("/"), "session")

    # Signed in

    async def session(self, request: Request) -> Session:
        """Return the browser's session. Raises `NotSignedIn` if it has none."""
        session_id = request.cookies.get("session", "")
        return await Session.load(
            self.pool, session_id=session_id, store=self.store, transport=self.transport
        )

    async def not_signed_in(self, request: Request, _: Exception) -> Response:
        """Lead to the beginning. A form that another site has sent comes without cookies, and must
        not delete any.
        """
        ended = "session" in request.cookies
        return forget(redirect("/"), "session") if ended else redirect("/")

    async def home(self, request: Request) -> Response:
        """Show who is signed in, and the passkeys."""
        if "session" not in request.cookies:
            return document("Welcome", f"<h1>Welcome</h1>{link('Sign in', '/sign-in')}")
        session = await self.session(request)
        name = escape(session.access_token.claims.username or "")
        passkeys = [
            button(f"Delete {one.friendly_name}", "/delete-passkey", one.credential_id)
            for one in (await session.list_passkeys()).credentials
        ]
        others = (link("Create a passkey", "/new-passkey"), button("Sign out", "/sign-out"))
        return document("Hello", f"<h1>Hello, {name}</h1>{''.join((*passkeys, *others))}")

    async def new_passkey(self, request: Request) -> Response:
        """Offer to create a passkey, and register the one that the browser has created."""
        session, error = await self.session(request), None
        if request.method == "POST":
            values = await filled_in(request)
            try:
                if values["action"] == "submit":
                    await session.complete_passkey_registration(read_new_passkey(values))
                return redirect("/")
            except AuthFlowError as refusal:
                error = refusal
        options = await session.start_passkey_registration()
        return show(new_passkey_form(options, error=error), post_to="/new-passkey")

    async def delete_passkey(self, request: Request) -> Response:
        """Delete one of the user's passkeys."""
        session, values = await self.session(request), await filled_in(request)
        await session.delete_passkey(values["value"])
        return redirect("/")


def style(_: Request) -> Response:
    """Return the style sheet of the pages."""
    return Response(STYLE_SHEET, media_type="text/css")


def script(_: Request) -> Response:
    """Return the script that has the browser fill in passkey fields."""
    return Response(PASSKEY_SCRIPT, media_type="text/javascript")


def form_name(request: Request) -> FormName:
    """Return the form to show if the flow is idle."""
    given = request.query_params.get("form")
    return next((name for name in get_args(FormName) if name == given), "SIGN_IN")


async def filled_in(request: Request) -> dict[str, str]:
    """Return the values of a form."""
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


def show(form: Form, *, post_to: str) -> Response:
    """Return a page with a form."""
    return document(title_of(form), render(form, post_to=post_to))


def document(title: str, body: str) -> Response:
    """Return a page."""
    html = page(title, body, style="/style.css", script="/passkeys.js")
    return HTMLResponse(html, headers=dict(SECURITY_HEADERS))


def link(text: str, url: str) -> str:
    """Return a link that looks like a button."""
    return f'<p><a class="button" href="{url}">{text}</a></p>'


def button(text: str, post_to: str, value: str = "") -> str:
    """Return a button that posts a value."""
    return (
        f'<form method="post" action="{post_to}"><button class="other" name="value" '
        f'value="{escape(value)}">{escape(text)}</button></form>'
    )


def redirect(url: str) -> Response:
    """Lead to another page, by GET."""
    return RedirectResponse(url, status_code=303)


def keep(response: Response, name: str, value: str) -> Response:
    """Set a cookie. On HTTPS, add `secure` and begin the names with `__Host-`."""
    response.set_cookie(name, value, httponly=True, samesite="lax")
    return response


def forget(response: Response, name: str) -> Response:
    """Delete a cookie."""
    response.delete_cookie(name, httponly=True, samesite="lax")
    return response


def made_up_site() -> tuple[Starlette, EmbeddedUserPool]:
    """Return the site of a user pool with one user.

    If you have a pool on AWS, give its ids to `UserPool`, and take a `CognitoTransport(pool)`. The
    relying party id of the pool has to be the host of this site, or a parent domain of it.
    """
    service = EmbeddedCognito()
    users = service.create_pool()
    users.create_user("ada", "Correct-Horse-1", attributes={"email": "ada@example.org"})
    pool = UserPool(user_pool_id=users.id, client_id=users.create_client().id)
    site = Site(pool, service.transport(), MemoryStore(), Sealer([new_key()]))
    return site.application(), users


def main() -> None:
    """Serve the site, and print the codes that the pool sends."""
    application, users = made_up_site()
    users.outbox.listeners.append(lambda message: print(message.text))
    uvicorn.run(application, host="localhost", port=8000)


if __name__ == "__main__":
    main()
