"""The user pool that options of a command line name, or environment variables in their place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ValidationError

from auth_flow._user_pool import UserPool
from auth_flow.transports._endpoints import region_of


@dataclass(frozen=True, slots=True)
class NamedPool:
    """What can be said about the pool on a command line. The client secret cannot: it comes from
    the environment alone.
    """

    user_pool_id: str | None = None
    client_id: str | None = None
    endpoint: str | None = None
    oauth_domain: str | None = None

    OPTIONS: ClassVar[dict[str, str]] = {
        "user-pool-id": "id of the user pool, such as eu-west-1_Abc123",
        "client-id": "id of the app client",
        "endpoint": "URL of the service, in place of the region's",
        "oauth-domain": "domain of the hosted pages: a prefix, a host or a URL",
    }

    @staticmethod
    def variable(option: str) -> str:
        """The environment variable that stands for an option."""
        return "AUTH_FLOW_" + option.upper().replace("-", "_")

    def user_pool(self) -> UserPool:
        """The user pool, with the client secret of the environment. Raises `ValueError` where the
        options cannot be right.
        """
        if self.user_pool_id is None or self.client_id is None:
            missing = "user-pool-id" if self.user_pool_id is None else "client-id"
            raise ValueError(f"--{missing} is missing; {self.variable(missing)} may name it, too")
        if self.endpoint is None:
            region_of(self.user_pool_id)
        try:
            return UserPool(
                user_pool_id=self.user_pool_id,
                client_id=self.client_id,
                client_secret=os.environ.get("AUTH_FLOW_CLIENT_SECRET"),
                endpoint=self.endpoint,
                domain=self.oauth_domain,
            )
        except ValidationError as error:
            problems = [
                f"--{str(problem['loc'][0]).replace('_', '-')}: {problem['msg']}"
                for problem in error.errors()
            ]
            raise ValueError(". ".join(problems)) from None
