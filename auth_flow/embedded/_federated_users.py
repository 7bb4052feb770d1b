"""Find, make and link the users of identity providers."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from auth_flow.embedded._login_models import IdentityProvider
from auth_flow.embedded._models import Identity, User
from auth_flow.embedded._pool import EmbeddedUserPool


def federated_user(pool: EmbeddedUserPool, provider: IdentityProvider, subject: str) -> User | None:
    """Return the user that the provider names `subject`: a federated or a linked one."""
    for user in pool.users:
        for identity in user.identities:
            if (identity.provider_name, identity.user_id) == (provider.name, subject):
                return user
    return None


def new_federated_user(
    pool: EmbeddedUserPool, provider: IdentityProvider, subject: str, attributes: Mapping[str, str]
) -> User:
    """Return a new user, not yet saved, for a first sign-in with the provider."""
    now = pool.clock()
    user = User(
        username=f"{provider.name}_{subject}",
        sub=str(uuid.uuid4()),
        status="EXTERNAL_PROVIDER",
        attributes=dict(attributes),
        created=now,
        modified=now,
    )
    user.identities.append(_identity(provider, subject, now, primary=True))
    write_identities(user)
    return user


def link(pool: EmbeddedUserPool, user: User, provider: IdentityProvider, subject: str) -> None:
    """Let the provider's user sign in as this user."""
    user.identities.append(_identity(provider, subject, pool.clock(), primary=False))
    write_identities(user)
    pool.save(user)


def unlink(pool: EmbeddedUserPool, user: User, provider: IdentityProvider, subject: str) -> None:
    """Undo `link`. A federated user is deleted."""
    if user.status == "EXTERNAL_PROVIDER":
        pool.delete(user)
        return
    user.identities = [
        identity
        for identity in user.identities
        if (identity.provider_name, identity.user_id) != (provider.name, subject)
    ]
    write_identities(user)
    pool.save(user)


def mapped_attributes(provider: IdentityProvider, claims: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes that the provider's mapping takes from the claims."""
    return {
        attribute: str(claims[claim]).lower()
        if isinstance(claims[claim], bool)
        else str(claims[claim])
        for attribute, claim in provider.attribute_mapping.items()
        if attribute != "username" and claim in claims
    }


def subject_in(provider: IdentityProvider, claims: Mapping[str, Any]) -> str:
    """Return the name by which the provider knows its user; empty if the claims lack it."""
    subject = str(claims.get(provider.attribute_mapping.get("username", "sub"), ""))
    return re.sub(r"\s", "", subject)


def write_identities(user: User) -> None:
    """Keep the attribute `identities` as the service shows it."""
    if user.identities:
        shown = [identity.model_dump(by_alias=True) for identity in user.identities]
        user.attributes["identities"] = json.dumps(shown)
    else:
        user.attributes.pop("identities", None)


def _identity(provider: IdentityProvider, subject: str, now: float, *, primary: bool) -> Identity:
    return Identity(
        provider_name=provider.name,
        provider_type=provider.type,
        user_id=subject,
        primary=primary,
        date_created=int(now * 1000),
    )
