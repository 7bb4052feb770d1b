"""The settings of the whole run."""

from __future__ import annotations

import signal

import pytest


def pytest_configure() -> None:
    """Take SIGINT back if the parent ignores it, as `nohup` and background shells do.

    Processes that the tests start would inherit that, and could not be interrupted.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process if pytest-xdist distributes them, and likewise all
    tests with servers and clients that others wrote: these are started once.
    """
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            shared = "counterparts" in item.path.parts
            group = "counterparts" if shared else str(item.path)
            item.add_marker(pytest.mark.xdist_group(group))
