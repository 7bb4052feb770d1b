"""What a conversation has led to, on standard output."""

from __future__ import annotations

import json

import click

from auth_flow.cli.terminal import printable
from auth_flow.flow import AuthFlow
from auth_flow.states.steps import Done


def show_result(done: Done, flow: AuthFlow, *, tokens: bool = False) -> None:
    """Print who is signed in. Tokens are printed only on request, as JSON and nothing else."""
    if tokens and done.signed_in:
        click.echo(json.dumps(_tokens(flow), indent=2))
        return
    username = printable(done.username or "The user")
    if done.signed_in:
        click.echo(f"DONE  {username} is signed in, user id {printable(done.user_id or 'unknown')}.")
    else:
        click.echo(f"DONE  The account of {username} is in order; nobody is signed in.")


def _tokens(flow: AuthFlow) -> dict[str, str]:
    held = flow.session.tokens.to_json()
    return {name: held[name] for name in ("access_token", "id_token", "refresh_token") if held.get(name)}
