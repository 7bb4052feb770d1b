"""The service on a port of this machine, by uvicorn: for AWS SDKs, and for tests over a real
socket.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from auth_flow.errors import MissingExtra

if TYPE_CHECKING:
    import uvicorn

    from auth_flow.embedded._app import EmbeddedCognito

LOOPBACK = "127.0.0.1"


def serve(service: EmbeddedCognito, port: int, *, host: str = LOOPBACK) -> None:
    """Serve until interrupted. Who reaches the port is an administrator: think twice before taking
    another `host`.
    """
    _server(service, host, port).run()


@contextmanager
def running(service: EmbeddedCognito, *, port: int = 0) -> Generator[str]:
    """Serve in a thread for as long as the `with` block lasts, on a free port unless one is given;
    yields the URL.
    """
    with socket.create_server((LOOPBACK, port)) as listening:
        bound = listening.getsockname()[1]
        server = _server(service, LOOPBACK, bound)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="embedded-cognito", daemon=True
        )
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            yield f"http://{LOOPBACK}:{bound}/"
        finally:
            server.should_exit = True
            thread.join()


def _server(service: EmbeddedCognito, host: str, port: int) -> uvicorn.Server:
    try:
        import uvicorn
    except ImportError:
        raise MissingExtra("Serving the embedded user pool", "server") from None
    return uvicorn.Server(uvicorn.Config(service, host=host, port=port, log_level="warning"))
