"""Stores for sessions and shared flows. All of them implement the protocol `Store`.

==============  ================================================================================
`MemoryStore`   in this process
`FileStore`     in one sealed file, for the processes of one machine
`KeyringStore`  in a sealed file whose key is in the system's keyring (extra `keyring`)
`SQLiteStore`   in a database file, for the processes of one machine
`RedisStore`    in Redis or Valkey, for any number of machines
`SealedStore`   in another store, but sealed
==============  ================================================================================

Sealing needs the extra `park`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_flow._imports import lazy as _lazy
from auth_flow.stores._base import (
    Entry,
    Store,
)
from auth_flow.stores._memory import (
    MemoryStore,
)

if TYPE_CHECKING:
    from auth_flow.stores._file import (
        FileStore,
    )
    from auth_flow.stores._keyring import (
        KeyringStore,
    )
    from auth_flow.stores._redis import (
        RedisStore,
    )
    from auth_flow.stores._sealed import (
        SealedStore,
    )
    from auth_flow.stores._sqlite import (
        SQLiteStore,
    )
else:
    __getattr__ = _lazy(
        __name__,
        {
            "FileStore": "auth_flow.stores._file",
            "KeyringStore": "auth_flow.stores._keyring",
            "RedisStore": "auth_flow.stores._redis",
            "SQLiteStore": "auth_flow.stores._sqlite",
            "SealedStore": "auth_flow.stores._sealed",
        },
    )

__all__ = [
    "Entry",
    "FileStore",
    "KeyringStore",
    "MemoryStore",
    "RedisStore",
    "SQLiteStore",
    "SealedStore",
    "Store",
]
