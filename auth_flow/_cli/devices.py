"""`auth-flow devices`: the devices that the pool tracks for a signed-in user."""

from __future__ import annotations

import click

from auth_flow._cli.pool_options import Command, takes_pool
from auth_flow._cli.signed_in import open_session, takes_user
from auth_flow._cli.terminal import printable
from auth_flow._user_pool import UserPool
from auth_flow.session import Session


@click.group(
    help="""List, remember and forget the user's devices.

    This machine is one of them after a sign-in with --keep, if the pool tracks devices. The
    commands that take a DEVICE_KEY mean this machine without it.
    """
)
def devices() -> None:
    pass


@devices.command("list", help="List the devices.")
@takes_pool
@takes_user
def list_devices(pool: UserPool, username: str | None) -> None:
    with open_session(pool, username) as (session, portal):
        found = portal.call(session.fetch_devices)
    own = session.device and session.device.key
    for device in found:
        notes = ["remembered" if device.remembered else "not remembered"]
        if device.last_authenticated_at is not None:
            seen = device.last_authenticated_at.astimezone().isoformat(" ", "minutes")
            notes.append(f"last used {seen}")
        if device.device_key == own:
            notes.append("this device")
        line = f"{device.device_key}  {device.name or '-'}  ({', '.join(notes)})"
        click.echo(printable(line))
    if not found:
        click.echo("The pool tracks no device of this user.")


def takes_device(command: Command) -> Command:
    """Add the argument that names a device. The command gets it as `device_key`."""
    return click.argument("device_key", required=False)(command)


@devices.command(help="Ask for no second factor on a device.")
@takes_pool
@takes_user
@takes_device
def remember(pool: UserPool, username: str | None, device_key: str | None) -> None:
    with open_session(pool, username) as (session, portal):
        portal.call(session.remember_device, _named(session, device_key))
    click.echo("The device is remembered.")


@devices.command(help="Ask for the second factor again.")
@takes_pool
@takes_user
@takes_device
def stop_remembering(pool: UserPool, username: str | None, device_key: str | None) -> None:
    with open_session(pool, username) as (session, portal):
        portal.call(session.stop_remembering_device, _named(session, device_key))
    click.echo("The device is not remembered any more.")


@devices.command(help="Delete a device. Its sessions end when their tokens expire.")
@takes_pool
@takes_user
@takes_device
def forget(pool: UserPool, username: str | None, device_key: str | None) -> None:
    with open_session(pool, username) as (session, portal):
        portal.call(session.forget_device, _named(session, device_key))
    click.echo("The device is forgotten. Its sessions end when their tokens expire.")


def _named(session: Session, device_key: str | None) -> str:
    """Return the device that a command means."""
    if device_key is not None:
        return device_key
    if session.device is None:
        raise click.UsageError(
            "This machine is not a device that the pool tracks. Give the key of one that "
            "`auth-flow devices list` shows, or sign in again with --keep to make it one."
        )
    return session.device.key
