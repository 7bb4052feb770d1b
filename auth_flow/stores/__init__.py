"""Where sessions and parked flows are kept: one protocol, and a store for each place."""

from __future__ import annotations

from auth_flow.stores.base import Entry, Store
from auth_flow.stores.memory import MemoryStore

__all__ = ["Entry", "MemoryStore", "Store"]
