"""`auth-flow sign-up`."""

from __future__ import annotations

import click

from auth_flow.cli.conversation import conversation
from auth_flow.cli.openings import SignUpForm
from auth_flow.cli.pool_options import takes_pool, takes_way_in
from auth_flow.cli.results import show_result
from auth_flow.cli.terminal import Terminal
from auth_flow.flow import AuthFlow
from auth_flow.pool import UserPool
from auth_flow.states.events import WayIn


@click.command()
@takes_pool
@takes_way_in
@click.option("--username", help="The user name to be; asked for where it is not given.")
@click.option("--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="An attribute of the user; may be repeated.")
@click.option("--sign-in/--no-sign-in", default=True, show_default=True, help="Go on to sign in once the account is confirmed.")
def sign_up(pool: UserPool, way_in: WayIn, username: str | None, attributes: tuple[str, ...], sign_in: bool) -> None:
    """Create an account, confirm it, and sign in.

    With --preferred EMAIL_OTP, SMS_OTP or WEB_AUTHN the account gets no password.
    """
    person = Terminal()
    form = SignUpForm(person, way_in, username, _pairs(attributes) or None, sign_in)
    with conversation(AuthFlow(pool), person) as talk:
        show_result(talk.hold(form), talk.flow)


def _pairs(attributes: tuple[str, ...]) -> dict[str, str]:
    pairs = [attribute.partition("=") for attribute in attributes]
    if not all(name and equals for name, equals, _ in pairs):
        raise click.UsageError("--attribute takes NAME=VALUE, as in email=ada@example.org.")
    return {name: value for name, _, value in pairs}
