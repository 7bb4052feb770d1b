"""What every store does."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import anyio
import pytest
from anyio.lowlevel import checkpoint

from auth_flow.errors import StoreConflict
from auth_flow.stores import Entry, Store

pytestmark = pytest.mark.anyio

PATIENCE = 20


async def test_nothing_is_held_for_a_key_that_was_never_saved(store: Store, key: str) -> None:
    assert await store.load(key) is None
    await store.delete(key)


@pytest.mark.parametrize(
    "value",
    ["", " ", "a value", "two\r\nlines", "ünïcödé 🔑", "nul \0 inside", "x" * 200_000],
    ids=range(7),
)
async def test_what_is_saved_is_loaded(store: Store, key: str, value: str) -> None:
    version = await store.save(key, value, expected=None)
    assert await store.load(key) == Entry(value, version)


@pytest.mark.parametrize("suffix", [" ", "a b", "\n", "ü", ":claim", "*", "'\"", "%s{}"])
async def test_keys_are_told_apart_whatever_is_in_them(store: Store, key: str, suffix: str) -> None:
    await store.save(key, "one", expected=None)
    await store.save(key + suffix, "other", expected=None)
    one, other = await store.load(key), await store.load(key + suffix)
    assert one
    assert other
    assert (one.value, other.value) == ("one", "other")
    await store.delete(key)
    assert await store.load(key + suffix) == other


async def test_each_save_builds_on_the_one_before(store: Store, key: str) -> None:
    version = None
    versions = set[str]()
    for number in range(5):
        version = await store.save(key, str(number % 2), expected=version)
        versions.add(version)
        assert await store.load(key) == Entry(str(number % 2), version)
    assert len(versions) == 5


async def test_what_is_there_is_not_made_anew(store: Store, key: str) -> None:
    version = await store.save(key, "first", expected=None)
    with pytest.raises(StoreConflict):
        await store.save(key, "second", expected=None)
    assert await store.load(key) == Entry("first", version)


async def test_a_save_on_an_old_version_writes_nothing(store: Store, key: str) -> None:
    old = await store.save(key, "old", expected=None)
    new = await store.save(key, "new", expected=old)
    for stale in (old, "never-seen", ""):
        with pytest.raises(StoreConflict):
            await store.save(key, "late", expected=stale)
    assert await store.load(key) == Entry("new", new)


async def test_a_save_on_what_is_gone_writes_nothing(store: Store, key: str) -> None:
    version = await store.save(key, "value", expected=None)
    await store.delete(key)
    for stale in (version, "never-seen", ""):
        with pytest.raises(StoreConflict):
            await store.save(key, "late", expected=stale)
    assert await store.load(key) is None


async def test_delete_takes_the_version_it_expects_or_none_at_all(store: Store, key: str) -> None:
    old = await store.save(key, "old", expected=None)
    new = await store.save(key, "new", expected=old)
    for stale in (old, "never-seen", ""):
        with pytest.raises(StoreConflict):
            await store.delete(key, expected=stale)
    assert await store.load(key) == Entry("new", new)
    await store.delete(key, expected=new)
    assert await store.load(key) is None
    await store.delete(key, expected=new)


async def test_an_entry_made_again_is_another_one(store: Store, key: str) -> None:
    before = await store.save(key, "same", expected=None)
    await store.delete(key)
    await store.save(key, "same", expected=None)
    with pytest.raises(StoreConflict):
        await store.save(key, "late", expected=before)


async def test_an_entry_is_gone_when_its_time_is_over_unless_a_later_save_lifts_that(
    store: Store, key: str
) -> None:
    first = await store.save(f"{key}-lifted", "short", expected=None, ttl=0.25)
    lifted = await store.save(f"{key}-lifted", "for good", expected=first)
    version = await store.save(key, "short", expected=None, ttl=0.25)
    with anyio.fail_after(PATIENCE):
        while await store.load(key):  # noqa: ASYNC110 (the store tells nobody)
            await anyio.sleep(0.02)
    with pytest.raises(StoreConflict):
        await store.save(key, "late", expected=version)
    await store.delete(key, expected=version)
    await store.save(key, "next", expected=None)
    assert await store.load(f"{key}-lifted") == Entry("for good", lifted)


async def test_an_entry_that_has_no_time_is_gone_at_once(store: Store, key: str) -> None:
    await store.save(key, "gone", expected=None, ttl=0)
    assert await store.load(key) is None
    await store.save(key, "next", expected=None)


async def test_an_entry_stays_until_its_time_is_over(store: Store, key: str) -> None:
    version = await store.save(key, "long", expected=None, ttl=600)
    assert await store.load(key) == Entry("long", version)
    with pytest.raises(StoreConflict):
        await store.save(key, "other", expected=None)


async def test_all_handles_see_the_same(opened: Callable[[], Store], key: str) -> None:
    one, other = opened(), opened()
    version = await one.save(key, "from one", expected=None)
    assert await other.load(key) == Entry("from one", version)
    await other.save(key, "from the other", expected=version)
    with pytest.raises(StoreConflict):
        await one.save(key, "late", expected=version)


async def test_of_tasks_that_save_on_one_version_exactly_one_is_done(
    opened: Callable[[], Store], key: str
) -> None:
    stores = [opened() for _ in range(3)]
    version = None
    for _ in range(4):
        won: list[str] = []
        refused: list[int] = []

        async def save(
            number: int,
            version: str | None = version,
            won: list[str] = won,
            refused: list[int] = refused,
        ) -> None:
            try:
                won.append(await stores[number % 3].save(key, str(number), expected=version))
            except StoreConflict:
                refused.append(number)

        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(save, number)
        (version,) = won
        held = await stores[0].load(key)
        assert held
        assert held.version == version
        assert len(refused) == 11
        assert int(held.value) not in refused


async def test_counting_together_loses_nothing(opened: Callable[[], Store], key: str) -> None:
    stores = [opened(), opened()]
    await stores[0].save(key, "0", expected=None)

    async def count(store: Store) -> None:
        for _ in range(5):
            while True:
                held = await store.load(key)
                assert held
                try:
                    await store.save(key, str(int(held.value) + 1), expected=held.version)
                    break
                except StoreConflict:
                    await checkpoint()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            for number in range(4):
                group.start_soon(count, stores[number % 2])
    held = await stores[1].load(key)
    assert held
    assert held.value == "20"


@dataclass
class Model:
    """A store as one would explain it."""

    held: dict[str, Entry]

    def would_conflict(self, key: str, expected: str | None) -> bool:
        held = self.held.get(key)
        return (held.version if held else None) != expected


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_done_in_whatever_order_it_does_as_one_would_explain_it(
    store: Store, key: str, seed: int
) -> None:
    chance = random.Random(seed)
    model = Model({})
    versions: list[str | None] = [None]
    for turn in range(60):
        name = f"{key}-{chance.randrange(3)}"
        held = model.held.get(name)
        expected = chance.choice([held.version if held else None, chance.choice(versions)])
        match chance.choice(["load", "save", "save", "delete"]):
            case "load":
                assert await store.load(name) == held
            case "save" if model.would_conflict(name, expected):
                with pytest.raises(StoreConflict):
                    await store.save(name, str(turn), expected=expected)
            case "save":
                version = await store.save(name, str(turn), expected=expected)
                assert version not in versions
                versions.append(version)
                model.held[name] = Entry(str(turn), version)
            case _ if held and expected and model.would_conflict(name, expected):
                with pytest.raises(StoreConflict):
                    await store.delete(name, expected=expected)
            case _:
                await store.delete(name, expected=expected)
                model.held.pop(name, None)
        assert await store.load(name) == model.held.get(name)


async def test_a_cancelled_save_is_done_or_not_and_the_store_goes_on(
    store: Store, key: str
) -> None:
    version = await store.save(key, "0", expected=None)
    for number in range(1, 12):
        with anyio.move_on_after(number / 4000):
            await store.save(key, str(number), expected=version)
        held = await store.load(key)
        assert held
        assert held.version == version or held.value == str(number)
        version = held.version
    assert await store.save(key, "last", expected=version)


@pytest.mark.parametrize("operation", ["load", "save", "delete"])
async def test_a_task_that_is_cancelled_already_does_nothing(
    store: Store, key: str, operation: str
) -> None:
    version = await store.save(key, "kept", expected=None)
    do = {
        "load": lambda: store.load(key),
        "save": lambda: store.save(key, "late", expected=version),
        "delete": lambda: store.delete(key),
    }[operation]
    with anyio.CancelScope() as scope:
        scope.cancel()
        await do()
    assert scope.cancelled_caught
    assert await store.load(key) == Entry("kept", version)


async def test_it_can_be_used_again_after_it_was_closed(store: Store, key: str) -> None:
    version = await store.save(key, "kept", expected=None)
    await store.aclose()
    await store.aclose()
    assert await store.load(key) == Entry("kept", version)


async def test_neither_entries_nor_errors_show_what_is_held(store: Store, key: str) -> None:
    await store.save(key, "hunter2", expected=None)
    entry = await store.load(key)
    with pytest.raises(StoreConflict) as caught:
        await store.save(key, "hunter2", expected="hunter1")
    for shown in (repr(entry), str(caught.value), repr(caught.value), repr(store)):
        assert "hunter" not in shown
