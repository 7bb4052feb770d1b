"""The cookies of managed login.

Cookies ignore ports, so the pool and an application that are both served on localhost share them.
The names are therefore the pool's own.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie

from auth_flow.embedded._levels import Method
from auth_flow.embedded._login_models import BrowserSession
from auth_flow.embedded._models import User
from auth_flow.embedded._pool import EmbeddedUserPool

LIFETIME = 3600
"""Seconds that a browser stays signed in."""

BROWSER_COOKIE = "cognito-sign-in"
"""The cookie that binds sign-ins under way to their browser."""

Header = tuple[str, str]


def cookies_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the cookies of a request."""
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in cookies.items()}


def set_cookie(name: str, value: str, seconds: int = LIFETIME) -> Header:
    """Return the header that sets a cookie, which no script can read."""
    return (
        "set-cookie",
        f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax",
    )


def session_cookie(pool: EmbeddedUserPool) -> str:
    """Return the name of the cookie of browsers that are signed in to the pool."""
    return f"cognito-{pool.id}"


def browser_session(
    pool: EmbeddedUserPool, headers: Mapping[str, str]
) -> tuple[User, BrowserSession] | None:
    """Return the user who is signed in to the browser, with the session."""
    value = cookies_of(headers).get(session_cookie(pool), "")
    session = pool.browsers.get(_digest(value))
    if session is None or session.expires_at <= pool.clock():
        return None
    user = pool.user(session.username)
    return (user, session) if user and user.enabled else None


def sign_browser_in(
    pool: EmbeddedUserPool, user: User, methods: Iterable[Method]
) -> tuple[BrowserSession, Header]:
    """Begin a session of the browser, and return it with its cookie."""
    value, now = secrets.token_urlsafe(32), pool.clock()
    session = BrowserSession(
        username=user.username,
        auth_time=int(now),
        methods=list(methods),
        expires_at=now + LIFETIME,
    )
    pool.browsers.put(_digest(value), session)
    return session, set_cookie(session_cookie(pool), value)


def sign_browser_out(pool: EmbeddedUserPool, headers: Mapping[str, str]) -> Header:
    """End the browser's session, and return the header that removes its cookie."""
    value = cookies_of(headers).get(session_cookie(pool), "")
    pool.browsers.take(_digest(value))
    return set_cookie(session_cookie(pool), "", 0)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
