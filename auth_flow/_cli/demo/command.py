"""`auth-flow demo`: the same conversation, on an embedded pool in this process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from auth_flow._cli.conversation import Opening, conversation
from auth_flow._cli.signing_in import form_settings, show_result, sign_up_opening
from auth_flow.states._events import SignInOptions

if TYPE_CHECKING:
    from auth_flow._cli.demo.pool import Mfa
    from auth_flow._flow import AuthFlow

Beginning = Literal["sign-in", "sign-up", "reset-password"]


@click.command(
    help="""Sign in as an example user of a pool inside this process.

    Nothing leaves this machine. The codes that the pool would send appear in an outbox. If standard
    input is not a terminal, the demo answers its own questions.
    """
)
@click.option(
    "--mfa",
    type=click.Choice(["sms", "email", "totp", "choice", "set-up"]),
    default="sms",
    show_default=True,
    help="The second factor of the example user. With set-up there is none yet, and the pool "
    "requires one.",
)
@click.option(
    "--begin",
    type=click.Choice(["sign-in", "sign-up", "reset-password"]),
    default="sign-in",
    show_default=True,
    help="How to begin.",
)
def demo(mfa: Mfa, begin: Beginning) -> None:
    from rich.console import Console

    from auth_flow._cli.demo.person import DemoTerminal, SelfAnswering
    from auth_flow._cli.demo.phone import Phone
    from auth_flow._cli.demo.pool import demo_flow
    from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME

    console = Console(highlight=False)
    phone = Phone(console)
    person = (DemoTerminal if sys.stdin.isatty() else SelfAnswering)(console, phone)
    openings: dict[Beginning, Opening] = {
        "sign-in": Opening("SIGN_IN", {"username": USERNAME}),
        "sign-up": sign_up_opening(USERNAME, ATTRIBUTES),
        "reset-password": Opening("FORGOT_PASSWORD", {"username": USERNAME}),
    }
    if begin == "sign-up":
        person.tell(f"A user pool in this process. {USERNAME} signs up. Choose a password.\n")
    else:
        person.tell(
            f"A user pool in this process, with one user: {USERNAME}, password {PASSWORD}.\n"
        )
    forms = form_settings(SignInOptions(), attributes=tuple(ATTRIBUTES))
    flow = demo_flow(mfa, phone, forms=forms, with_user=begin != "sign-up")
    with conversation(flow, person) as talk:
        done = talk.hold(openings[begin])
        person.tell(f"\n{_path(talk.flow)}\n", "quiet")
        show_result(done, talk.flow)


def _path(flow: AuthFlow) -> str:
    """Return the path through the chart, a line for each event."""
    return "\n".join(
        f"{entry.event:<22} {entry.source} -> {entry.target}"
        + (f" ({entry.error})" if entry.error else "")
        for entry in flow.history
    )
