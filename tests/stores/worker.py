"""A process that shares a store with others: `python -m tests.stores.worker BACKEND KIND PLACE KEY
TASK`.

race    reads a version a line (empty: none), saves a 0 on it, and answers `won VERSION` or `lost`;
at the end of input, counts
        what is saved up by one, 25 times
hammer  saves on and on, and tells each number that it has saved
"""

from __future__ import annotations

import sys

import anyio

from auth_flow.errors import StoreConflict
from auth_flow.stores import Store
from tests.stores.places import open_store


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201


async def race(store: Store, key: str) -> None:
    await store.load(key)
    say("ready")
    for line in sys.stdin:
        try:
            say("won", await store.save(key, "0", expected=line.strip() or None))
        except StoreConflict:
            say("lost")
    for _ in range(25):
        await count(store, key)


async def hammer(store: Store, key: str) -> None:
    version, number = None, 0
    if held := await store.load(key):
        version, number = held.version, int(held.value.split()[0])
    while True:
        number += 1
        version = await store.save(key, f"{number} " * 2000, expected=version)
        say(number)


async def count(store: Store, key: str) -> None:
    while True:
        held = await store.load(key)
        assert held
        try:
            await store.save(key, str(int(held.value) + 1), expected=held.version)
            return
        except StoreConflict:
            pass


async def main(kind: str, place: str, key: str, task: str) -> None:
    store = open_store(kind, place)
    await {"race": race, "hammer": hammer}[task](store, key)
    await store.aclose()


if __name__ == "__main__":
    _, backend, kind, place, key, task = sys.argv
    anyio.run(main, kind, place, key, task, backend=backend)
