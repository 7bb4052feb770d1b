"""The user pool that the options of a command, or environment variables, name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ValidationError

from auth_flow._user_pool import UserPool
from auth_flow.transports._endpoints import region_of


@dataclass(frozen=True, slots=True)
class NamedPool:
    """The options that name a user pool.

    The client secret is not among them: it comes from the environment only.
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
        """Return the environment variable that stands for an option."""
        return "AUTH_FLOW_" + option.upper().replace("-", "_")

    def user_pool(self) -> UserPool:
        """Return the user pool, with the client secret of the environment.

        Raises `ValueError` if an option is missing or cannot be right.
        """
        if self.user_pool_id is None or self.client_id is None:
            missing = "user-pool-id" if self.user_pool_id is None else "client-id"
            raise ValueError(f"--{missing} is missing. Give it, or set {self.variable(missing)}.")
        try:
            pool = UserPool(
                user_pool_id=self.user_pool_id,
                client_id=self.client_id,
                client_secret=os.environ.get("AUTH_FLOW_CLIENT_SECRET"),
                endpoint=self.endpoint,
                domain=self.oauth_domain,
            )
        except ValidationError as error:
            problems = [_explained(str(one["loc"][0]), one["msg"]) for one in error.errors()]
            raise ValueError(" ".join(problems)) from None
        if self.endpoint is None:
            region_of(self.user_pool_id)
        return pool


_FORMS = {
    "user_pool_id": "A user pool id looks like eu-west-1_Abc123: the region, an underscore, and "
    "letters and digits. It is on the pool's page in the AWS console.",
    "client_id": "An app client id has only letters and digits, such as 1h57kf5cpq17m0eml12.",
}


def _explained(name: str, message: str) -> str:
    option = "--oauth-domain" if name == "domain" else f"--{name.replace('_', '-')}"
    reason = message.removeprefix("Value error, ").rstrip(".")
    return f"{option} cannot be right. {_FORMS.get(name, f'{reason}.')}"
