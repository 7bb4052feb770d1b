"""The claims of access and ID tokens, and the PreTokenGeneration trigger's part in them."""

from __future__ import annotations

import json
import uuid
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from auth_flow.embedded._context import Context
from auth_flow.embedded._firing import checked, fire
from auth_flow.embedded._groups import GroupConfiguration
from auth_flow.embedded._hosted import is_managed_login
from auth_flow.embedded._levels import level_claims
from auth_flow.embedded._models import Client, Grant, User
from auth_flow.embedded._schema import STANDARD
from auth_flow.embedded._service import ADMIN_SCOPE
from auth_flow.embedded._settings import SECONDS_IN

TokenSource = Literal[
    "Authentication", "NewPasswordChallenge", "AuthenticateDevice", "RefreshTokens", "HostedAuth"
]
"""The second half of the PreTokenGeneration trigger's source."""

_RESERVED = frozenset(
    {
        *("acr", "amr", "at_hash", "aud", "auth_time", "azp", "event_id", "exp", "iat"),
        *("identities", "iss", "jti", "nbf", "nonce", "origin_jti", "sub", "token_use"),
    }
)
_RESERVED_IN_ACCESS_TOKENS = _RESERVED | {"client_id", "device_key", "username", "version"}


class TokenClaims(NamedTuple):
    """The claims of the two tokens that are issued together."""

    access: dict[str, Any]
    identity: dict[str, Any]


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True)

    add: dict[str, Any] | None = Field(default=None, alias="claimsToAddOrOverride")
    suppress: list[str] | None = Field(default=None, alias="claimsToSuppress")

    def change(self, claims: dict[str, Any], reserved: frozenset[str]) -> None:
        """Apply the changes, except to claims that a trigger cannot change."""

        def may_change(name: str) -> bool:
            return name not in reserved and not name.startswith(("cognito:", "dev:"))

        claims |= {name: value for name, value in (self.add or {}).items() if may_change(name)}
        for name in filter(may_change, self.suppress or ()):
            claims.pop(name, None)


class _AccessClaims(_Claims):
    add_scopes: list[str] | None = Field(default=None, alias="scopesToAdd")
    suppress_scopes: list[str] | None = Field(default=None, alias="scopesToSuppress")

    def scopes(self, scopes: list[str]) -> list[str]:
        """Return the scopes after the changes."""
        changed = dict.fromkeys([*scopes, *(self.add_scopes or ())])
        return [scope for scope in changed if scope not in (self.suppress_scopes or ())]


class _OverrideV1(BaseModel):
    model_config = ConfigDict(strict=True)

    add: dict[str, str] | None = Field(default=None, alias="claimsToAddOrOverride")
    suppress: list[str] | None = Field(default=None, alias="claimsToSuppress")
    groups: GroupConfiguration | None = Field(default=None, alias="groupOverrideDetails")


class _OverrideV2(BaseModel):
    model_config = ConfigDict(strict=True)

    identity: _Claims | None = Field(default=None, alias="idTokenGeneration")
    access: _AccessClaims | None = Field(default=None, alias="accessTokenGeneration")
    groups: GroupConfiguration | None = Field(default=None, alias="groupOverrideDetails")


class _ResponseV1(BaseModel):
    override: _OverrideV1 | None = Field(default=None, alias="claimsOverrideDetails")


class _ResponseV2(BaseModel):
    override: _OverrideV2 | None = Field(default=None, alias="claimsAndScopeOverrideDetails")


async def token_claims(
    context: Context, client: Client, grant: Grant, source: TokenSource
) -> TokenClaims:
    """Return the claims of a pair of tokens, after the PreTokenGeneration trigger has run."""
    user, pool = context.existing_user, context.pool
    groups, scopes = GroupConfiguration.of(pool, user), grant.scopes or [ADMIN_SCOPE]
    override = await _override(context, source, groups, scopes)
    groups = override.groups or groups
    now, settings = int(pool.clock()), client.settings
    units = settings.token_validity_units
    common: dict[str, Any] = {
        "sub": user.sub,
        "iss": pool.issuer,
        "origin_jti": grant.origin_jti,
        "event_id": grant.event_id,
        "auth_time": grant.auth_time,
        **level_claims(grant.methods, pool.settings.level_names),
        "iat": now,
    }
    access = {
        **common,
        **({"device_key": grant.device_key} if grant.device_key else {}),
        **groups.access_claims,
        "token_use": "access",
        "client_id": client.id,
        "username": user.username,
        **({"aud": grant.resource} if grant.resource else {}),
        "exp": now + settings.access_token_validity * SECONDS_IN[units.access_token],
        "jti": str(uuid.uuid4()),
    }
    identity = {
        **common,
        **readable(user, client, grant.scopes),
        **({"nonce": grant.nonce} if grant.nonce else {}),
        **groups.identity_claims,
        "token_use": "id",
        "aud": client.id,
        "cognito:username": user.username,
        "exp": now + settings.id_token_validity * SECONDS_IN[units.id_token],
        "jti": str(uuid.uuid4()),
    }
    if override.identity:
        override.identity.change(identity, _RESERVED)
    if override.access:
        override.access.change(access, _RESERVED_IN_ACCESS_TOKENS)
        scopes = override.access.scopes(scopes)
    return TokenClaims({**access, "scope": " ".join(scopes)}, identity)


_ATTRIBUTES_OF: dict[str, frozenset[str]] = {
    "email": frozenset({"email", "email_verified"}),
    "phone": frozenset({"phone_number", "phone_number_verified"}),
    "profile": STANDARD - {"email", "phone_number"},
}


def readable(user: User, client: Client, scopes: list[str] | None) -> dict[str, Any]:
    """Return the attributes that the client and the scopes let an application read, as claims.

    Tokens without scopes of their own, and those with `openid` alone, are limited by the client
    only.
    """
    wanted = [_ATTRIBUTES_OF[scope] for scope in scopes or () if scope in _ATTRIBUTES_OF]
    names = frozenset[str]().union(*wanted) if wanted else frozenset(user.attributes)
    return {
        name: _claim(name, value)
        for name, value in user.attributes.items()
        if name == "identities" or (name in names and client.settings.may_read(name))
    }


def _claim(name: str, value: str) -> Any:
    if name == "identities":
        return json.loads(value)
    return value == "true" if name.endswith("_verified") else value


async def _override(
    context: Context, source: TokenSource, groups: GroupConfiguration, scopes: list[str]
) -> _OverrideV2:
    """Run the trigger and return its changes in the form of the later versions."""
    if is_managed_login():  # its tokens are issued later, in exchange for a code
        return _OverrideV2()
    request = {"groupConfiguration": groups.model_dump(by_alias=True), **context.metadata_member}
    if context.pool.triggers.pre_token_generation_version == "V1_0":  # noqa: S105
        expected = {"claimsOverrideDetails": None}
        response = await fire(context, "PreTokenGeneration", source, request, expected)
        first = checked(_ResponseV1, response or {}).override or _OverrideV1()
        claims = _Claims(claimsToAddOrOverride=first.add, claimsToSuppress=first.suppress)
        return _OverrideV2(idTokenGeneration=claims, groupOverrideDetails=first.groups)
    request["scopes"] = list(scopes)
    expected = {"claimsAndScopeOverrideDetails": None}
    response = await fire(context, "PreTokenGeneration", source, request, expected)
    return checked(_ResponseV2, response or {}).override or _OverrideV2()
