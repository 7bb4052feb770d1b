"""`auth-flow serve`: the embedded user pool on a loopback port, for any AWS SDK."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from auth_flow._cli.terminal import printable
from auth_flow.errors import MissingExtra

if TYPE_CHECKING:
    from auth_flow._cli.embedded_pool import EmbeddedPool

Mfa = Literal["OFF", "OPTIONAL", "ON"]
IssuerType = Literal["ORIGINAL", "UPDATED", "LOCAL"]


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9229,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes any free one.",
)
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A SQLite file, so that the pool survives a restart.",
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
    help="Whether users of a new pool may have a second factor, or must.  [default: OPTIONAL]",
)
@click.option("--client-secret", is_flag=True, help="Give the app client of a new pool a secret.")
@click.option(
    "--region", default="eu-west-1", show_default=True, help="The AWS region of a new pool's id."
)
@click.option(
    "--issuer",
    metavar="aws|updated|local|URL",
    default="aws",
    show_default=True,
    callback=lambda _context, _option, value: _issuer(value),
    help="The issuer of tokens: Cognito's own, its updated one, or, so that OpenID Connect "
    "discovery works, this endpoint by its printed URL or by another.",
)
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let web pages of this origin call the pool, besides those of this machine; may be "
    "repeated. '*' lets all pages.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="A host name by which containers reach this machine; may be repeated.",
)
def serve(
    port: int,
    database: Path | None,
    users: tuple[str, ...],
    mfa: Mfa | None,
    client_secret: bool,
    region: str,
    issuer: tuple[IssuerType, str | None],
    allow_origins: tuple[str, ...],
    allow_hosts: tuple[str, ...],
) -> None:
    """Serve a user pool on this machine, for any AWS SDK.

    Standard output gets the configuration as lines for a shell, standard error each code as it is
    sent. It is made for tests and demonstrations: who reaches the port is an administrator.

    The same command again finds in its database the pool, the client and the users that it made,
    and leaves them as they are.
    """
    _check_installed()
    from auth_flow._cli.embedded_pool import EmbeddedPool
    from auth_flow.embedded import PoolSettings, running

    named = [_name_and_password(user) for user in users]
    settings = PoolSettings(mfa_configuration=mfa or "OPTIONAL")
    issuer_type, endpoint = issuer
    with ExitStack() as stack:
        with _told(f"{database} cannot be opened"):
            served = stack.enter_context(
                EmbeddedPool.open(
                    settings,
                    database=database,
                    with_secret=client_secret,
                    region=region,
                    endpoint=endpoint,
                    allow_hosts=allow_hosts,
                    allow_origins=allow_origins,
                )
            )
        served.pool.settings = served.pool.settings.model_copy(update={"issuer_type": issuer_type})
        if served.found:
            _tell_what_is_kept(served, database, mfa, client_secret)
        for name, password in named:
            _add(served, name, password)
        served.tell_messages(_show)
        with _told(f"Port {port} of 127.0.0.1 cannot be had", "--port takes another one."):
            bound = stack.enter_context(running(served.service, port=port))
        try:
            _show_configuration(served, bound)
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)


def _issuer(value: str) -> tuple[IssuerType, str | None]:
    """Return the pool's setting, and the URL of the issuer if one was given."""
    named: dict[str, IssuerType] = {"aws": "ORIGINAL", "updated": "UPDATED", "local": "LOCAL"}
    if value in named:
        return named[value], None
    if not value.startswith(("http://", "https://")):
        raise click.BadParameter("It is aws, updated, local, or the URL of this endpoint.")
    return "LOCAL", value


@contextmanager
def _told(what: str, advice: str = "") -> Generator[None]:
    """What this machine does not let us have, in a sentence."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = (
            os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        )
        raise click.ClickException(printable(f"{what}: {reason}. {advice}".strip())) from None


def _check_installed() -> None:
    """All that is missing is named at once, and before a database is made."""
    if not all(map(find_spec, ("joserfc", "uvicorn", "webauthn"))):
        raise MissingExtra("auth-flow serve", "server,terminal")


def _name_and_password(user: str) -> tuple[str, str]:
    name, _, password = user.partition(":")
    if not name or not password:
        raise click.UsageError("--user takes NAME:PASSWORD, as in ada:Correct-Horse-1.")
    return name, password


def _tell_what_is_kept(
    served: EmbeddedPool, database: Path | None, mfa: Mfa | None, client_secret: bool
) -> None:
    """A pool that was there before is served as it is. Who asks for another one has to know that
    this is not it.
    """
    kept = {
        "--mfa": f"--mfa {served.pool.settings.mfa_configuration}" if mfa else None,
        "--client-secret": f"its client, {'with' if served.client.secret else 'without'} a secret"
        if client_secret
        else None,
    }
    for option, what in kept.items():
        if what:
            _show(
                f"The pool in {database} was there before, and keeps {what}: {option} is for a new one."
            )


def _add(served: EmbeddedPool, name: str, password: str) -> None:
    from auth_flow.embedded._fault import Fault

    try:
        if not served.add_user(name, password):
            _show(f"The user {name} exists already, and keeps the password and all else.")
    except Fault as refusal:
        raise click.UsageError(printable(f"--user {name}: {refusal.message}.")) from None


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
