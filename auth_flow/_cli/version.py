"""Which version is installed."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """Return the name and the version of what is installed, as one line; a checkout that is not
    installed has none.
    """
    try:
        return f"auth-flow {metadata.version('auth-flow')}"
    except metadata.PackageNotFoundError:
        return "auth-flow, not installed: a checkout"
