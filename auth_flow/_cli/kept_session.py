"""The session that one command keeps for the next, in an encrypted file. The key is in the system's
keyring.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import click

from auth_flow._user_pool import UserPool
from auth_flow.errors import (
    AuthFlowError,
    KeyringUnavailable,
    MissingExtra,
    NotSignedIn,
    SealBroken,
    StoreUnavailable,
)
from auth_flow.sealing._sealer import Sealer
from auth_flow.session import Session
from auth_flow.stores import Store
from auth_flow.stores._file import FileStore
from auth_flow.stores._keyring import KeyringStore
from auth_flow.transports._cognito import CognitoTransport
from auth_flow.transports._endpoints import endpoint_for

FILE, KEY = "AUTH_FLOW_SESSION_FILE", "AUTH_FLOW_SESSION_KEY"

_MAKE_A_KEY = "auth-flow new-key"


def session_store() -> Store:
    """Return the store of kept sessions.

    Its file is that of `AUTH_FLOW_SESSION_FILE`, or one in the folder of the user's applications.
    If `AUTH_FLOW_SESSION_KEY` is set, no keyring is needed.
    """
    key = os.environ.get(KEY)
    if key is None:
        return KeyringStore(_file())
    try:
        return FileStore(_file(), Sealer([key]))
    except ValueError:
        raise click.UsageError(f"{KEY} is not a key. Make one with: {_MAKE_A_KEY}") from None


async def check(store: Store) -> None:
    """Use the store, so that one that does not work is noticed before the sign-in."""
    with _explained():
        await store.load("nothing")  # raises an error if the key does not fit the file
        await store.delete("nothing")


async def set_current(store: Store, session: Session) -> None:
    """Make this the session of commands without --username.

    Earlier sessions of the same user are ended.
    """
    await session.sign_out_elsewhere()
    key = _key(session.pool)
    before = await store.load(key)
    await store.save(key, session.username, expected=before.version if before else None)


@asynccontextmanager
async def kept_session(pool: UserPool, username: str | None) -> AsyncGenerator[Session]:
    """Open the session of a user, or the one that was kept last. Raises `NotSignedIn` if there is
    none.
    """
    store = session_store()
    async with CognitoTransport(pool.endpoint or endpoint_for(pool.user_pool_id)) as transport:
        with _explained():
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
        pass  # the session has ended since, so the person has to sign in as if there had been none
    user, option = (
        (f"{username} is not", f" --username {username}") if username else ("Nobody is", "")
    )
    raise NotSignedIn(
        f"{user} signed in to this pool here. Sign in with: auth-flow sign-in --keep{option}"
    )


@contextmanager
def _explained() -> Generator[None]:
    """Add the file and the environment variables to an error of the store."""
    try:
        yield
    except SealBroken:
        place = f"in {KEY}" if KEY in os.environ else "in the keyring"
        raise StoreUnavailable(
            f"{_file()} cannot be opened with the key {place}. Set {KEY} to the right key, or "
            "delete the file and sign in again."
        ) from None
    except (MissingExtra, StoreUnavailable) as error:
        if isinstance(error, KeyringUnavailable) or _needs_package_keyring(error):
            reason = error.message.rstrip(".")
            raise KeyringUnavailable(
                f"{reason}. To do without a keyring, set {KEY} to a key that {_MAKE_A_KEY} made."
            ) from None
        raise StoreUnavailable(f"{_file()}: {error.message}") from None


def _needs_package_keyring(error: AuthFlowError) -> bool:
    return isinstance(error, MissingExtra) and error.extra == "keyring"


def _file() -> Path:
    return Path(os.environ.get(FILE) or Path(click.get_app_dir("auth-flow")) / "sessions")


def _key(pool: UserPool) -> str:
    return f"current/{pool.user_pool_id}/{pool.client_id}"
