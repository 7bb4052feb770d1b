"""A keyring for machines that have none: a backend as the package keyring loads them, over a plain
file.

It reads and writes without any lock, as keyrings do.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.compat import properties

PLACE = "AUTH_FLOW_TEST_KEYRING"


class PlainKeyring(KeyringBackend):
    @properties.classproperty
    def priority(self) -> float:
        return 1

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path.write_text(json.dumps({**self._read(), f"{service} {username}": password}))

    def _read(self) -> dict[str, str]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}

    @property
    def _path(self) -> Path:
        return Path(os.environ[PLACE])
