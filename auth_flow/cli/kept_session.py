"""The session that one command leaves to the next: in a sealed file, whose key the system's keyring has."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from auth_flow.errors import NotSignedIn
from auth_flow.pool import UserPool
from auth_flow.sealing import Sealer
from auth_flow.session import Session
from auth_flow.stores import Store
from auth_flow.stores.file import FileStore
from auth_flow.stores.keyring import KeyringStore
from auth_flow.transports.cognito import CognitoTransport
from auth_flow.transports.endpoints import endpoint_for

FILE, KEY = "AUTH_FLOW_SESSION_FILE", "AUTH_FLOW_SESSION_KEY"


def session_store() -> Store:
    """The file of `AUTH_FLOW_SESSION_FILE`, or one among the person's; `AUTH_FLOW_SESSION_KEY` stands in for a keyring."""
    path = Path(os.environ.get(FILE) or Path(click.get_app_dir("auth-flow")) / "sessions")
    key = os.environ.get(KEY)
    if key is None:
        return KeyringStore(path)
    try:
        return FileStore(path, Sealer([key]))
    except ValueError as error:
        raise click.UsageError(f"{KEY} is no key: {error} auth_flow.sealing.new_key() makes one.") from None


async def check(store: Store) -> None:
    """Write to the store. One that does not work had better say so before anybody types a password."""
    await store.delete("nothing")


async def set_current(store: Store, session: Session) -> None:
    """Make this the session that commands speak of when they name no user."""
    key = _key(session.pool)
    before = await store.load(key)
    await store.save(key, session.username, expected=before.version if before else None)


@asynccontextmanager
async def kept_session(pool: UserPool, username: str | None) -> AsyncGenerator[Session]:
    """Open the session of a user, or the one that was kept last. Raises `NotSignedIn` where there is none."""
    store = session_store()
    current = await store.load(_key(pool))
    name = username or (current.value if current else None)
    if name is None:
        raise NotSignedIn("Nobody is signed in to this pool here. Do so with: auth-flow sign-in --keep")
    async with CognitoTransport(pool.endpoint or endpoint_for(pool.user_pool_id)) as transport:
        yield await Session.load(pool, name, store=store, transport=transport)


def _key(pool: UserPool) -> str:
    return f"current/{pool.user_pool_id}/{pool.client_id}"
