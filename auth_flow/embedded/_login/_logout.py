"""/logout: end the browser's session, and go back to the application or sign in anew."""

from __future__ import annotations

from auth_flow.embedded._http import HttpRequest, Response
from auth_flow.embedded._login._authorize import check_request, client_named_by
from auth_flow.embedded._login._cookies import sign_browser_out
from auth_flow.embedded._login._errors import PageError, redirect, with_query
from auth_flow.embedded._service import CognitoService


async def logout(service: CognitoService, request: HttpRequest) -> Response:
    """Sign the browser out. Applications keep their tokens until these are revoked or expire."""
    pool, client = client_named_by(service, request.query)
    logout_uri = request.query.get("logout_uri")
    if logout_uri is not None:
        if logout_uri not in client.settings.logout_urls:
            raise PageError(
                "invalid_request",
                f"{logout_uri} is not among the logout URLs of the app client. They are compared "
                "letter for letter; a slash at the end counts.",
            )
        return redirect(logout_uri, sign_browser_out(pool, request.headers))
    if "redirect_uri" not in request.query:
        raise PageError("invalid_request", "The request has neither logout_uri nor redirect_uri.")
    check_request(service, request.query)
    again = with_query("/login", dict(request.query))
    return redirect(again, sign_browser_out(pool, request.headers))
