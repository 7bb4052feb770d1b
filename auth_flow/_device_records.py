"""The secrets of remembered devices, in a store or in memory."""

# Theory of operation
#
# A device record spares its user the second factor. So it belongs to one pool, one app client, one
# installation and one user, and another browser must never find it. All the records of an
# installation are one entry of the store, with the names that its users have typed, and the name of
# the entry contains a hash of the installation id: the id may be a cookie. The store seals values.
#
# Without an installation id there is nothing that a later sign-in could be recognised by, so the
# records stay in memory, and end with the object.

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from auth_flow.errors import SealBroken, StoreConflict
from auth_flow.states._base import Value, reveal
from auth_flow.states._devices import DeviceBook, RememberedDevice

if TYPE_CHECKING:
    from auth_flow._config import AuthConfig
    from auth_flow._user_pool import UserPool
    from auth_flow.stores._base import Store

_log = logging.getLogger(__name__)


class DeviceRecords:
    """The remembered devices of one installation at one app client, by user.

    With `store` and `installation_id` they are kept in the store. Otherwise they are in memory, in
    `devices` if it is given, by the users' names in the pool. All methods raise `StoreError` if the
    store does not work.

    The records outlive sign-outs. A record ends if its device is forgotten, if the service does not
    know the device any more, if the user's account is deleted, or by `clear`.
    """

    def __init__(
        self,
        pool: UserPool,
        *,
        store: Store | None = None,
        installation_id: str | None = None,
        devices: MutableMapping[str, RememberedDevice] | None = None,
    ) -> None:
        self._store = store if installation_id and devices is None else None
        name = hashlib.sha256((installation_id or "").encode()).hexdigest()
        self._key = f"devices/{pool.user_pool_id}/{pool.client_id}/{name}"
        self._devices: MutableMapping[str, RememberedDevice] = {} if devices is None else devices
        self._aliases: dict[str, str] = {}

    @classmethod
    def of(cls, pool: UserPool, config: AuthConfig) -> DeviceRecords:
        """Return the records that a configuration means."""
        if isinstance(config.devices, DeviceRecords):
            return config.devices
        return cls(
            pool,
            store=config.store,
            installation_id=config.installation_id,
            devices=config.devices,
        )

    async def load(self) -> DeviceBook:
        """Return a copy of all the records. An entry that cannot be read counts as empty, and is
        replaced by the next one.
        """
        if self._store is None:
            return DeviceBook(self._devices, self._aliases)
        try:
            return (await self._load(self._store))[0]
        except (SealBroken, ValidationError):
            _log.warning("The records of an installation's devices cannot be read.")
            return DeviceBook()

    async def save(
        self, username: str, device: RememberedDevice, *, alias: str | None = None
    ) -> None:
        """Keep the device of a user, by the name in the pool. `alias` is the name that the user
        typed.
        """
        await self._change(lambda book: book.add(username, device, alias))

    async def drop(self, name: str) -> None:
        """Forget the device of a user. A typed name is only unlinked from the device."""
        await self._change(lambda book: book.drop(name))

    async def clear(self) -> None:
        """Forget the devices of all the users of this installation."""
        self._devices.clear()
        self._aliases.clear()
        if self._store is not None:
            await self._store.delete(self._key)

    def at_hand(self, username: str) -> RememberedDevice | None:
        """Return the device of a user if the records are in memory."""
        return DeviceBook(self._devices, self._aliases).find(username)

    async def _change(self, change: Callable[[DeviceBook], None]) -> None:
        if self._store is None:
            book = DeviceBook(self._devices, self._aliases)
            change(book)
            for username in set(self._devices) - set(book.devices):
                del self._devices[username]
            self._devices.update(book.devices)
            self._aliases = book.aliases
            return
        while True:
            try:
                book, version = await self._load(self._store)
            except (SealBroken, ValidationError):
                await self._store.delete(self._key)
                continue
            before = _to_text(book)
            change(book)
            if (after := _to_text(book)) == before:
                return
            try:
                await self._store.save(self._key, after, expected=version)
            except StoreConflict:
                continue
            return

    async def _load(self, store: Store) -> tuple[DeviceBook, str | None]:
        entry = await store.load(self._key)
        return (_Records.read(entry.value), entry.version) if entry else (DeviceBook(), None)


class _Records(Value):
    devices: dict[str, RememberedDevice]
    aliases: dict[str, str]

    @classmethod
    def read(cls, text: str) -> DeviceBook:
        records = cls.model_validate_json(text)
        return DeviceBook(records.devices, records.aliases)


def _to_text(book: DeviceBook) -> str:
    """Return the value of the entry. It contains the secrets, unencrypted."""
    devices: dict[str, Any] = {
        username: {**device.model_dump(), "password": reveal(device.password)}
        for username, device in book.devices.items()
    }
    return json.dumps({"devices": devices, "aliases": book.aliases})
