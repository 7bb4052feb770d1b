"""Pages as responses, and the files that they load."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from auth_flow.embedded._http import HttpRequest, Response
from auth_flow.embedded._login._errors import PageError
from auth_flow.states.forms import Form
from auth_flow.web import (
    PASSKEY_SCRIPT,
    SECURITY_HEADERS,
    STYLE_SHEET,
    Link,
    page,
    render,
    title_of,
)

if TYPE_CHECKING:
    from auth_flow.embedded._app import EmbeddedCognito

STYLE = "/login/style.css"
SCRIPT = "/login/passkeys.js"


def form_page(
    form: Form,
    *,
    post_to: str,
    hidden: dict[str, str],
    notice: str | None = None,
    links: tuple[Link, ...] = (),
) -> Response:
    """Return a page with a form. The `notice` stands above it, the `links` below it."""
    status = f'<p role="status">{escape(notice)}</p>' if notice else ""
    divider = '<p class="or">or</p>' if links else ""
    body = status + render(form, post_to=post_to, hidden=hidden) + divider
    return _html(200, page(title_of(form), body, style=STYLE, script=SCRIPT, links=links))


def message_page(title: str, text: str, *, status: int) -> Response:
    """Return a page with a message."""
    body = f"<h1>{escape(title)}</h1><p>{escape(text)}</p>"
    return _html(status, page(title, body, style=STYLE))


async def style(_: EmbeddedCognito, __: HttpRequest) -> Response:
    """Return the style sheet of the pages."""
    return _file("text/css", STYLE_SHEET)


async def script(_: EmbeddedCognito, __: HttpRequest) -> Response:
    """Return the script of the forms that ask for a passkey."""
    return _file("text/javascript", PASSKEY_SCRIPT)


def refuse_foreign_post(request: HttpRequest) -> None:
    """Refuse a form that another site posts, which could sign a person in to a foreign account."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = site not in ("same-origin", "none") if site else origin not in (None, request.origin)
    if foreign:
        raise PageError("invalid_request", "Another site has sent this form.", 403)


def _html(status: int, document: str) -> Response:
    kind = ("content-type", "text/html; charset=utf-8")
    return Response(status, (kind, *SECURITY_HEADERS), document.encode())


def _file(kind: str, text: str) -> Response:
    headers = (
        ("content-type", f"{kind}; charset=utf-8"),
        ("cache-control", "max-age=3600"),
        ("x-content-type-options", "nosniff"),
    )
    return Response(200, headers, text.encode())
