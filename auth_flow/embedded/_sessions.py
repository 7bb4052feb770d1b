"""Sessions: each can be answered once, unless the answer leaves it as it was."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager

from auth_flow.embedded._fault import Fault, invalid_session, not_authorized
from auth_flow.embedded._models import Client, PendingSignIn
from auth_flow.embedded._pool import EmbeddedUserPool

FINAL = "NotAuthorizedException"
"""The error that ends a session; after any other error it can be answered again."""

WRONG_ANSWERS = {"CodeMismatchException", "EnableSoftwareTokenMFAException"}
"""Errors that a session survives only a few times."""


def new_session_text() -> str:
    """Return an opaque text that stands for a session.

    It begins with letters, as the service's do: a text that begins with `-` would be an option on a
    command line.
    """
    return f"AYABe{secrets.token_urlsafe(237)}"


@contextmanager
def open_session(
    pool: EmbeddedUserPool, client: Client | None, token: str
) -> Generator[PendingSignIn]:
    """Take a session for one answer and yield a copy. Of two answers at once, one finds it.

    An error or a cancelled request leaves the session as it was, except for the error `FINAL` and
    for one wrong answer too many. `client` is None if the operation does not name a client.
    Raises NotAuthorizedException if the session is unknown, used, expired, or another client's.
    """
    session = pool.sessions.get(token)
    if session is None:
        raise invalid_session()
    if session.expires_at <= pool.clock():
        raise not_authorized("Invalid session for the user, session is expired.")
    if client is not None and session.client_id != client.id:
        raise invalid_session()
    pool.sessions.take(token)
    try:
        yield session.model_copy(deep=True)
    except Fault as fault:
        session.wrong_answers += fault.name in WRONG_ANSWERS
        if session.wrong_answers > pool.settings.limits.wrong_answers_per_session:
            raise invalid_session() from fault
        if fault.name != FINAL:
            pool.sessions.put(token, session)
        raise
    except BaseException:
        pool.sessions.put(token, session)
        raise
