"""Sign-ins of managed login, as the operations see them.

The pages sign users in by the same operations as applications do, with four differences. They may
use flows that the app client does not allow; their tokens are issued later, in exchange for a code;
they do not register devices; and to reach an authentication level, the methods count that the
browser has proven before.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar

from auth_flow.embedded._levels import Method

_hosted: ContextVar[tuple[Method, ...] | None] = ContextVar("hosted", default=None)


@contextmanager
def as_managed_login(proven: Iterable[Method] = ()) -> Generator[None]:
    """Mark the operations that run in the block as managed login's.

    `proven` are the methods that the user of this browser has proven before.
    """
    before = _hosted.set(tuple(proven))
    try:
        yield
    finally:
        _hosted.reset(before)


def is_managed_login() -> bool:
    """Return True if the present operation is part of a sign-in of managed login."""
    return _hosted.get() is not None


def methods_of_browser() -> tuple[Method, ...]:
    """Return the methods that the user has proven in this browser, if this is managed login."""
    return _hosted.get() or ()
