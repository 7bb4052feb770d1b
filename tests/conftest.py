"""The settings of the whole run."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Take SIGINT back if the parent ignores it, as `nohup` and background shells do.

    Processes that the tests start would inherit that, and could not be interrupted.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
