"""The groups of a user, and the part that they have in tokens."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from auth_flow.embedded._models import Group, User
from auth_flow.embedded._pool import EmbeddedUserPool


class GroupConfiguration(BaseModel):
    """`groupConfiguration` and `groupOverrideDetails` of the PreTokenGeneration trigger."""

    model_config = ConfigDict(strict=True)

    groups: list[str] | None = Field(default=None, alias="groupsToOverride")
    roles: list[str] | None = Field(default=None, alias="iamRolesToOverride")
    preferred_role: str | None = Field(default=None, alias="preferredRole")

    @classmethod
    def of(cls, pool: EmbeddedUserPool, user: User) -> GroupConfiguration:
        """Return the configuration that the user's groups lead to."""
        groups = groups_of(pool, user)
        roles = list(dict.fromkeys(group.role_arn for group in groups if group.role_arn))
        return cls(
            groupsToOverride=[group.name for group in groups],
            iamRolesToOverride=roles,
            preferredRole=_preferred_role(groups),
        )

    @property
    def access_claims(self) -> dict[str, Any]:
        """The claims about groups in an access token."""
        return {"cognito:groups": self.groups} if self.groups else {}

    @property
    def identity_claims(self) -> dict[str, Any]:
        """The claims about groups and roles in an ID token."""
        return {
            **self.access_claims,
            **({"cognito:roles": self.roles} if self.roles else {}),
            **({"cognito:preferred_role": self.preferred_role} if self.preferred_role else {}),
        }


def groups_of(pool: EmbeddedUserPool, user: User) -> list[Group]:
    """Return the user's groups, the one with the highest precedence first."""
    groups = [group for name in user.groups if (group := pool.groups.get(name))]
    return sorted(groups, key=lambda group: (_rank(group), group.name))


def _rank(group: Group) -> float:
    return float("inf") if group.precedence is None else group.precedence


def _preferred_role(groups: list[Group]) -> str | None:
    """The role of the highest precedence, unless groups of one precedence differ in it."""
    with_role = [group for group in groups if group.role_arn]
    if not with_role:
        return None
    best = {group.role_arn for group in with_role if _rank(group) == _rank(with_role[0])}
    return best.pop() if len(best) == 1 else None
