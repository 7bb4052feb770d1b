from __future__ import annotations

import gc
import re
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from auth_flow.embedded import (
    ClientSettings,
    EmbeddedCognito,
    RefreshTokenRotation,
    SigningKey,
    Triggers,
)
from auth_flow.states import _srp as srp
from tests.embedded.authenticator import Authenticator
from tests.embedded.test_passkeys import complete, passkey_sign_in, registration
from tests.embedded.wire import PASSWORD, Refused, Wire

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def opened(path: Path, key: SigningKey | None = None) -> AsyncIterator[Wire]:
    """The service on this file; with a key, a pool with a client and the user ada is made first."""
    with EmbeddedCognito(storage=path) as service:
        if key is not None:
            made = service.create_pool(key=key)
            made.create_client()
            made.create_user("ada", PASSWORD)
        (pool,) = service.pools.values()
        client, *_ = pool.clients
        async with service.http_client() as http:
            yield Wire(http, service, pool, client)


async def test_everything_survives_a_restart(tmp_path: Path, signing_key: SigningKey) -> None:
    path = tmp_path / "cognito.sqlite"
    keys = srp.ClientKeys.generate()
    async with opened(path, signing_key) as wire:
        tokens = await wire.tokens()
        asked = await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=keys.public_hex)
    with closing(sqlite3.connect(path)) as database:
        kinds = {kind for (kind,) in database.execute("SELECT kind FROM rows")}
    of_the_pool = {f"{wire.pool.id}/{name}" for name in ("client", "user", "session", "grant")}
    assert kinds == {"pool", *of_the_pool}, "the file is read by later versions"
    async with opened(path) as wire:
        assert (await wire.call("GetUser", AccessToken=tokens["AccessToken"]))["Username"] == "ada"
        assert "AuthenticationResult" in await wire.prove(asked, keys)
        await wire.call(
            "GetTokensFromRefreshToken",
            ClientId=wire.client.id,
            RefreshToken=tokens["RefreshToken"],
        )
        await wire.call("DeleteUser", AccessToken=tokens["AccessToken"])
    async with opened(path) as wire:
        with pytest.raises(Refused, match="UserNotFoundException"):
            await wire.sign_in()
        wire.service.delete_pool(wire.pool)
        with pytest.raises(Refused, match="ResourceNotFoundException"):
            await wire.sign_in()
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert [database.execute(f"SELECT * FROM {name}").fetchall() for (name,) in tables] == [[]]
    with EmbeddedCognito(storage=path) as service:
        assert not service.pools


async def test_spent_refresh_tokens_are_known_after_a_restart(
    tmp_path: Path, signing_key: SigningKey
) -> None:
    path = tmp_path / "cognito.sqlite"
    rotation = RefreshTokenRotation(feature="ENABLED", retry_grace_period_seconds=0)
    async with opened(path, signing_key) as wire:
        wire.client = wire.pool.create_client(ClientSettings(refresh_token_rotation=rotation))
        client, spent = {"ClientId": wire.client.id}, (await wire.tokens())["RefreshToken"]
        reply = await wire.call("GetTokensFromRefreshToken", **client, RefreshToken=spent)
    good = reply["AuthenticationResult"]["RefreshToken"]
    async with opened(path) as wire:
        await wire.call("GetTokensFromRefreshToken", **client, RefreshToken=good)
        with pytest.raises(Refused, match="RefreshTokenReuseException"):
            await wire.call("GetTokensFromRefreshToken", **client, RefreshToken=spent)


async def test_passkeys_and_their_counters_survive_a_restart(
    tmp_path: Path, signing_key: SigningKey
) -> None:
    def refuse(_: dict[str, Any]) -> None:
        raise ValueError("not today")

    path, authenticator = tmp_path / "cognito.sqlite", Authenticator()
    async with opened(path, signing_key) as wire:
        access, options = await registration(wire)
    async with opened(path) as wire:
        await complete(wire, access, authenticator.create(options))
    clone = authenticator.clone()
    async with opened(path) as wire:
        # The assertion counts even if the sign-in is refused after it.
        wire.pool.triggers = Triggers(post_authentication=refuse)
        with pytest.raises(Refused, match="UserLambdaValidationException"):
            await passkey_sign_in(wire, authenticator)
    async with opened(path) as wire:
        with pytest.raises(Refused, match="count"):
            await passkey_sign_in(wire, clone)
        assert "AuthenticationResult" in await passkey_sign_in(wire, authenticator)


def test_every_pool_has_a_key_of_its_own() -> None:
    with EmbeddedCognito() as service:
        one, other = service.create_pool(), service.create_pool()
    assert one.key.public["n"] != other.key.public["n"]
    assert all(re.fullmatch(r"eu-west-1_[0-9A-Za-z]{9}", pool.id) for pool in (one, other))


def test_passwords_are_not_kept(tmp_path: Path, signing_key: SigningKey) -> None:
    with EmbeddedCognito(storage=tmp_path / "cognito.sqlite") as service:
        pool = service.create_pool(key=signing_key)
        pool.create_user("ada", PASSWORD)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        pool.create_user("bob", PASSWORD)
    assert PASSWORD.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_a_storage_in_memory_leaves_no_file(
    tmp_path: Path, signing_key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with EmbeddedCognito(storage=":memory:") as service:
        service.create_pool(key=signing_key)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_shared_with_other_threads_and_programs(
    tmp_path: Path, signing_key: SigningKey
) -> None:
    path = tmp_path / "cognito.sqlite"
    with EmbeddedCognito(storage=path) as service, closing(sqlite3.connect(path)) as other:
        pool = service.create_pool(key=signing_key)
        with ThreadPoolExecutor(1) as threads:
            threads.submit(pool.create_user, "ada", PASSWORD).result()
        names = {key for (key,) in other.execute("SELECT key FROM rows")}
        assert names == {pool.id, "ada"}
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_is_no_database_is_let_go(tmp_path: Path) -> None:
    file = tmp_path / "pool.db"
    file.write_text("no database, but text of some length" * 10)
    with pytest.raises(sqlite3.DatabaseError):
        EmbeddedCognito(storage=file)
    gc.collect()  # an open connection would be a ResourceWarning
