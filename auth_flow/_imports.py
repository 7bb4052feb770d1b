"""Imports on first use, without blocking the event loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from anyio import to_thread

_done: set[str] = set()


async def ensure_imported(*modules: str) -> None:
    """Import the modules that have not been imported yet, in a worker thread.

    Together they take tens of milliseconds, which is too long to block an event loop.
    """
    for module in modules:
        if module not in _done:
            await to_thread.run_sync(import_module, module)
            _done.add(module)


def lazy(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a module's `__getattr__` that imports a public name at its first use.

    `homes` maps each name to the module that defines it. A package defines the function under
    `if not TYPE_CHECKING`, beside real imports for type checkers, so that a misspelt name is still
    an error for them.
    """

    def getattr_(name: str) -> Any:
        try:
            home = homes[name]
        except KeyError:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        return getattr(import_module(home), name)

    return getattr_
