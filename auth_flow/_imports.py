"""Imports that wait until something is needed, and that do not hold up the event loop then."""

from __future__ import annotations

from importlib import import_module

from anyio import to_thread

_done: set[str] = set()


async def ensure_imported(*modules: str) -> None:
    """Import those of the modules that have not been; in a worker thread, since they take tens of milliseconds."""
    for module in modules:
        if module not in _done:
            await to_thread.run_sync(import_module, module)
            _done.add(module)
