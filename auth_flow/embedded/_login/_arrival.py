"""The end of a sign-in: the browser is signed in, and returns to the application."""

from __future__ import annotations

from auth_flow.embedded._http import Response
from auth_flow.embedded._login._attempts import BrowserSignIn
from auth_flow.embedded._login._authorize import return_to_application
from auth_flow.embedded._login._cookies import sign_browser_in
from auth_flow.embedded._models import User
from auth_flow.embedded._pool import EmbeddedUserPool


async def signed_in(pool: EmbeddedUserPool, attempt: BrowserSignIn, user: User) -> Response:
    """Return to the application from an attempt that ended in this user."""
    now = int(pool.clock())
    response = await return_to_application(pool, attempt.request, user, now)
    return response.with_headers(sign_browser_in(pool, user, now))
