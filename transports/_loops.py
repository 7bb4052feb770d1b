"""Values that belong to one event loop of one process: connections, locks, and all that waits.

A connection or a lock works in the event loop that made it, and nowhere else. Programs have several
loops more often than it seems: each `asyncio.run` has a new one, each thread may have one, and a
forked process continues with copies of its parent's sockets, so that a request of the child would
be answered to the parent. Everything in this library that connects or waits keeps its state in a
`PerLoop`, and finds new state in a new loop or process before it has sent anything.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Generic, NamedTuple, TypeVar

from anyio.lowlevel import current_token

from auth_flow.errors import WrongEventLoop

T = TypeVar("T")


class Loop(NamedTuple):
    """An event loop in a process. A forked child has its own, whatever it inherited."""

    process: int
    loop: object

    @property
    def over(self) -> bool:
        """True if nothing can run in the loop any more, as far as this process can see."""
        closed: Callable[[], bool] | None = getattr(self.loop, "is_closed", None)
        return self.process != os.getpid() or (closed is not None and closed())


def running_loop() -> Loop:
    """Return the event loop that runs the calling task, on asyncio or trio."""
    return Loop(os.getpid(), current_token().native_token)


class PerLoop(Generic[T]):
    """One value for each event loop, made by `make` when it is first needed there.

    Threads may use it at once, each for its own loop. The values of a parent process are left
    untouched in a forked child: closing them there would break the parent's connections.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._values = dict[Loop, T]()

    def get(self) -> T:
        """Return the value of the running loop."""
        here = running_loop()
        try:
            return self._values[here]
        except KeyError:
            self._forget_closed_loops(here)
            return self._values.setdefault(here, self._make())

    def pop(self) -> T | None:
        """Forget and return the value of the running loop; None if it has none."""
        return self._values.pop(running_loop(), None)

    def __iter__(self) -> Iterator[T]:
        """Iterate over the values of this process, for flags that concern all of them."""
        process, values = os.getpid(), list(self._values.items())
        return iter([value for loop, value in values if loop.process == process])

    def _forget_closed_loops(self, here: Loop) -> None:
        for loop in list(self._values):
            if loop.process == here.process and loop.over:
                self._values.pop(loop, None)


class Bound:
    """Marks an object of the caller's, such as a client, that works in one event loop only.

    Nothing here can open such an object again, so `check` refuses to use it in a second loop.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._home: Loop | None = None

    def check(self) -> None:
        """Raise `WrongEventLoop` if the first call was made in another event loop or process."""
        here = running_loop()
        self._home = self._home or here
        if self._home != here:
            raise WrongEventLoop(self._what)


def close_with_loop(close: Callable[[], Awaitable[None]]) -> AsyncGenerator[None]:
    """Have `close` awaited at the end of the running loop, or earlier by `aclose` of the result.

    Without this, connections that are idle when `asyncio.run` returns would stay open, and Python
    would warn of each of them. Event loops have no hook for their end, but they finish the
    asynchronous generators that were begun in them. So this returns one that closes at its end.
    """

    async def until_the_loop_ends() -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await close()

    generator = until_the_loop_ends()
    with suppress(StopIteration):  # it comes to its `yield` without waiting for anything
        anext(generator).__await__().send(None)
    return generator
