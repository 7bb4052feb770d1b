"""A lock between the processes of one machine. It ends with the process that holds it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from auth_flow.errors import StoreUnavailable
from auth_flow.stores._private_files import open_private

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


_PAUSE = 0.002


@contextmanager
def locked(path: Path, timeout: float) -> Generator[None]:
    """Hold the lock of the file at `path`, which is created and stays. This blocks, so call it in a
    worker thread.

    The lock also works between threads. Raises `StoreUnavailable` after `timeout` seconds; the
    system's own function would wait forever if the holder of the lock was stopped. Raises `OSError`
    if the file is a link or belongs to another user.
    """
    descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        _lock(descriptor, time.monotonic() + timeout)
        try:
            yield
        finally:
            _unlock(descriptor)  # closing is not enough if a forked child has inherited it
    finally:
        os.close(descriptor)


def _lock(descriptor: int, deadline: float) -> None:
    while True:
        try:
            return _try_lock(descriptor)
        except OSError:
            if time.monotonic() > deadline:
                raise StoreUnavailable("Another process has held the lock for too long.") from None
        time.sleep(_PAUSE)
