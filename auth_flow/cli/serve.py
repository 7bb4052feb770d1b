"""`auth-flow serve`: the embedded user pool on a loopback port, for any AWS SDK."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from auth_flow.cli.terminal import printable

if TYPE_CHECKING:
    from auth_flow.cli.embedded_pool import EmbeddedPool


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=9229, show_default=True, help="Port on 127.0.0.1; 0 takes any free one."
)
@click.option(
    "--database", type=click.Path(dir_okay=False, path_type=Path), help="A SQLite file, so that the pool survives a restart."
)
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="NAME:PASSWORD",
    help="A confirmed user to begin with, made up for tests; may be repeated.",
)
@click.option(
    "--mfa",
    type=click.Choice(["OFF", "OPTIONAL", "ON"]),
    default="OPTIONAL",
    show_default=True,
    help="Whether users of a new pool may have a second factor, or must.",
)
@click.option("--client-secret", is_flag=True, help="Give the app client of a new pool a secret.")
def serve(
    port: int, database: Path | None, users: tuple[str, ...], mfa: Literal["OFF", "OPTIONAL", "ON"], client_secret: bool
) -> None:
    """Serve a user pool on this machine, for any AWS SDK.

    Standard output gets the configuration as lines for a shell, standard error each code as it is sent. It is made for tests and
    demonstrations: who reaches the port is an administrator.
    """
    from auth_flow.cli.embedded_pool import EmbeddedPool
    from auth_flow.transports.embedded import PoolSettings, running

    settings = PoolSettings(mfa_configuration=mfa)
    with _usage_errors(), EmbeddedPool.open(settings, database=database, with_secret=client_secret) as served:
        served.tell_messages(_show)
        for user in users:
            served.add_user(*_name_and_password(user))
        with running(served.service, port=port) as endpoint:
            try:
                _show_configuration(served, endpoint)
                threading.Event().wait()
            except KeyboardInterrupt:
                click.echo("Stopped.", err=True)


@contextmanager
def _usage_errors() -> Generator[None]:
    """A port or a file that cannot be had is the caller's to change."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise click.UsageError(f"The pool cannot be served: {error}.") from None


def _name_and_password(user: str) -> tuple[str, str]:
    name, _, password = user.partition(":")
    if not name or not password:
        raise click.UsageError("--user takes NAME:PASSWORD, as in ada:Correct-Horse-1.")
    return name, password


def _show_configuration(served: EmbeddedPool, endpoint: str) -> None:
    for variable, value in served.environment(endpoint).items():
        click.echo(f"export {variable}={value}")
    click.echo(
        f"""
The lines above are for a shell; with them, auth-flow sign-in finds this pool. Elsewhere:
  boto3     boto3.client("cognito-idp", region_name="{served.service.region}", endpoint_url="{endpoint}")
  Amplify   Auth.Cognito.userPoolEndpoint = "{endpoint}"
Codes appear here as they are sent. Ctrl-C stops.
""",
        err=True,
    )


def _show(message: str) -> None:
    click.echo(printable(message), err=True)
