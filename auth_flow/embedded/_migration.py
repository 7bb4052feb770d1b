"""Users who are still elsewhere: the UserMigration trigger vouches for them, and they are brought
in.
"""

from __future__ import annotations

import uuid
from typing import Literal

from auth_flow.embedded._models import Client, User
from auth_flow.embedded._passwords import set_password
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._triggers import fire


async def migrate(
    pool: EmbeddedUserPool,
    client: Client,
    username: str,
    password: str | None,
    source: Literal["Authentication", "ForgotPassword"] = "Authentication",
) -> User | None:
    """The user that the trigger answers for, now in the pool; None without a trigger, or if it
    knows nobody of this name.
    """
    if pool.triggers.user_migration is None:
        return None
    response = await fire(
        pool,
        "UserMigration",
        source,
        client_id=client.id,
        username=username,
        request={"password": password, "validationData": {}, "clientMetadata": {}},
        response={"userAttributes": None, "finalUserStatus": None},
    )
    attributes = (response or {}).get("userAttributes")
    if not attributes:
        return None
    now = pool.clock()
    reset = password is None or (response or {}).get("finalUserStatus") == "RESET_REQUIRED"
    user = User(
        username=username,
        sub=str(uuid.uuid4()),
        status="RESET_REQUIRED" if reset else "CONFIRMED",
        attributes={
            str(name): str(value)
            for name, value in attributes.items()
            if name not in ("username", "sub")
        },
        created=now,
        modified=now,
    )
    if password is not None:
        await set_password(pool, user, password)
    pool.save(user)
    return user
