"""The authenticators of the command line: this machine, or a security key at a USB port."""

from __future__ import annotations

from functools import partial

import click
from anyio.from_thread import BlockingPortal

from auth_flow._cli.kept_session import kept_authenticator
from auth_flow._cli.prompter import Prompter
from auth_flow.passkeys import Authenticator

takes_security_key = click.option(
    "--security-key",
    is_flag=True,
    help="Use a security key at a USB port for passkeys, and not those of this machine.",
)


def open_authenticator(
    rp_id: str, person: Prompter, portal: BlockingPortal, *, security_key: bool
) -> Authenticator:
    """Return the authenticator for a relying party. Raises `MissingExtra`, and `StoreError` if the
    passkeys of this machine cannot be read.
    """
    if not security_key:
        return portal.call(kept_authenticator, rp_id)
    from auth_flow.passkeys import SecurityKey  # needs an extra

    # Asked for now, and on this thread: a prompt on the thread that waits for the key would stay
    # after an interrupt.
    pin = person.secret("PIN of the security key")
    touch = partial(person.tell, "Touch the security key.")
    return SecurityKey(rp_id, pin=lambda: pin, touch=touch)
