"""What one command keeps for the next, in an encrypted file: the session, the secrets of this
machine as a remembered device, and its passkeys. The key is in the system's keyring.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import SecretStr

from auth_flow._flow import AuthFlow
from auth_flow._user_pool import UserPool
from auth_flow.errors import (
    AuthFlowError,
    KeyringUnavailable,
    MissingExtra,
    NotSignedIn,
    SealBroken,
    StoreConflict,
    StoreUnavailable,
)
from auth_flow.sealing._sealer import Sealer
from auth_flow.session import Session
from auth_flow.states.forms import FormSettings
from auth_flow.stores import Store
from auth_flow.stores._file import FileStore
from auth_flow.stores._keyring import KeyringStore
from auth_flow.transports._cognito import CognitoTransport
from auth_flow.transports._endpoints import endpoint_for

if TYPE_CHECKING:
    from auth_flow.passkeys import SoftwareAuthenticator

FILE, KEY = "AUTH_FLOW_SESSION_FILE", "AUTH_FLOW_SESSION_KEY"

_MAKE_A_KEY = "auth-flow new-key"
_INSTALLATION, _PASSKEYS = "installation", "passkeys"


@asynccontextmanager
async def kept_flow(
    pool: UserPool, *, forms: FormSettings, remember_device: bool
) -> AsyncGenerator[AuthFlow]:
    """Open a flow whose session and device are kept.

    A file that cannot be used raises an error here, before the person is asked for anything.
    """
    store = _store()
    with _explained():
        installation_id = await _installation_id(store)
        await store.delete("nothing")  # a file that cannot be written raises an error
    async with AuthFlow(
        pool,
        store=store,
        installation_id=installation_id,
        remember_device=remember_device,
        forms=forms,
    ) as flow:
        yield flow


async def set_current(flow: AuthFlow) -> None:
    """Make the session of this flow that of commands without --username.

    Earlier sessions of the same user are ended.
    """
    session, store = flow.session, flow.config.store
    assert store is not None
    await session.sign_out_elsewhere()
    key = _key(session.pool)
    before = await store.load(key)
    await store.save(key, session.username, expected=before.version if before else None)


@asynccontextmanager
async def kept_session(pool: UserPool, username: str | None) -> AsyncGenerator[Session]:
    """Open the session of a user, or the one that was kept last. Raises `NotSignedIn` if there is
    none.
    """
    store = _store()
    async with CognitoTransport(pool.endpoint or endpoint_for(pool.user_pool_id)) as transport:
        with _explained():
            session = await _load(pool, username, store, transport)
        yield session


async def kept_authenticator(rp_id: str) -> SoftwareAuthenticator:
    """Return the authenticator whose passkeys are kept on this machine."""
    from auth_flow.passkeys import SoftwareAuthenticator  # needs an extra

    store = _store()
    with _explained():
        entry = await store.load(_PASSKEYS)
    version = entry.version if entry else None

    async def keep(text: SecretStr) -> None:
        nonlocal version
        with _explained():
            version = await store.save(_PASSKEYS, text.get_secret_value(), expected=version)

    return SoftwareAuthenticator(rp_id, kept=entry.value if entry else None, keep=keep)


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


def _store() -> Store:
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


async def _installation_id(store: Store) -> str:
    """Return the id of this machine, by which its devices are found, and make it at first use.

    It leads to secrets that spare the second factor, so it is never shown.
    """
    if (entry := await store.load(_INSTALLATION)) is not None:
        return entry.value
    made = secrets.token_urlsafe(32)
    try:
        await store.save(_INSTALLATION, made, expected=None)
    except StoreConflict:  # another command has made one at the same time
        return await _installation_id(store)
    return made


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
