"""`auth-flow demo`: the same conversation, on an embedded pool in this process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from auth_flow._cli.conversation import Opening, conversation
from auth_flow._cli.openings import ResetOpening, SignInOpening, SignUpOpening
from auth_flow._cli.signing_in import show_result
from auth_flow.states._events import SignInOptions

if TYPE_CHECKING:
    from auth_flow._cli.demo.pool import Mfa
    from auth_flow._flow import AuthFlow

Beginning = Literal["sign-in", "sign-up", "reset-password"]


@click.command()
@click.option(
    "--mfa",
    type=click.Choice(["sms", "email", "totp", "choice", "set-up"]),
    default="sms",
    show_default=True,
    help="The second factor that the made-up user has; with set-up none, and the pool demands one.",
)
@click.option(
    "--begin",
    type=click.Choice(["sign-in", "sign-up", "reset-password"]),
    default="sign-in",
    show_default=True,
    help="What to begin with.",
)
def demo(mfa: Mfa, begin: Beginning) -> None:
    """Sign in as a made-up user of a pool inside this process.

    Nothing leaves this machine. The codes that the pool would send appear in an outbox. Where
    standard input is no terminal, the demo answers itself.
    """
    from rich.console import Console

    from auth_flow._cli.demo.person import DemoTerminal, SelfAnswering
    from auth_flow._cli.demo.phone import Phone
    from auth_flow._cli.demo.pool import demo_flow
    from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME

    console = Console(highlight=False)
    phone = Phone(console)
    person = (DemoTerminal if sys.stdin.isatty() else SelfAnswering)(console, phone)
    openings: dict[Beginning, Opening] = {
        "sign-in": SignInOpening(person, SignInOptions(), USERNAME),
        "sign-up": SignUpOpening(person, SignInOptions(), USERNAME, ATTRIBUTES),
        "reset-password": ResetOpening(person, USERNAME),
    }
    if begin == "sign-up":
        person.tell(
            f"A user pool in this process. {USERNAME} signs up, with a password that you choose.\n"
        )
    else:
        person.tell(
            f"A user pool in this process, with one user: {USERNAME}, whose password is {PASSWORD}.\n"
        )
    with conversation(demo_flow(mfa, phone, with_user=begin != "sign-up"), person) as talk:
        done = talk.hold(openings[begin])
        person.tell(f"\n{_way(talk.flow)}\n", "quiet")
        show_result(done, talk.flow)


def _way(flow: AuthFlow) -> str:
    """The way through the chart, an event a line."""
    return "\n".join(
        f"{happening.event:<22} {happening.source} -> {happening.target}"
        + (f" ({happening.error})" if happening.error else "")
        for happening in flow.history
    )
