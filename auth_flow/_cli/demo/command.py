"""`auth-flow demo`: the same conversation, on an embedded pool in this process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from auth_flow._cli.conversation import Opening, conversation
from auth_flow._cli.signing_in import form_settings, sign_up_opening
from auth_flow.states._events import SignInOptions

if TYPE_CHECKING:
    from auth_flow._cli.demo.pool import Mfa

Beginning = Literal["sign-in", "sign-up", "reset-password"]


@click.command(
    help="""Sign in as an example user of a pool inside this process.

    Nothing leaves this machine. The codes that the pool would send appear in an outbox. If standard
    input is not a terminal, the demo answers its own questions.

    With --browser, you sign in on the pool's hosted pages, which are served on this machine.
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
@click.option("--browser", is_flag=True, help="Sign in on hosted pages, and come back.")
def demo(mfa: Mfa, begin: Beginning, browser: bool) -> None:
    from rich.console import Console

    from auth_flow._cli.demo.ending import show_ending
    from auth_flow._cli.demo.in_browser import demo_in_browser
    from auth_flow._cli.demo.person import DemoTerminal, SelfAnswering
    from auth_flow._cli.demo.phone import Phone
    from auth_flow._cli.demo.pool import demo_flow
    from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME

    console = Console(highlight=False)
    phone = Phone(console)
    person = (DemoTerminal if sys.stdin.isatty() else SelfAnswering)(console, phone)
    if browser:
        _check_options(mfa, begin)
        demo_in_browser(mfa, phone, person)
        return
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
        show_ending(person, done, talk.flow)


def _check_options(mfa: Mfa, begin: Beginning) -> None:
    """Refuse the options that have no effect on hosted pages, or that need the demo's app."""
    if begin != "sign-in":
        raise click.UsageError("With --browser, choose on the page how to begin.")
    if mfa in ("totp", "choice"):
        raise click.UsageError(
            "--browser goes with --mfa sms, email or set-up: the authenticator app of the demo "
            "shows its codes in the terminal only."
        )
