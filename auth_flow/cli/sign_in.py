"""`auth-flow sign-in`."""

from __future__ import annotations

import sys

import click

from auth_flow.cli.conversation import conversation
from auth_flow.cli.kept_session import check, session_store, set_current
from auth_flow.cli.openings import SignInForm
from auth_flow.cli.pool_options import takes_pool, takes_way_in
from auth_flow.cli.results import show_result
from auth_flow.cli.terminal import InputEnded, Terminal
from auth_flow.flow import AuthFlow
from auth_flow.pool import UserPool
from auth_flow.states.events import WayIn


@click.command()
@takes_pool
@takes_way_in
@click.option("--username", help="The user name, or an alias; asked for where it is not given.")
@click.option("--password-stdin", is_flag=True, help="Take the password from the first line of standard input.")
@click.option("--keep", is_flag=True, help="Keep the session, sealed, for whoami, token, mfa and sign-out.")
@click.option("--show-tokens", is_flag=True, help="Print the tokens, as JSON, when signed in.")
def sign_in(pool: UserPool, way_in: WayIn, username: str | None, password_stdin: bool, keep: bool, show_tokens: bool) -> None:
    """Sign in, through whatever the pool asks for.

    Codes, new passwords, a second factor that has to be set up, an account that is not confirmed yet, a password that has to be
    reset: each is asked for in turn. Where standard input is no terminal, each line of it answers one question.

    A session that is kept lies in a file (AUTH_FLOW_SESSION_FILE) whose key is in the system's keyring, or in
    AUTH_FLOW_SESSION_KEY.
    """
    person = Terminal()
    form = SignInForm(person, way_in, username, _first_line() if password_stdin else None)
    store = session_store() if keep else None
    with conversation(AuthFlow(pool, store=store), person) as talk:
        if store:
            talk.portal.call(check, store)
        done = talk.hold(form)
        if store:
            talk.portal.call(set_current, store, talk.flow.session)
        show_result(done, talk.flow, tokens=show_tokens)


def _first_line() -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise InputEnded("Password")
    return line
