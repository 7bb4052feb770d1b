"""Where sessions and parked flows are kept: one protocol, and a store for each place.

=========================================  ===================================================================
`auth_flow.stores.MemoryStore`             this process
`auth_flow.stores.file.FileStore`          one sealed file; processes of one machine
`auth_flow.stores.keyring.KeyringStore`    the same, its key in the system's keyring (extra `keyring`)
`auth_flow.stores.sqlite.SQLiteStore`      a database file; processes of one machine
`auth_flow.stores.redis.RedisStore`        Redis or Valkey; any number of machines
`auth_flow.stores.sealed.SealedStore`      around any of them: seals what is kept there
=========================================  ===================================================================

Sealing needs the extra `park`.
"""

from __future__ import annotations

from auth_flow.stores.base import Entry, Store
from auth_flow.stores.memory import MemoryStore

__all__ = ["Entry", "MemoryStore", "Store"]
