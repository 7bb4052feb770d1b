"""A real redis-server on a free port of this machine, with a password, a user, TLS, and nothing
written to the disk.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

PASSWORD = "open sesame"


@dataclass(frozen=True, slots=True)
class RedisServer:
    port: int
    tls_port: int
    authority: trustme.CA

    def url(self, *, who: str = ":open%20sesame", database: int = 0) -> str:
        return f"redis://{who}@127.0.0.1:{self.port}/{database}"

    @property
    def tls_url(self) -> str:
        return f"rediss://:open%20sesame@localhost:{self.tls_port}"


def find() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


@contextmanager
def running(folder: Path, port: int | None = None) -> Generator[RedisServer]:
    program = find()
    assert program
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    server = RedisServer(port or free_port(), free_port(), authority)
    options = {
        "bind": "127.0.0.1",
        "port": server.port,
        "tls-port": server.tls_port,
        "tls-cert-file": folder / "server.pem",
        "tls-key-file": folder / "server.pem",
        "tls-ca-cert-file": folder / "ca.pem",
        "tls-auth-clients": "no",
        "requirepass": PASSWORD,
        "user": "worker on >pass:word ~auth-flow:* +@all",
        "save": "",
        "dir": folder,
    }
    config = folder / "redis.conf"
    config.write_text(
        "".join(f"{name} {_quoted(name, str(value))}\n" for name, value in options.items())
    )
    with subprocess.Popen([program, str(config)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            log: list[str] = []
            for line in process.stdout:
                log.append(line)
                if "Ready to accept connections" in line:
                    break
            else:
                raise AssertionError("".join(log))
            yield server
        finally:
            process.kill()


def _quoted(name: str, value: str) -> str:
    return value if name == "user" else f'"{value}"'


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
