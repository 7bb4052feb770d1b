"""The request that a trigger runs for, or that a message is sent for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from auth_flow.embedded._models import User
from auth_flow.embedded._pool import EmbeddedUserPool

NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
"""The client id in the events of requests that no app client makes."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """One request about one user: the pool, the app client, and the caller's ClientMetadata."""

    pool: EmbeddedUserPool
    username: str
    user: User | None
    """None if the user does not exist."""
    client_id: str = NO_CLIENT
    client_metadata: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def about(
        cls,
        pool: EmbeddedUserPool,
        user: User,
        *,
        client_id: str = NO_CLIENT,
        client_metadata: dict[str, str] | None = None,
    ) -> Context:
        """Return the context of a request about an existing user."""
        return cls(
            pool=pool,
            username=user.username,
            user=user,
            client_id=client_id,
            client_metadata=client_metadata or {},
        )

    @property
    def metadata_member(self) -> dict[str, Any]:
        """The member of a trigger's request that carries ClientMetadata."""
        return {"clientMetadata": self.client_metadata}

    @property
    def existing_user(self) -> User:
        """The user, if a step can only be reached for one that exists."""
        assert self.user is not None
        return self.user
