"""Stores by kind and place, so that this process and others can open the same one."""

from __future__ import annotations

from pathlib import Path

from auth_flow.sealing import Sealer
from auth_flow.stores import FileStore, KeyringStore, RedisStore, SealedStore, SQLiteStore, Store

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

SHARED = ("file", "keyring", "sqlite", "redis", "sealed")
"""The kinds that processes can share."""


def open_store(kind: str, place: str) -> Store:
    """`place` is a path, or a URL."""
    match kind:
        case "file":
            return FileStore(place, Sealer([KEY]))
        case "keyring":
            return KeyringStore(place)
        case "sqlite":
            return SQLiteStore(place)
        case "redis":
            return RedisStore(place)
        case _:
            return SealedStore(SQLiteStore(place), Sealer([KEY]))


def open_files() -> set[str]:
    """Return the descriptors of the files that this process has open."""
    return {path.name for path in Path("/dev/fd").iterdir()}
