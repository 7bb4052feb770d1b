"""`auth-flow password` and `auth-flow attributes`: the account of a signed-in user."""

from __future__ import annotations

from functools import partial

import click

from auth_flow._cli.pool_options import takes_pool
from auth_flow._cli.signed_in import open_session, takes_user
from auth_flow._cli.signing_in import pairs
from auth_flow._cli.terminal import Terminal, printable
from auth_flow._cli.words import explain
from auth_flow._user_pool import UserPool
from auth_flow.errors import CodeMismatchException
from auth_flow.states.steps import CodeDelivery


@click.command(
    help="""Change the password.

    The present password and the new one are asked for. If standard input is not a terminal, they
    are its first two lines.
    """
)
@takes_pool
@takes_user
def password(pool: UserPool, username: str | None) -> None:
    person = Terminal()
    with open_session(pool, username) as (session, portal):
        present = person.secret("Present password")
        new = person.new_password("New password")
        portal.call(partial(session.update_password, new, old_password=present))
    click.echo("The password is changed.")


@click.group(help="Show, change, verify and delete the user's attributes.")
def attributes() -> None:
    pass


@attributes.command(help="Show all attributes.")
@takes_pool
@takes_user
def show(pool: UserPool, username: str | None) -> None:
    with open_session(pool, username) as (session, portal):
        for name, value in portal.call(session.fetch_user_attributes).items():
            click.echo(f"{printable(name):<22} {printable(value)}")


@attributes.command(
    "set",
    help="""Change attributes.

    If the pool sends a code to verify a new address or number, the attribute changes only after
    `auth-flow attributes verify NAME`.
    """,
)
@takes_pool
@takes_user
@click.argument("values", nargs=-1, required=True, metavar="NAME=VALUE...")
def set_values(pool: UserPool, username: str | None, values: tuple[str, ...]) -> None:
    changes = pairs(values)
    with open_session(pool, username) as (session, portal):
        updates = portal.call(session.update_user_attributes, changes)
    for name, update in updates.items():
        if update.updated:
            click.echo(f"{printable(name)} is changed.")
        else:
            click.echo(_sent(name, update.code_delivery))
            click.echo(f"Go on with: auth-flow attributes verify {printable(name)} --code CODE")


@attributes.command(help="Verify an attribute, such as email, with a code.")
@takes_pool
@takes_user
@click.argument("name")
@click.option("--code", help="The code, if there is one already. Otherwise the pool sends one.")
def verify(pool: UserPool, username: str | None, name: str, code: str | None) -> None:
    person = Terminal()
    with open_session(pool, username) as (session, portal):
        if code is None:
            delivery = portal.call(session.send_user_attribute_verification_code, name)
            person.tell(_sent(name, delivery))
        while True:
            typed = code or person.code("Code")
            try:
                portal.call(session.confirm_user_attribute, name, typed)
                break
            except CodeMismatchException as error:
                if code is not None or not person.patient:
                    raise
                person.tell(explain(error), "bad")
    click.echo(f"{printable(name)} is verified.")


@attributes.command(help="Delete attributes.")
@takes_pool
@takes_user
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def delete(pool: UserPool, username: str | None, names: tuple[str, ...]) -> None:
    with open_session(pool, username) as (session, portal):
        portal.call(session.delete_user_attributes, names)
    click.echo("Deleted.")


def _sent(name: str, delivery: CodeDelivery | None) -> str:
    destination = delivery.destination if delivery else None
    return printable(f"A code for {name} was sent to {destination or 'you'}.")
