"""Devices that the user pool tracks, as far as this installation knows their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from auth_flow.states._base import Secret, Value
from auth_flow.states._replies import NewDeviceMetadata


class NewDevice(Value):
    """A device that the service has just made up. It has to be confirmed with a verifier.

    `replaces` is the key of the user's device before it, which the sign-in could not name because
    the user typed another name than before. It has to be forgotten.
    """

    key: str
    group_key: str
    replaces: str | None = None

    @classmethod
    def of(
        cls, metadata: NewDeviceMetadata | None, known: RememberedDevice | None = None
    ) -> Self | None:
        """Read `NewDeviceMetadata`. Returns None if the pool tracks no devices.

        `known` is the device that the user has had here so far.
        """
        if metadata is None or not metadata.key or not metadata.group_key:
            return None
        replaces = known.key if known else None
        return cls(key=metadata.key, group_key=metadata.group_key, replaces=replaces)


class RememberedDevice(Value):
    """The secrets by which the pool recognises this installation as a device of one user.

    The pool issued `key` and `group_key`; `password` was generated here. `user_decides` is True as
    long as an opt-in pool waits for the user to have the device remembered or not.
    """

    key: str
    group_key: str
    password: Secret
    user_decides: bool = False


class DeviceBook:
    """The devices of one installation by user, and the users by the names that were typed.

    A turn has a copy of its own. It is the one part of a turn that changes: a device that the
    service does not know is dropped from it, so that the rest of the turn goes on without it.
    """

    def __init__(
        self,
        devices: Mapping[str, RememberedDevice] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.devices = dict(devices or {})
        self.aliases = dict(aliases or {})

    def find(self, *names: str | None) -> RememberedDevice | None:
        """Return the device that the first of these names leads to: a name in the pool, or one that
        was typed before.
        """
        for name in filter(None, names):
            if device := self.devices.get(name) or self.devices.get(self.aliases.get(name, "")):
                return device
        return None

    def add(self, username: str, device: RememberedDevice, alias: str | None = None) -> None:
        """Keep the device of a user, who typed `alias` to sign in."""
        self.devices[username] = device
        if alias is not None and alias != username:
            self.devices.pop(alias, None)  # it was kept by this name before the pool's was known
            self.aliases[alias] = username

    def drop(self, name: str) -> None:
        """Forget what `name` leads to.

        For a typed name that is the alias: it may belong to another user by now, and then the
        device of the first one is still good. The name in the pool leads to the device itself.
        """
        if name in self.devices:
            del self.devices[name]
            names = [alias for alias, username in self.aliases.items() if username == name]
            for alias in names:
                del self.aliases[alias]
        else:
            self.aliases.pop(name, None)
