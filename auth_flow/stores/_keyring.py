"""Entries in a file whose key lies in the keyring of the system."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from auth_flow.errors import MissingExtra, StoreUnavailable
from auth_flow.sealing._sealer import Sealer, new_key
from auth_flow.stores._file import FileStore


class KeyringStore(FileStore):
    """A `FileStore` whose key is made at the first use and lies in the system's keyring, under
    `service` and the file's path.

    The entries themselves are not in the keyring, which could not keep them as a store must:
    keyrings have no compare-and-set and no locks, and that of Windows takes at most 2,560 bytes, of
    which the tokens of one session need more. What a keyring does well is to give a short secret to
    the programs of the person who is logged in, and to nobody else.

    All methods raise `StoreUnavailable` where there is no keyring or the person does not unlock it,
    and `MissingExtra` without the package keyring.
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
        super().__init__(path, lambda: Sealer([_key(service, name)]), timeout=timeout, clock=clock)


def _key(service: str, name: str) -> str:
    """Get the key, or make it. The lock of the file is held meanwhile, so no two processes make
    one.
    """
    try:
        import keyring  # an extra
        from keyring.errors import KeyringError
    except ImportError:
        raise MissingExtra("The keyring of the system", "keyring") from None
    try:
        key = keyring.get_password(service, name)
        if key is None:
            keyring.set_password(service, name, key := new_key())
    except KeyringError as error:
        raise StoreUnavailable(f"The keyring cannot be used: {type(error).__name__}.") from None
    return key
