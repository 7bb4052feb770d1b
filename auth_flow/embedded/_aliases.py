"""Names that users sign in with: each value of an alias attribute belongs to one user."""

from __future__ import annotations

from auth_flow.embedded._fault import Fault, invalid_parameter
from auth_flow.embedded._models import User
from auth_flow.embedded._pool import EmbeddedUserPool


def claim_aliases(pool: EmbeddedUserPool, user: User, *, force: bool = False) -> None:
    """Check that no other user has one of the user's aliases; nothing about `user` is saved.

    Raises AliasExistsException if another user has one. With `force` the other user's address
    or phone number loses its verified mark instead, and with it the alias.
    """
    owners = pool.alias_owners(user)
    for alias, _ in owners:
        if not force or alias == "preferred_username":
            raise Fault("AliasExistsException", f"An account with the {alias} already exists.")
    for alias, owner in owners:
        owner.attributes[f"{alias}_verified"] = "false"
        pool.save(owner)


def verify_attribute(
    pool: EmbeddedUserPool, user: User, attribute: str, value: str, *, force: bool = False
) -> None:
    """Give the user a verified address or phone number, which may be an alias from now on.

    Raises AliasExistsException if it is another user's alias, unless `force` takes it over.
    """
    changed = user.model_copy(deep=True)
    changed.attributes |= {attribute: value, f"{attribute}_verified": "true"}
    claim_aliases(pool, changed, force=force)
    user.attributes = changed.attributes
    if user.unverified.get(attribute) == value:
        del user.unverified[attribute]
    pool.save(user)


def check_username(pool: EmbeddedUserPool, username: str) -> str | None:
    """Return `email` or `phone_number` if the pool uses that attribute as the username, else None.

    Raises InvalidParameterException if the username has to be one and is not, or if it looks like
    an alias of the pool.
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
        kinds = " or ".join("an email" if kind == "email" else "a phone number" for kind in wanted)
        raise invalid_parameter(f"Username should be {kinds}.")
    if looks_like in pool.settings.alias_attributes:
        kind = "email" if looks_like == "email" else "phone number"
        raise invalid_parameter(
            f"Username cannot be of {kind} format, since user pool is configured for {kind} alias."
        )
    return looks_like if wanted else None
