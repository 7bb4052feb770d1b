"""The records of devices in a store."""

from __future__ import annotations

import pytest

from auth_flow import MemoryStore, SealedStore, Sealer, UserPool, new_key
from auth_flow.session import DeviceRecords, RememberedDevice

from .conftest import EMAIL, Place

pytestmark = pytest.mark.anyio

POOL = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example")
MINE = RememberedDevice(key="eu-west-1_mine", group_key="-group", password="device password")
OTHER = RememberedDevice(key="eu-west-1_other", group_key="-group", password="other password")


def records(store: MemoryStore | SealedStore, installation_id: str = "laptop") -> DeviceRecords:
    return DeviceRecords(POOL, store=store, installation_id=installation_id)


async def test_a_record_is_found_again_under_every_alias() -> None:
    store = MemoryStore()
    await records(store).save("ada", MINE, alias="ada@example.org")
    await records(store).save("ada", MINE, alias="+15555555309")
    book = await records(store).load()
    assert [book.find(name) for name in ("ada", "ada@example.org", "+15555555309")] == [MINE] * 3
    assert book.find("grace") is None
    assert (await records(store, "phone").load()).find("ada") is None


async def test_an_alias_that_moved_to_another_user_takes_nothing_along() -> None:
    """Dropping what a typed name leads to leaves the device of the user it belonged to."""
    held = records(MemoryStore())
    await held.save("ada", MINE, alias="box@example.org")
    await held.drop("box@example.org")
    book = await held.load()
    assert book.find("box@example.org") is None
    assert book.find("ada") == MINE
    await held.save("grace", OTHER, alias="box@example.org")
    assert (await held.load()).find("box@example.org") == OTHER


async def test_a_device_of_another_library_is_found_by_whatever_name_it_is_kept(
    always: Place,
) -> None:
    """Some keep it by the name that was typed."""
    first, _ = await always.sign_in()
    device = first.session.device
    assert device is not None
    await first.devices.clear()
    await first.devices.save(EMAIL, device)
    flow, seen = await always.sign_in(username=EMAIL)
    assert seen == []
    assert flow.session.device == device
    assert (await flow.devices.load()).devices == {"ada": device}
    assert (await always.sign_in())[1] == []


@pytest.mark.parametrize("in_store", [True, False])
async def test_dropping_a_device_and_clearing_all(in_store: bool) -> None:
    held = records(MemoryStore()) if in_store else DeviceRecords(POOL)
    await held.save("ada", MINE, alias="ada@example.org")
    await held.save("grace", OTHER)
    await held.drop("ada")
    book = await held.load()
    assert (book.find("ada"), book.find("ada@example.org")) == (None, None)
    assert book.find("grace") == OTHER
    assert book.aliases == {}
    await held.save("grace", OTHER, alias="grace@example.org")
    await held.clear()
    book = await held.load()
    assert (book.devices, book.aliases) == ({}, {})


async def test_a_store_shows_neither_the_secret_nor_the_installation() -> None:
    shown = ""

    class Disk(MemoryStore):
        async def save(
            self, key: str, value: str, *, expected: str | None, ttl: float | None = None
        ) -> str:
            nonlocal shown
            shown += key + value
            return await super().save(key, value, expected=expected, ttl=ttl)

    store = SealedStore(Disk(), Sealer([new_key()]))
    await records(store, "cookie-value").save("ada", MINE, alias="ada@example.org")
    assert shown.startswith("devices/eu-west-1_Abc123/1example/")
    for secret in ("cookie-value", "device password", "eu-west-1_mine", "ada@"):
        assert secret not in shown


async def test_an_entry_that_cannot_be_read_counts_as_empty(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inner = MemoryStore()
    first = records(SealedStore(inner, Sealer([new_key()])))
    await first.save("ada", MINE)
    again = records(SealedStore(inner, Sealer([new_key()])))
    assert (await again.load()).devices == {}
    assert "cannot be read" in caplog.text
    assert (await first.load()).find("ada") == MINE, "who cannot read it does not delete it"
    await again.save("ada", OTHER)
    assert (await again.load()).find("ada") == OTHER


async def test_two_processes_that_write_at_once_lose_nothing() -> None:
    store = MemoryStore()
    first, second = records(store), records(store)
    save = store.save

    async def interrupted(*arguments: object, **options: object) -> str:
        store.save = save  # type: ignore[method-assign]
        await second.save("grace", OTHER)
        return await save(*arguments, **options)  # type: ignore[arg-type]

    store.save = interrupted  # type: ignore[method-assign]
    await first.save("ada", MINE)
    assert set((await first.load()).devices) == {"ada", "grace"}


async def test_a_mapping_of_the_callers_is_used_as_it_is() -> None:
    mapping = {"ada": MINE}
    held = DeviceRecords(POOL, store=MemoryStore(), installation_id="laptop", devices=mapping)
    await held.save("grace", OTHER)
    await held.drop("ada")
    assert mapping == {"grace": OTHER}


async def test_records_outlive_a_sign_out_and_end_with_the_account(always: Place) -> None:
    flow, _ = await always.sign_in(username=EMAIL)
    await flow.session.sign_out(global_=True)
    flow, seen = await always.sign_in(username=EMAIL)
    assert seen == []
    await flow.session.delete_user()
    assert (await flow.devices.load()).devices == {}


async def test_any_session_of_the_installation_can_forget_its_device(always: Place) -> None:
    first, _ = await always.sign_in()
    assert first.session.device is not None
    flow = always.flow()
    await flow.restore_session(first.session.tokens)
    await flow.session.forget_device(first.session.device.key)
    assert (await flow.devices.load()).devices == {}


async def test_forgetting_ends_the_record_of_this_installation_only(always: Place) -> None:
    phone, _ = await always.sign_in("phone")
    laptop, _ = await always.sign_in("laptop")
    await laptop.session.forget_device()
    assert len(always.user.devices) == 1
    assert (await laptop.devices.load()).devices == {}
    assert (await always.sign_in("phone"))[1] == []
    assert (await always.sign_in("laptop"))[1] == ["CONFIRM_SIGN_IN_WITH_SMS_CODE"]
    assert phone.session.device is not None
