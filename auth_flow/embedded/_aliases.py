"""Addresses, telephone numbers and other names that users sign in with: one value belongs to one
user.
"""

from __future__ import annotations

from auth_flow.embedded._fault import Fault, invalid_parameter
from auth_flow.embedded._models import User
from auth_flow.embedded._pool import EmbeddedUserPool


def verify_attribute(
    pool: EmbeddedUserPool, user: User, attribute: str, *, force: bool = False
) -> None:
    """Mark `email` or `phone_number` as verified, which may make it the user's alias.

    AliasExistsException if it is somebody else's, unless `force` takes it from them.
    """
    value = user.unverified.get(attribute) or user.attributes.get(attribute, "")
    owner = pool.owner_of(attribute, value)
    if owner is not None and owner is not user:
        if not force:
            raise Fault("AliasExistsException", f"An account with the {attribute} already exists.")
        owner.attributes[f"{attribute}_verified"] = "false"
        pool.save(owner)
    user.unverified.pop(attribute, None)
    user.attributes |= {attribute: value, f"{attribute}_verified": "true"}
    pool.save(user)


def check_username(pool: EmbeddedUserPool, username: str) -> str | None:
    """The attribute that the username is, where the pool has e-mail addresses or telephone numbers
    for usernames.

    InvalidParameterException if it has to be one and is not, or must not be one because the pool
    has it as an alias.
    """
    looks_like = (
        "email"
        if "@" in username
        else "phone_number"
        if username.startswith("+") and username[1:].isdigit()
        else None
    )
    wanted = pool.settings.username_attributes
    if wanted and looks_like not in wanted:
        kinds = " or a ".join("an email" if kind == "email" else "phone number" for kind in wanted)
        raise invalid_parameter(f"Username should be {kinds}.".replace("be phone", "be a phone"))
    if looks_like in pool.settings.alias_attributes:
        kind = "email" if looks_like == "email" else "phone number"
        raise invalid_parameter(
            f"Username cannot be of {kind} format, since user pool is configured for {kind} alias."
        )
    return looks_like if wanted else None
