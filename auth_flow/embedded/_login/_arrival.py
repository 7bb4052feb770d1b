"""The end of a sign-in: the browser is signed in, and returns to the application."""

from __future__ import annotations

from collections.abc import Iterable

from auth_flow.embedded._http import Response
from auth_flow.embedded._levels import Method
from auth_flow.embedded._login._attempts import BrowserSignIn
from auth_flow.embedded._login._authorize import return_to_application
from auth_flow.embedded._login._cookies import sign_browser_in
from auth_flow.embedded._login._errors import redirect, with_query
from auth_flow.embedded._models import User
from auth_flow.embedded._passkeys import satisfies_mfa
from auth_flow.embedded._pool import EmbeddedUserPool

ADD_PASSKEY = "/passkeys/add"


async def signed_in(
    pool: EmbeddedUserPool, attempt: BrowserSignIn, user: User, methods: Iterable[Method] = ()
) -> Response:
    """Return to the application from an attempt that ended in this user.

    `methods` are those that the user has proven. If the user has just signed up, a passkey is
    offered first.
    """
    session, cookie = sign_browser_in(pool, user, methods)
    if attempt.form == "SIGN_UP" and _may_use_passkeys(pool, attempt, user):
        offer = with_query(ADD_PASSKEY, {**attempt.request.parameters})
        return redirect(offer, cookie)
    response = await return_to_application(pool, attempt.request, user, session)
    return response.with_headers(cookie)


def _may_use_passkeys(pool: EmbeddedUserPool, attempt: BrowserSignIn, user: User) -> bool:
    client = pool.clients.get(attempt.request.client_id)
    return (
        "WEB_AUTHN" in pool.settings.first_factors
        and client is not None
        and client.settings.allows("USER_AUTH")
        and user.status != "EXTERNAL_PROVIDER"
        and (pool.settings.mfa_configuration != "ON" or satisfies_mfa(pool, user))
    )
