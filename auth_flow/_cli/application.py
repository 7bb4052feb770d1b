"""The commands for people in a terminal, and how they show errors."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click
from pydantic import ValidationError

from auth_flow._cli import (
    account,
    chart,
    devices,
    mfa,
    new_key,
    passkey,
    serve,
    signed_in,
    signing_in,
)
from auth_flow._cli.demo.command import demo
from auth_flow._cli.terminal import printable
from auth_flow._cli.version import version
from auth_flow._cli.words import explain
from auth_flow.errors import AuthFlowError, CallerError, NotSignedIn

INTERRUPTED = 130


class _InOrder(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


_HELP = """Sign users in to Amazon Cognito.

\b
  Try it without any account:    auth-flow demo
  Sign in to a pool of yours:    auth-flow sign-in --user-pool-id ... --client-id ...
  Test an application offline:   auth-flow serve

The environment variables AUTH_FLOW_USER_POOL_ID, AUTH_FLOW_CLIENT_ID and AUTH_FLOW_ENDPOINT can
name the pool too. The secret of an app client comes from AUTH_FLOW_CLIENT_SECRET, never from an
option. Passwords are asked for; no option takes one. Input from a pipe has to be UTF-8.

Exit codes: 0 success, 1 an error of the service, the network or this machine, or the end of the
input, 2 wrong usage or a missing extra, 130 interrupted.
"""


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(version())
        context.exit()


@click.group(cls=_InOrder, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def auth_flow() -> None:
    """Hold all commands."""


for command in (
    demo,
    signing_in.sign_in,
    signing_in.sign_up,
    signing_in.reset_password,
    signed_in.whoami,
    signed_in.token,
    account.attributes,
    account.password,
    mfa.mfa,
    devices.devices,
    passkey.passkey,
    signed_in.sign_out,
    serve.serve,
    chart.chart,
    new_key.new_key,
):
    auth_flow.add_command(command)


@auth_flow.command(
    add_help_option=False,
    context_settings={
        "ignore_unknown_options": True,
        "allow_extra_args": True,
        "allow_interspersed_args": False,
    },
    help="Run a flow for another program, over JSON lines.",
)
@click.pass_context
def drive(context: click.Context) -> int:
    from auth_flow._cli import drive

    return drive.main(context.args)


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code. Errors that a person can act on are shown without a
    traceback.
    """
    _choose_encodings()
    try:
        return (
            auth_flow.main(arguments or ["--help"], prog_name="auth-flow", standalone_mode=False)
            or 0
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("Cancelled.", err=True)
        return INTERRUPTED
    except ValidationError as error:
        problems = (
            f"{problem['loc'][0]}: {problem['msg']}"
            for problem in error.errors(include_input=False)
        )
        click.secho(printable(f"Error: {'; '.join(problems)}"), fg="red", err=True)
        return 2
    except AuthFlowError as error:
        click.secho(printable(f"Error: {explain(error)}"), fg="red", err=True)
        return 2 if isinstance(error, CallerError) and not isinstance(error, NotSignedIn) else 1


def _choose_encodings() -> None:
    """Use UTF-8 for pipes and files, whatever the locale is.

    A terminal keeps its encoding; characters that it lacks are replaced.
    """
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if not isinstance(stream, TextIOWrapper):
            continue
        if not stream.isatty():
            stream.reconfigure(encoding="utf-8")
        if stream is not sys.stdin:
            stream.reconfigure(errors="replace")
