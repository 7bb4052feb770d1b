"""`auth-flow mfa`: the second factors of a signed-in user."""

from __future__ import annotations

from functools import partial
from typing import get_args

import click

from auth_flow._cli.pool_options import takes_pool
from auth_flow._cli.questions import introduce
from auth_flow._cli.signed_in import open_session, takes_user
from auth_flow._cli.terminal import Terminal
from auth_flow._cli.words import explain
from auth_flow._user_pool import UserPool
from auth_flow.errors import EnableSoftwareTokenMFAException
from auth_flow.session._mfa import MfaSetting
from auth_flow.states.steps import TotpSetup

_SETTING = click.Choice(get_args(MfaSetting))


@click.group(help="Show, change and set up second factors.")
def mfa() -> None:
    pass


@mfa.command(help="Show which second factors are on.")
@takes_pool
@takes_user
def show(pool: UserPool, username: str | None) -> None:
    with open_session(pool, username) as (session, portal):
        preference = portal.call(session.fetch_mfa_preference)
    for kind in preference.enabled:
        click.echo(f"{kind} preferred" if kind == preference.preferred else kind)
    if not preference.enabled:
        click.echo("No second factor is on.")


@mfa.command(
    "set",
    help="""Turn second factors on and off, and prefer one. Factors without an option stay as they
    are.
    """,
)
@takes_pool
@takes_user
@click.option("--sms", type=_SETTING, help="Codes by SMS.")
@click.option("--totp", type=_SETTING, help="An authenticator app.")
@click.option("--email", type=_SETTING, help="Codes by e-mail.")
def set_preference(
    pool: UserPool,
    username: str | None,
    sms: MfaSetting | None,
    totp: MfaSetting | None,
    email: MfaSetting | None,
) -> None:
    if sms is totp is email is None:
        raise click.UsageError("Give at least one factor, as in --totp PREFERRED.")
    with open_session(pool, username) as (session, portal):
        portal.call(
            partial(
                session.update_mfa_preference, sms=sms, totp=totp, email=email, keep_preferred=True
            )
        )
    click.echo("Done.")


@mfa.command(help="Set up an authenticator app, and prefer it.")
@takes_pool
@takes_user
@click.option("--name", "device_name", help="A name for the app, such as phone.")
def set_up(pool: UserPool, username: str | None, device_name: str | None) -> None:
    person = Terminal()
    with open_session(pool, username) as (session, portal):
        registration = portal.call(session.set_up_totp)
        introduce(
            TotpSetup(
                shared_secret=registration.shared_secret, setup_uri=registration.setup_uri
            ).form(),
            person,
        )
        while True:
            code = person.code("Code")
            try:
                portal.call(
                    partial(session.verify_totp_setup, code, friendly_device_name=device_name)
                )
            except EnableSoftwareTokenMFAException as error:
                if not person.patient:
                    raise
                person.tell(explain(error), "bad")
            else:
                break
        portal.call(partial(session.update_mfa_preference, totp="PREFERRED"))
    click.echo("Done.")
