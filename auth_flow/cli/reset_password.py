"""`auth-flow reset-password`."""

from __future__ import annotations

import click

from auth_flow.cli.conversation import conversation
from auth_flow.cli.openings import ResetForm
from auth_flow.cli.pool_options import takes_pool
from auth_flow.cli.results import show_result
from auth_flow.cli.terminal import Terminal
from auth_flow.flow import AuthFlow
from auth_flow.pool import UserPool


@click.command()
@takes_pool
@click.option("--username", help="Whose password; asked for where it is not given.")
def reset_password(pool: UserPool, username: str | None) -> None:
    """Set a new password with a code that the pool sends."""
    person = Terminal()
    with conversation(AuthFlow(pool), person) as talk:
        show_result(talk.hold(ResetForm(person, username)), talk.flow)
