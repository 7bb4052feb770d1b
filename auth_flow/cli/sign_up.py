"""`auth-flow sign-up`."""

from __future__ import annotations

import click

from auth_flow.cli.conversation import conversation
from auth_flow.cli.openings import SignUpForm
from auth_flow.cli.pool_options import configured_flow, pool_options, way_in, way_in_options
from auth_flow.cli.results import show_result
from auth_flow.cli.terminal import Terminal
from auth_flow.states.events import AuthFlowType, Factor


@click.command()
@pool_options
@way_in_options
@click.option("--username", help="The user name to be; asked for where it is not given.")
@click.option("--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="An attribute of the user; may be repeated.")
@click.option("--sign-in/--no-sign-in", default=True, show_default=True, help="Go on to sign in once the account is confirmed.")
def sign_up(
    user_pool_id: str,
    client_id: str,
    endpoint: str | None,
    flow: AuthFlowType | None,
    preferred: Factor | None,
    username: str | None,
    attributes: tuple[str, ...],
    sign_in: bool,
) -> None:
    """Create an account, confirm it, and sign in.

    With --preferred EMAIL_OTP, SMS_OTP or WEB_AUTHN the account gets no password.
    """
    person = Terminal()
    form = SignUpForm(person, way_in(flow, preferred), username, _pairs(attributes) or None, sign_in)
    with conversation(configured_flow(user_pool_id, client_id, endpoint), person) as talk:
        show_result(talk.hold(form), talk.flow)


def _pairs(attributes: tuple[str, ...]) -> dict[str, str]:
    pairs = [attribute.partition("=") for attribute in attributes]
    if not all(name and equals for name, equals, _ in pairs):
        raise click.UsageError("--attribute takes NAME=VALUE, as in email=ada@example.org.")
    return {name: value for name, _, value in pairs}
