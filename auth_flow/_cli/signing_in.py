"""`auth-flow sign-in`, `sign-up` and `reset-password`: conversations with a pool, and what they
have led to.
"""

from __future__ import annotations

import json
import sys

import click

from auth_flow._cli.conversation import conversation
from auth_flow._cli.kept_session import check, session_store, set_current
from auth_flow._cli.openings import ResetOpening, SignInOpening, SignUpOpening
from auth_flow._cli.pool_options import takes_pool, takes_sign_in_options
from auth_flow._cli.terminal import InputEnded, Terminal, printable
from auth_flow._flow import AuthFlow
from auth_flow._user_pool import UserPool
from auth_flow.states._events import SignInOptions
from auth_flow.states.steps import Done


@click.command()
@takes_pool
@takes_sign_in_options
@click.option("--username", help="The user name, or an alias; asked for where it is not given.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Take the password from the first line of standard input.",
)
@click.option(
    "--keep", is_flag=True, help="Keep the session, sealed, for whoami, token, mfa and sign-out."
)
@click.option("--show-tokens", is_flag=True, help="Print the tokens, as JSON, when signed in.")
def sign_in(
    pool: UserPool,
    sign_in_options: SignInOptions,
    username: str | None,
    password_stdin: bool,
    keep: bool,
    show_tokens: bool,
) -> None:
    """Sign in, through whatever the pool asks for.

    Codes, new passwords, a second factor that has to be set up, an account that is not confirmed
    yet, a password that has to be reset: each is asked for in turn. Where standard input is no
    terminal, each line of it answers one question.

    A session that is kept lies in a file (AUTH_FLOW_SESSION_FILE) whose key is in the system's
    keyring, or in AUTH_FLOW_SESSION_KEY.
    """
    person = Terminal()
    form = SignInOpening(
        person, sign_in_options, username, _first_line() if password_stdin else None
    )
    store = session_store() if keep else None
    with conversation(AuthFlow(pool, store=store), person) as talk:
        if store:
            talk.portal.call(check, store)
        done = talk.hold(form)
        if store:
            talk.portal.call(set_current, store, talk.flow.session)
        show_result(done, talk.flow, tokens=show_tokens)


@click.command()
@takes_pool
@takes_sign_in_options
@click.option("--username", help="The user name to be; asked for where it is not given.")
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME=VALUE",
    help="An attribute of the user; may be repeated.",
)
@click.option(
    "--sign-in/--no-sign-in",
    default=True,
    show_default=True,
    help="Go on to sign in once the account is confirmed.",
)
def sign_up(
    pool: UserPool,
    sign_in_options: SignInOptions,
    username: str | None,
    attributes: tuple[str, ...],
    sign_in: bool,
) -> None:
    """Create an account, confirm it, and sign in.

    With --preferred EMAIL_OTP, SMS_OTP or WEB_AUTHN the account gets no password.
    """
    person = Terminal()
    form = SignUpOpening(person, sign_in_options, username, _pairs(attributes) or None, sign_in)
    with conversation(AuthFlow(pool), person) as talk:
        show_result(talk.hold(form), talk.flow)


@click.command()
@takes_pool
@click.option("--username", help="Whose password; asked for where it is not given.")
def reset_password(pool: UserPool, username: str | None) -> None:
    """Set a new password with a code that the pool sends."""
    person = Terminal()
    with conversation(AuthFlow(pool), person) as talk:
        show_result(talk.hold(ResetOpening(person, username)), talk.flow)


def show_result(done: Done, flow: AuthFlow, *, tokens: bool = False) -> None:
    """Print who is signed in. Tokens are printed only on request, as JSON and nothing else."""
    if tokens and done.signed_in:
        click.echo(json.dumps(_tokens(flow), indent=2))
        return
    username = printable(done.username or "The user")
    if done.signed_in:
        click.echo(
            f"DONE  {username} is signed in, user id {printable(done.user_id or 'unknown')}."
        )
    else:
        click.echo(f"DONE  The account of {username} is in order; nobody is signed in.")


def _tokens(flow: AuthFlow) -> dict[str, str]:
    held = flow.session.tokens.to_json()
    return {
        name: held[name] for name in ("access_token", "id_token", "refresh_token") if held.get(name)
    }


def _first_line() -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise InputEnded("Password")
    return line


def _pairs(attributes: tuple[str, ...]) -> dict[str, str]:
    pairs = [attribute.partition("=") for attribute in attributes]
    if not all(name and equals for name, equals, _ in pairs):
        raise click.UsageError("--attribute takes NAME=VALUE, as in email=ada@example.org.")
    return {name: value for name, _, value in pairs}
