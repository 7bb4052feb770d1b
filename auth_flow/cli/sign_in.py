"""`auth-flow sign-in`."""

from __future__ import annotations

import sys

import click

from auth_flow.cli.conversation import conversation
from auth_flow.cli.openings import SignInForm
from auth_flow.cli.pool_options import configured_flow, pool_options, way_in, way_in_options
from auth_flow.cli.results import show_result
from auth_flow.cli.terminal import InputEnded, Terminal
from auth_flow.states.events import AuthFlowType, Factor


@click.command()
@pool_options
@way_in_options
@click.option("--username", help="The user name, or an alias; asked for where it is not given.")
@click.option("--password-stdin", is_flag=True, help="Take the password from the first line of standard input.")
@click.option("--show-tokens", is_flag=True, help="Print the tokens, as JSON, when signed in.")
def sign_in(
    user_pool_id: str,
    client_id: str,
    endpoint: str | None,
    flow: AuthFlowType | None,
    preferred: Factor | None,
    username: str | None,
    password_stdin: bool,
    show_tokens: bool,
) -> None:
    """Sign in, through whatever the pool asks for.

    Codes, new passwords, a second factor that has to be set up, an account that is not confirmed yet, a password that has to be
    reset: each is asked for in turn. Where standard input is no terminal, each line of it answers one question.
    """
    person = Terminal()
    form = SignInForm(person, way_in(flow, preferred), username, _first_line() if password_stdin else None)
    with conversation(configured_flow(user_pool_id, client_id, endpoint), person) as talk:
        show_result(talk.hold(form), talk.flow, tokens=show_tokens)


def _first_line() -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise InputEnded("Password")
    return line
