"""Commands of a user who is signed in: `whoami`, `token`, `sign-out`."""

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


def takes_user(command: Command) -> Command:
    """Add the option that names a user who is signed in."""
    return click.option(
        "--username", help="Who, where several are signed in; by default who was so last."
    )(command)


@contextmanager
def open_session(pool: UserPool, username: str | None) -> Generator[tuple[Session, BlockingPortal]]:
    """Open a kept session on an event loop of its own thread; its methods are called through the
    portal.
    """
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(kept_session(pool, username)) as session,
    ):
        yield session, portal


@click.command()
@takes_pool
@takes_user
@click.option("--attributes", is_flag=True, help="Ask the pool for the user's attributes, too.")
def whoami(pool: UserPool, username: str | None, attributes: bool) -> None:
    """Say who is signed in."""
    with open_session(pool, username) as (session, portal):
        user = session.get_current_user()
        told: dict[str, Any] = {"user name": user.username, "user id": user.user_id}
        if session.tokens.expires_at is not None:
            told["token until"] = (
                datetime.fromtimestamp(session.tokens.expires_at)
                .astimezone()
                .isoformat(" ", "seconds")
            )
        if attributes:
            told |= portal.call(session.fetch_user_attributes)
    for name, value in told.items():
        click.echo(f"{printable(name):<22} {printable(value)}")


@click.command()
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
    "--refresh", is_flag=True, help="Get a new one, even if the present one is still good."
)
def token(
    pool: UserPool, username: str | None, kind: Literal["access", "id"], refresh: bool
) -> None:
    """Print a token that is good for a request, as in: curl -H "Authorization: Bearer $(auth-flow
    token)" URL.
    """
    with open_session(pool, username) as (session, portal):
        tokens = portal.call(partial(session.fresh_tokens, force=refresh))
    wanted = tokens.access_token if kind == "access" else tokens.id_token
    if wanted is None:
        raise NotSignedIn("The sign-in gave no id token.")
    click.echo(wanted.text.get_secret_value())


@click.command()
@takes_pool
@takes_user
@click.option(
    "--global",
    "everywhere",
    is_flag=True,
    help="End the user's sessions everywhere, not only here.",
)
def sign_out(pool: UserPool, username: str | None, everywhere: bool) -> None:
    """Forget the session here, and have the pool revoke it."""
    with open_session(pool, username) as (session, portal):
        result = portal.call(partial(session.sign_out, global_=everywhere))
    if result.error:
        click.echo(
            f"Signed out here; the pool has not revoked the tokens: {result.error}.", err=True
        )
    click.echo(f"{printable(session.username)} is signed out.")
