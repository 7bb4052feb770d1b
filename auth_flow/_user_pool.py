"""Which user pool, as which of its app clients, and where its service is."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from auth_flow.states._app_client import AppClient
from auth_flow.transports._endpoints import checked_url, endpoint_for


class UserPool(AppClient):
    """A user pool, the app client that this program is, and the service's address.

    `endpoint` replaces the service's URL, which otherwise follows from the region in the pool's id.
    """

    endpoint: Annotated[str, AfterValidator(checked_url)] | None = None

    @property
    def url(self) -> str:
        """The URL that requests go to. Raises `ValueError` if the pool's id names no AWS region."""
        return self.endpoint or endpoint_for(self.user_pool_id)
