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
from urllib.parse import urlencode

import click

from auth_flow._cli.terminal import printable
from auth_flow.errors import MissingExtra

if TYPE_CHECKING:
    from auth_flow._cli.embedded_pool import EmbeddedPool

EXAMPLE_CALLBACK = "http://localhost:3000/"
"""The address at which many frameworks serve applications during development."""

Mfa = Literal["OFF", "OPTIONAL", "ON"]
DeviceTracking = Literal["OFF", "ALWAYS", "USER_OPT_IN"]
IssuerType = Literal["ORIGINAL", "UPDATED", "LOCAL"]


def _read_issuer(
    _context: click.Context, _option: click.Parameter, value: str
) -> tuple[IssuerType, str | None]:
    """Return the pool's setting, and the URL of the issuer if one was given."""
    named: dict[str, IssuerType] = {"aws": "ORIGINAL", "updated": "UPDATED", "local": "LOCAL"}
    if value in named:
        return named[value], None
    if not value.startswith(("http://", "https://")):
        raise click.BadParameter("It is aws, updated, local, or the URL of this endpoint.")
    return "LOCAL", value


@click.command(
    help="""Serve a user pool on this machine, for any AWS SDK.

    The configuration is written to standard output, as lines for a shell, and each code that the
    pool sends to standard error. Use it for tests and demonstrations only: every program that
    reaches the port is an administrator.

    With --database, the next run finds the pool, the client and the users of this one, and leaves
    them unchanged.
    """
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9229,
    show_default=True,
    help="The port on 127.0.0.1. 0 chooses a free one.",
)
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A SQLite file that keeps the pool across restarts.",
)
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="NAME:PASSWORD",
    help="A confirmed user to begin with. May be repeated.",
)
@click.option(
    "--mfa",
    type=click.Choice(["OFF", "OPTIONAL", "ON"]),
    help="The MFA setting of a new pool.  [default: OPTIONAL]",
)
@click.option(
    "--device-tracking",
    type=click.Choice(["OFF", "ALWAYS", "USER_OPT_IN"]),
    help="Whether a new pool remembers devices.  [default: OFF]",
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
    callback=_read_issuer,
    help="The issuer of the tokens: aws and updated are Cognito's two issuers. With local, or the "
    "URL by which others reach this endpoint, OpenID Connect discovery works.",
)
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let web pages of this origin call the pool too. May be repeated. '*' allows all pages.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="A host name by which containers reach this machine. May be repeated.",
)
@click.option(
    "--callback",
    "callbacks",
    multiple=True,
    metavar="URL",
    help="Turn on managed login for an application that is called back at this URL; may be "
    "repeated.",
)
@click.option(
    "--with-provider",
    is_flag=True,
    help=f"Add an identity provider to sign in with, which is served here too, and managed login "
    f"that returns to {EXAMPLE_CALLBACK} if there is no --callback.",
)
def serve(
    port: int,
    database: Path | None,
    users: tuple[str, ...],
    mfa: Mfa | None,
    device_tracking: DeviceTracking | None,
    client_secret: bool,
    region: str,
    issuer: tuple[IssuerType, str | None],
    allow_origins: tuple[str, ...],
    allow_hosts: tuple[str, ...],
    callbacks: tuple[str, ...],
    with_provider: bool,
) -> None:
    _check_installed()
    from auth_flow._cli.embedded_pool import EmbeddedPool
    from auth_flow.embedded import PoolSettings, running

    named = [_name_and_password(user) for user in users]
    settings = PoolSettings(
        mfa_configuration=mfa or "OPTIONAL", device_tracking=device_tracking or "OFF"
    )
    issuer_type, endpoint = issuer
    with ExitStack() as stack:
        with _explained(f"{database} cannot be opened"):
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
            _show_what_is_kept(served, database, mfa, device_tracking, client_secret)
        for name, password in named:
            _add(served, name, password)
        served.tell_messages(_show)
        with _explained(f"Port {port} cannot be used", "Choose another one with --port."):
            bound = stack.enter_context(running(served.service, port=port))
        if callbacks or with_provider:
            served.allow_redirects(callbacks or (EXAMPLE_CALLBACK,))
        if with_provider:
            served.add_provider(served.service.endpoint or bound)
        try:
            _show_configuration(served, bound)
            if served.client.settings.allowed_oauth_flows_user_pool_client:
                _show_managed_login(served, bound)
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)


@contextmanager
def _explained(failure: str, advice: str = "") -> Generator[None]:
    """Show an error of this machine as a sentence."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = (
            os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        )
        raise click.ClickException(printable(f"{failure}: {reason}. {advice}".strip())) from None


def _check_installed() -> None:
    """Check all extras at once, before a database is created."""
    if not all(map(find_spec, ("joserfc", "uvicorn", "webauthn"))):
        raise MissingExtra("auth-flow serve", "server,terminal")


def _name_and_password(user: str) -> tuple[str, str]:
    name, _, password = user.partition(":")
    if not name or not password:
        raise click.UsageError("A user has the form NAME:PASSWORD, as in ada:Correct-Horse-1.")
    return name, password


def _show_what_is_kept(
    served: EmbeddedPool,
    database: Path | None,
    mfa: Mfa | None,
    device_tracking: DeviceTracking | None,
    client_secret: bool,
) -> None:
    """Show which options have no effect, because the pool exists already."""
    settings = served.pool.settings
    kept = {
        "--mfa": f"--mfa {settings.mfa_configuration}" if mfa else None,
        "--device-tracking": f"--device-tracking {settings.device_tracking}"
        if device_tracking
        else None,
        "--client-secret": f"its client, {'with' if served.client.secret else 'without'} a secret"
        if client_secret
        else None,
    }
    for option, what in kept.items():
        if what:
            _show(f"{option} has no effect: the pool in {database} exists and keeps {what}.")


def _add(served: EmbeddedPool, name: str, password: str) -> None:
    from auth_flow.embedded._fault import Fault

    try:
        if not served.add_user(name, password):
            _show(f"The user {name} exists already and stays unchanged, password included.")
    except Fault as refusal:
        raise click.UsageError(printable(f"--user {name}: {refusal.message}.")) from None


def _show_configuration(served: EmbeddedPool, endpoint: str) -> None:
    region = served.service.region
    for variable, value in served.environment(endpoint).items():
        click.echo(f"export {variable}={value}")
    click.echo(
        f"""
With the lines above in a shell, auth-flow sign-in uses this pool. For other programs:
  boto3     boto3.client("cognito-idp", region_name="{region}", endpoint_url="{endpoint}")
  Amplify   Auth.Cognito.userPoolEndpoint = "{endpoint}"
Codes appear here as they are sent. Press Ctrl-C to stop.
""",
        err=True,
    )


def _show_managed_login(served: EmbeddedPool, endpoint: str) -> None:
    from auth_flow._cli.embedded_pool import PASSWORD, PROVIDER, PROVIDER_USERNAME, for_browsers

    callback = served.client.settings.callback_urls[0]
    query = urlencode(
        {"client_id": served.client.id, "response_type": "code", "redirect_uri": callback}
    )
    _show(f"Managed login returns to {callback}. To try it, open:")
    _show(f"  {for_browsers(endpoint)}/oauth2/authorize?{query}")
    if PROVIDER in served.client.settings.supported_identity_providers:
        _show(f"{PROVIDER} signs in the user {PROVIDER_USERNAME} with the password {PASSWORD}.")


def _show(message: str) -> None:
    click.echo(printable(message), err=True)
