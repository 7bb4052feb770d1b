"""`auth-flow new-key`: a key for sealing."""

from __future__ import annotations

import click

from auth_flow.sealing import new_key as make_key


@click.command(
    help="""Print a new key for AUTH_FLOW_SESSION_KEY, or for a Sealer.

    The key is secret: it opens everything that is sealed with it.
    """
)
def new_key() -> None:
    click.echo(make_key())
