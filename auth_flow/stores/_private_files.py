"""Files and folders that only their owner can read, on a machine that others may use too.

Another user could plant a link, or a file with wide permissions, at a path that can be guessed. So
links are not followed, temporary names are drawn at random, and permissions are narrowed before
anything is read or written.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)  # Windows has no such flag


def make_private_folders(folder: Path) -> None:
    """Make a folder, and every missing one above it, for its owner only."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def open_private(path: Path, flags: int) -> int:
    """Open a file for its owner only, and return its descriptor.

    Raises `OSError` if the path is a link, or the file belongs to another user.
    """
    descriptor = os.open(path, flags | _NO_LINKS, 0o600)
    try:
        _narrow(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_private(path: Path) -> str:
    """Return a file's text, a letter for each byte. Raises `OSError` as `open_private` does."""
    with os.fdopen(open_private(path, os.O_RDONLY), "rb") as file:
        return file.read().decode("latin-1")


def replace_private(path: Path, text: str) -> None:
    """Put a new file in the place of `path`. A crash leaves the old file or the new one.

    A link at `path` is replaced, and its target is left alone. The caller holds a lock, so that
    only one process at a time does this.
    """
    _remove_leftovers(path)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    descriptor = open_private(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink()
        raise


def _remove_leftovers(path: Path) -> None:
    """Delete the unfinished files of writers that were killed."""
    for each in path.parent.iterdir():
        if each.name.startswith(f"{path.name}.") and each.name.endswith(".new"):
            each.unlink()


def _narrow(descriptor: int) -> None:
    if not hasattr(os, "getuid"):
        return
    status = os.fstat(descriptor)
    if os.getuid() not in (0, status.st_uid):
        raise PermissionError(errno.EPERM, "The file belongs to another user")
    if stat.S_IMODE(status.st_mode) & 0o077:
        os.fchmod(descriptor, 0o600)
