from __future__ import annotations

import logging

import anyio
import pytest

from auth_flow import Notice, Observers, StepEntered
from auth_flow import _observers as observers

pytestmark = pytest.mark.anyio

NOTICE = StepEntered("IDLE", "DONE")


async def test_sync_and_async_listeners_are_told_in_turn() -> None:
    heard: list[str] = []

    def first(notice: Notice) -> None:
        heard.append("first")

    async def second(notice: Notice) -> None:
        await anyio.lowlevel.checkpoint()
        heard.append("second")

    watching = Observers([first])
    stop = watching.add(second)
    await watching.tell(NOTICE)
    stop()
    await watching.tell(NOTICE)
    assert heard == ["first", "second", "first"]


async def test_a_broken_listener_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Notice] = []

    def broken(notice: Notice) -> None:
        raise RuntimeError("broken")

    async def broken_later(notice: Notice) -> None:
        await anyio.lowlevel.checkpoint()
        raise RuntimeError("broken later")

    with caplog.at_level(logging.ERROR):
        await Observers([broken, broken_later, heard.append]).tell(NOTICE)
    assert heard == [NOTICE]
    assert len(caplog.records) == 2


async def test_a_listener_that_hangs_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(observers, "PATIENCE", 0.01)
    heard: list[Notice] = []

    async def hang(notice: Notice) -> None:
        await anyio.sleep_forever()

    await Observers([hang, heard.append]).tell(NOTICE)
    assert heard == [NOTICE]
    assert "more than 0.01 s" in caplog.text


async def test_a_task_that_is_being_cancelled_still_tells() -> None:
    heard: list[Notice] = []

    async def listen(notice: Notice) -> None:
        await anyio.lowlevel.checkpoint()
        heard.append(notice)

    with anyio.CancelScope() as scope:
        scope.cancel()
        await Observers([listen]).tell(NOTICE)
    assert heard == [NOTICE]
