"""A served pool and its configuration, as the commands find them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from auth_flow.embedded import running
from auth_flow.sealing import new_key
from tests.cli.pools import TestPool

Typed = Callable[..., None]
Serve = Callable[..., AbstractContextManager[TestPool]]


@pytest.fixture(autouse=True)
def configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No pool of the machine's, and a place for sessions."""
    for name in ("USER_POOL_ID", "CLIENT_ID", "CLIENT_SECRET", "ENDPOINT"):
        monkeypatch.delenv(f"AUTH_FLOW_{name}", raising=False)
    monkeypatch.setenv("AUTH_FLOW_SESSION_FILE", str(tmp_path / "sessions"))
    monkeypatch.setenv("AUTH_FLOW_SESSION_KEY", new_key())


class Pipe(io.StringIO):
    """Standard input without a terminal. A line may be a function: a writer that looks first."""

    def __init__(self, *lines: str | Callable[[], str]) -> None:
        super().__init__()
        self._lines = iter(lines)

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        line = next(self._lines, "")
        return f"{line if isinstance(line, str) else line()}\n" if line else ""


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Put lines on standard input."""
    return lambda *lines: monkeypatch.setattr(sys, "stdin", Pipe(*lines))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serve a pool with one user, and configure it. Takes the pool's settings and the user's."""

    @contextmanager
    def serve(settings: Mapping[str, Any] | None = None, **user: Any) -> Generator[TestPool]:
        pool = TestPool(**(settings or {}))
        pool.add(**user)
        with running(pool.service) as endpoint:
            values = {
                "USER_POOL_ID": pool.pool.id,
                "CLIENT_ID": pool.client.id,
                "ENDPOINT": endpoint,
            }
            for name, value in values.items():
                monkeypatch.setenv(f"AUTH_FLOW_{name}", value)
            yield pool

    return serve
