"""The paths of managed login."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from auth_flow.embedded._http import HttpRequest, Response
from auth_flow.embedded._login import _pages as pages
from auth_flow.embedded._login import _passkeys as passkeys
from auth_flow.embedded._login._arrival import ADD_PASSKEY
from auth_flow.embedded._login._errors import PageError, RedirectError, TokenError, redirect
from auth_flow.embedded._login._html import SCRIPT, STYLE, message_page, script, style
from auth_flow.embedded._login._logout import logout
from auth_flow.embedded._login._providers import come_back
from auth_flow.embedded._login._tokens import revoke_token, token
from auth_flow.embedded._login._user_info import user_info

if TYPE_CHECKING:
    from auth_flow.embedded._app import EmbeddedCognito

Handler = Callable[[Any, HttpRequest], Awaitable[Response]]

ROUTES: dict[str, dict[str, Handler]] = {
    "/oauth2/authorize": {"GET": pages.authorize},
    "/login": {"GET": pages.show, "POST": pages.answer},
    "/signup": {"GET": pages.show},
    "/forgotPassword": {"GET": pages.show},
    ADD_PASSKEY: {"GET": passkeys.show, "POST": passkeys.answer},
    STYLE: {"GET": style},
    SCRIPT: {"GET": script},
    "/logout": {"GET": logout},
    "/oauth2/idpresponse": {"GET": come_back},
    "/oauth2/token": {"POST": token},
    "/oauth2/revoke": {"POST": revoke_token},
    "/oauth2/userInfo": {"GET": user_info, "POST": user_info},
}

TITLES = {
    "expired": "This sign-in has expired",
    "redirect_mismatch": "The application's address is not registered",
}


async def managed_login(service: EmbeddedCognito, request: HttpRequest) -> Response | None:
    """Answer a request to managed login; return None for any other path."""
    methods = ROUTES.get(request.path)
    if methods is None:
        return None
    handler = methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        return Response(405, (("allow", ", ".join(methods)),))
    try:
        return await handler(service, request)
    except PageError as error:
        title = TITLES.get(error.code, "This request cannot be carried out")
        return message_page(title, error.text, status=error.status)
    except RedirectError as error:
        return redirect(error.url)
    except TokenError as error:
        return error.response
