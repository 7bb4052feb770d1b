"""The version that is installed."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """Return the name and the version of the installed package, in one line. A checkout that is not
    installed has none.
    """
    try:
        return f"auth-flow {metadata.version('auth-flow')}"
    except metadata.PackageNotFoundError:
        return "auth-flow, not installed: a checkout"
