"""Sign-ins of managed login, as the operations see them.

The pages sign users in by the same operations as applications do, with three differences. They may
use flows that the app client does not allow; their tokens are issued later, in exchange for a code;
and they do not register devices.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_hosted: ContextVar[bool] = ContextVar("hosted", default=False)


@contextmanager
def as_managed_login() -> Generator[None]:
    """Mark the operations that run in the block as managed login's."""
    before = _hosted.set(True)
    try:
        yield
    finally:
        _hosted.reset(before)


def is_managed_login() -> bool:
    """Return True if the present operation is part of a sign-in of managed login."""
    return _hosted.get()
