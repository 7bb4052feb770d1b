"""The one entry that a store has for a shared flow."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from auth_flow._user_pool import UserPool
from auth_flow.errors import SealBroken


@dataclass(frozen=True, slots=True)
class StoredFlow:
    """The entry as a value. Times are in seconds since the epoch.

    `sealed` is the flow's record, sealed; empty for a flow that has not begun. `version` changes
    whenever an event does. A worker holds the flow until `claimed_until`. `sending` names the event
    that is under way. After `expires_at` the flow is forgotten.
    """

    sealed: str = ""
    version: str = ""
    expires_at: float = 0.0
    claimed_until: float = 0.0
    sending: str | None = None

    def to_text(self) -> str:
        """Return the text for the store. All secrets in it are in the sealed part."""
        return json.dumps(
            {name: getattr(self, name) for name in self.__slots__}, separators=(",", ":")
        )

    @classmethod
    def of(cls, text: str) -> StoredFlow:
        """Read a text that `to_text` has written. Raises `SealBroken` for any other text."""
        try:
            return _ADAPTER.validate_json(text)
        except ValidationError:
            raise SealBroken("The stored flow is damaged, or of another version.") from None


_ADAPTER = TypeAdapter(StoredFlow)


def entry_name(pool: UserPool, key: str) -> str:
    """Return the name of a flow's entry. Pools, app clients and flows stand side by side."""
    return f"flow/{pool.user_pool_id}/{pool.client_id}/{key}"
