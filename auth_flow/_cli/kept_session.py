"""The session that one command leaves to the next: in a sealed file, whose key the system's keyring
has.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import click

from auth_flow._user_pool import UserPool
from auth_flow.errors import MissingExtra, NotSignedIn, SealBroken, StoreUnavailable
from auth_flow.sealing._sealer import Sealer
from auth_flow.session import Session
from auth_flow.stores import Store
from auth_flow.stores._file import FileStore
from auth_flow.stores._keyring import KeyringStore
from auth_flow.transports._cognito import CognitoTransport
from auth_flow.transports._endpoints import endpoint_for

FILE, KEY = "AUTH_FLOW_SESSION_FILE", "AUTH_FLOW_SESSION_KEY"

_MAKE_A_KEY = 'python -c "from auth_flow import new_key; print(new_key())"'


def session_store() -> Store:
    """The file of `AUTH_FLOW_SESSION_FILE`, or one among the person's; `AUTH_FLOW_SESSION_KEY`
    stands in for a keyring.
    """
    key = os.environ.get(KEY)
    if key is None:
        return KeyringStore(_file())
    try:
        return FileStore(_file(), Sealer([key]))
    except ValueError:
        raise click.UsageError(f"{KEY} is no key. This makes one: {_MAKE_A_KEY}") from None


async def check(store: Store) -> None:
    """Write to the store. One that does not work had better say so before anybody types a
    password.
    """
    with _told():
        await store.load("nothing")  # raises an error if the key does not fit the file
        await store.delete("nothing")


async def set_current(store: Store, session: Session) -> None:
    """Make this the session that commands use if they name no user.

    Earlier sessions of the same user are ended.
    """
    await session.sign_out_elsewhere()
    key = _key(session.pool)
    before = await store.load(key)
    await store.save(key, session.username, expected=before.version if before else None)


@asynccontextmanager
async def kept_session(pool: UserPool, username: str | None) -> AsyncGenerator[Session]:
    """Open the session of a user, or the one that was kept last. Raises `NotSignedIn` where there
    is none.
    """
    store = session_store()
    async with CognitoTransport(pool.endpoint or endpoint_for(pool.user_pool_id)) as transport:
        with _told():
            session = await _load(pool, username, store, transport)
        yield session


async def _load(
    pool: UserPool, username: str | None, store: Store, transport: CognitoTransport
) -> Session:
    current = await store.load(_key(pool))
    name = username or (current.value if current else None)
    try:
        if name is not None:
            return await Session.load(pool, name, store=store, transport=transport)
    except NotSignedIn:
        pass  # signed out since, which is no other case than never signed in
    who, option = (
        (f"{username} is not", f" --username {username}") if username else ("Nobody is", "")
    )
    raise NotSignedIn(
        f"{who} signed in to this pool here. Do so with: auth-flow sign-in --keep{option}"
    )


@contextmanager
def _told() -> Generator[None]:
    """Name the file and the variable that somebody can do something about."""
    try:
        yield
    except SealBroken:
        key = (
            f"the key in {KEY}. Set the key"
            if KEY in os.environ
            else f"the key in the keyring. Set {KEY} to the one"
        )
        raise StoreUnavailable(
            f"{_file()} was not sealed with {key} that it was sealed with; or delete the file, and sign in again."
        ) from None
    except (MissingExtra, StoreUnavailable) as error:
        if error.message.startswith("The keyring"):
            reason = error.message.rstrip(".")
            raise StoreUnavailable(
                f"{reason}. Set {KEY}, and do without a keyring. This makes a key: {_MAKE_A_KEY}"
            ) from None
        raise StoreUnavailable(f"{_file()}: {error.message}") from None


def _file() -> Path:
    return Path(os.environ.get(FILE) or Path(click.get_app_dir("auth-flow")) / "sessions")


def _key(pool: UserPool) -> str:
    return f"current/{pool.user_pool_id}/{pool.client_id}"
