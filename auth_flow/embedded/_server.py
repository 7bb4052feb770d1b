"""Serve the embedded user pool on a port of this machine with uvicorn."""

from __future__ import annotations

import socket
import sys
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
    """Serve until interrupted.

    AWS signatures are not checked, so every client of `host` is an administrator.
    """
    service.endpoint = service.endpoint or f"http://{host}:{port}"
    _server(service, host, port).run()


@contextmanager
def running(service: EmbeddedCognito, *, port: int = 0) -> Generator[str]:
    """Serve in a thread for the length of the `with` block, and yield the URL without a slash at
    its end.

    If `port` is 0, a free one is taken.
    """
    with socket.create_server((LOOPBACK, port)) as listening:
        bound = listening.getsockname()[1]
        endpoint = f"http://{LOOPBACK}:{bound}"
        service.endpoint = service.endpoint or endpoint
        server = _server(service, LOOPBACK, bound)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="embedded-cognito", daemon=True
        )
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            yield endpoint
        finally:
            server.should_exit = True
            if not sys.is_finalizing():  # otherwise the interpreter has stopped the thread already
                thread.join()


def _server(service: EmbeddedCognito, host: str, port: int) -> uvicorn.Server:
    try:
        import uvicorn
    except ImportError:
        raise MissingExtra("Serving the embedded user pool", "server") from None
    return uvicorn.Server(uvicorn.Config(service, host=host, port=port, log_level="warning"))
