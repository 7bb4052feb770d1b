"""Where sessions and parked flows are kept: one protocol, and a store for each place.

=========================================  ===================================================================
`auth_flow.stores.MemoryStore`             this process
`auth_flow.stores.FileStore`          one sealed file; processes of one machine
`auth_flow.stores.KeyringStore`    the same, its key in the system's keyring (extra `keyring`)
`auth_flow.stores.SQLiteStore`      a database file; processes of one machine
`auth_flow.stores.RedisStore`        Redis or Valkey; any number of machines
`auth_flow.stores.SealedStore`      around any of them: seals what is kept there
=========================================  ===================================================================

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
