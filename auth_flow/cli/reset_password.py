"""`auth-flow reset-password`."""

from __future__ import annotations

import click

from auth_flow.cli.conversation import conversation
from auth_flow.cli.openings import ResetForm
from auth_flow.cli.pool_options import configured_flow, pool_options
from auth_flow.cli.results import show_result
from auth_flow.cli.terminal import Terminal


@click.command()
@pool_options
@click.option("--username", help="Whose password; asked for where it is not given.")
def reset_password(user_pool_id: str, client_id: str, endpoint: str | None, username: str | None) -> None:
    """Set a new password with a code that the pool sends."""
    person = Terminal()
    with conversation(configured_flow(user_pool_id, client_id, endpoint), person) as talk:
        show_result(talk.hold(ResetForm(person, username)), talk.flow)
