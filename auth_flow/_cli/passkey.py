"""`auth-flow passkey`: the passkeys of a signed-in user."""

from __future__ import annotations

from collections.abc import Iterable

import click

from auth_flow._cli.authenticators import open_authenticator, takes_security_key
from auth_flow._cli.kept_session import kept_authenticator
from auth_flow._cli.pool_options import takes_pool
from auth_flow._cli.signed_in import open_session, takes_user
from auth_flow._cli.terminal import Terminal, printable
from auth_flow._user_pool import UserPool
from auth_flow.session import RegisteredPasskey, Session


@click.group(
    help="""Add, list and remove the user's passkeys.

    The passkeys of this machine are kept in the sealed file of the session, and outlive it. To sign
    in with one: auth-flow sign-in --preferred WEB_AUTHN
    """
)
def passkey() -> None:
    pass


@passkey.command(help="Make a passkey on this machine, or on a security key.")
@takes_pool
@takes_user
@takes_security_key
def add(pool: UserPool, username: str | None, security_key: bool) -> None:
    with open_session(pool, username) as (session, portal):
        options = portal.call(session.start_passkey_registration)
        authenticator = open_authenticator(
            options.rp.id or "", Terminal(), portal, security_key=security_key
        )
        made = portal.call(authenticator.create, options)
        portal.call(session.complete_passkey_registration, made)
    click.echo(f"The passkey {made.id} is added.")


@passkey.command("list", help="List the passkeys.")
@takes_pool
@takes_user
def list_passkeys(pool: UserPool, username: str | None) -> None:
    with open_session(pool, username) as (session, portal):
        found = portal.call(_all, session)
        here = portal.call(_here, found)
    for one in found:
        notes = [one.relying_party_id or "-", *one.authenticator_transports]
        if one.created_at is not None:
            notes.append(f"made {one.created_at.astimezone().isoformat(' ', 'minutes')}")
        if one.credential_id in here:
            notes.append("on this machine")
        line = f"{one.credential_id}  {one.friendly_name or '-'}  ({', '.join(notes)})"
        click.echo(printable(line))
    if not found:
        click.echo("The user has no passkey.")


@passkey.command(
    help="""Remove a passkey, from the pool and from this machine.

    Without a PASSKEY_ID, the one of this machine is meant. Write -- before an id that begins with
    a hyphen.
    """
)
@takes_pool
@takes_user
@click.argument("passkey_id", required=False)
def remove(pool: UserPool, username: str | None, passkey_id: str | None) -> None:
    with open_session(pool, username) as (session, portal):
        removed = portal.call(_remove, session, passkey_id)
    click.echo(f"The passkey {printable(removed)} is removed.")


async def _all(session: Session) -> list[RegisteredPasskey]:
    page = await session.list_passkeys()
    found = page.credentials
    while page.next_token:
        page = await session.list_passkeys(next_token=page.next_token)
        found = [*found, *page.credentials]
    return found


async def _here(found: Iterable[RegisteredPasskey]) -> set[str]:
    """Return the ids of those that are kept on this machine."""
    sites = {one.relying_party_id for one in found if one.relying_party_id}
    kept = [(await kept_authenticator(site)).passkey_ids for site in sites]
    return {one for ids in kept for one in ids}


async def _remove(session: Session, passkey_id: str | None) -> str:
    found = await _all(session)
    here = await _here(found)
    wanted = here if passkey_id is None else {passkey_id}
    removed = next((one for one in found if one.credential_id in wanted), None)
    if removed is None:
        raise click.UsageError(
            "The user has no such passkey, or none on this machine. Give the id of one that "
            "`auth-flow passkey list` shows."
        )
    await session.delete_passkey(removed.credential_id)
    if removed.credential_id in here and removed.relying_party_id:
        authenticator = await kept_authenticator(removed.relying_party_id)
        await authenticator.forget(removed.credential_id)
    return removed.credential_id
