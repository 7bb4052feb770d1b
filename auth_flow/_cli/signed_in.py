"""Commands of a signed-in user: `whoami`, `token`, `sign-out`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, Literal

import click
from anyio.from_thread import BlockingPortal, start_blocking_portal

from auth_flow._cli.kept_session import kept_session
from auth_flow._cli.pool_options import Command, takes_pool
from auth_flow._cli.terminal import printable
from auth_flow._user_pool import UserPool
from auth_flow.errors import NotSignedIn
from auth_flow.session import Session
from auth_flow.states._claims import LAST_DATE

_DAY = 86_400.0


def takes_user(command: Command) -> Command:
    """Add the option that names a signed-in user."""
    return click.option(
        "--username", help="The user, if several are signed in. The default is the latest one."
    )(command)


@contextmanager
def open_session(pool: UserPool, username: str | None) -> Generator[tuple[Session, BlockingPortal]]:
    """Open a kept session on an event loop of its own thread. Call its methods by the portal."""
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(kept_session(pool, username)) as session,
    ):
        yield session, portal


@click.command(help="Show which user is signed in.")
@takes_pool
@takes_user
def whoami(pool: UserPool, username: str | None) -> None:
    with open_session(pool, username) as (session, _):
        user = session.get_current_user()
        shown: dict[str, Any] = {"user name": user.username, "user id": user.user_id}
        if session.tokens.expires_at is not None:
            in_any_zone = min(session.tokens.expires_at, LAST_DATE - _DAY)
            ends = datetime.fromtimestamp(in_any_zone).astimezone()
            shown["token until"] = ends.isoformat(" ", "seconds")
    for name, value in shown.items():
        click.echo(f"{printable(name):<22} {printable(value)}")


@click.command(
    help="""Print a valid token for a request.

    For example: curl -H "Authorization: Bearer $(auth-flow token)" URL
    """
)
@takes_pool
@takes_user
@click.option(
    "--kind",
    type=click.Choice(["access", "id"]),
    default="access",
    show_default=True,
    help="Which token.",
)
@click.option(
    "--refresh", is_flag=True, help="Get a new token, even if the present one is still valid."
)
def token(
    pool: UserPool, username: str | None, kind: Literal["access", "id"], refresh: bool
) -> None:
    with open_session(pool, username) as (session, portal):
        tokens = portal.call(partial(session.fresh_tokens, force=refresh))
    wanted = tokens.access_token if kind == "access" else tokens.id_token
    if wanted is None:
        raise NotSignedIn("The sign-in gave no id token.")
    click.echo(wanted.text.get_secret_value())


@click.command(help="Delete the session on this machine, and have the pool revoke it.")
@takes_pool
@takes_user
@click.option(
    "--global",
    "everywhere",
    is_flag=True,
    help="End all sessions of the user, on every device.",
)
def sign_out(pool: UserPool, username: str | None, everywhere: bool) -> None:
    with open_session(pool, username) as (session, portal):
        result = portal.call(partial(session.sign_out, global_=everywhere))
    if result.error:
        note = f"The session is deleted here, but the pool did not revoke it: {result.error}."
        click.echo(note, err=True)
    click.echo(f"{printable(session.username)} is signed out.")
