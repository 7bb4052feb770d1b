"""Keep entries in a sealed file, and its key in the system's keyring."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from auth_flow.errors import KeyringUnavailable, MissingExtra
from auth_flow.sealing._sealer import Sealer, new_key
from auth_flow.stores._file import FileStore


class KeyringStore(FileStore):
    """A `FileStore` whose key is in the system's keyring, under `service` and the file's path. The
    key is made at the first use.

    The entries themselves are not in the keyring, because keyrings have neither compare-and-set nor
    locks, and the one of Windows is limited to 2,560 bytes, less than the tokens of one session. A
    keyring is good at protecting a short secret from other users of the machine.

    All methods raise `KeyringUnavailable` if there is no keyring or the user does not unlock it,
    and `MissingExtra` if the package keyring is not installed.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        service: str = "auth-flow",
        timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        name = str(Path(path).absolute())
        super().__init__(path, lambda: _sealer(service, name), timeout=timeout, clock=clock)


def _key(service: str, name: str) -> str:
    """Return the key, and make it if there is none. The caller holds the lock of the file, so that
    two processes cannot both make one.
    """
    try:
        import keyring  # an extra
    except ImportError:
        raise MissingExtra("The keyring of the system", "keyring") from None
    try:
        key = keyring.get_password(service, name)
        if key is None:
            keyring.set_password(service, name, key := new_key())
            if keyring.get_password(service, name) != key:
                raise KeyringUnavailable(
                    "The keyring does not keep passwords: it may be a null backend. Unlock or "
                    "configure a keyring, or use FileStore with a key of your own."
                )
    except KeyringUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own: DBus, GLib, Windows
        raise KeyringUnavailable(f"The keyring cannot be used: {type(error).__name__}.") from None
    return key


def _sealer(service: str, name: str) -> Sealer:
    try:
        return Sealer([_key(service, name)])
    except ValueError:
        raise KeyringUnavailable(
            f"The keyring's entry for {service} and {name} is not a key. Delete the entry and the "
            "file, and sign in again."
        ) from None
