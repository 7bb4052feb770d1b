"""The UserMigration trigger, which brings in users from another directory."""

from __future__ import annotations

import uuid
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from auth_flow.embedded._aliases import check_username, claim_aliases
from auth_flow.embedded._context import Context
from auth_flow.embedded._fault import Fault
from auth_flow.embedded._firing import checked, fire, invalid_output
from auth_flow.embedded._models import User
from auth_flow.embedded._passwords import set_password
from auth_flow.embedded._schema import check_attributes


class _Migrated(BaseModel):
    """The trigger's response."""

    model_config = ConfigDict(strict=True)

    user_attributes: dict[str, str] | None = Field(default=None, alias="userAttributes")
    final_user_status: Literal["CONFIRMED", "RESET_REQUIRED"] | None = Field(
        default=None, alias="finalUserStatus"
    )
    force_alias_creation: bool | None = Field(default=None, alias="forceAliasCreation")


async def migrate(
    context: Context,
    password: str | None = None,
    validation_data: dict[str, str] | None = None,
) -> User | None:
    """Return the user that the trigger answers for, now a user of the pool.

    With a password the user is signing in, without one the user has forgotten it. Returns None if
    the pool does not have the trigger, or if the trigger does not know the user.
    """
    pool, username = context.pool, context.username
    response = await fire(
        context,
        "UserMigration",
        "ForgotPassword" if password is None else "Authentication",
        {
            "password": password,
            "validationData": validation_data or {},
            **context.metadata_member,
        },
        {"userAttributes": None, "finalUserStatus": None},
    )
    migrated = checked(_Migrated, response or {})
    if not migrated.user_attributes:
        return None
    reset = password is None or migrated.final_user_status == "RESET_REQUIRED"
    attributes = {
        name: value
        for name, value in migrated.user_attributes.items()
        if name not in ("username", "sub")
    }
    now, sub = pool.clock(), str(uuid.uuid4())
    user = User(
        username=sub if pool.settings.username_attributes else username,
        sub=sub,
        status="RESET_REQUIRED" if reset else "CONFIRMED",
        attributes=attributes,
        created=now,
        modified=now,
    )
    try:
        if kind := check_username(pool, username):
            attributes.setdefault(kind, username)
        check_attributes(pool.settings, attributes, client=None)
        user.attributes = attributes
        claim_aliases(pool, user, force=bool(migrated.force_alias_creation))
    except Fault as fault:  # InitiateAuth has no error of its own for the trigger's attributes
        raise invalid_output() from fault
    if password is not None:
        await set_password(pool, user, password)
    pool.save(user)
    return user
