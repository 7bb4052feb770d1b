"""Which pool a command talks to: options, environment variables, or the embedded pool."""

from __future__ import annotations

import os
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import ClassVar

from auth_flow.flow import AuthFlow
from auth_flow.pool import UserPool
from auth_flow.session.identity import IdentityPool
from auth_flow.transports.cognito import CognitoTransport
from auth_flow.transports.endpoints import region_of

_USERNAME, _PASSWORD = "ada", "Correct-Horse-1"  # of the embedded pool


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """What can be said about the pool on a command line. The client secret cannot: it comes from the environment alone."""

    user_pool_id: str | None = None
    client_id: str | None = None
    endpoint: str | None = None
    identity_pool_id: str | None = None
    identity_endpoint: str | None = None
    oauth_domain: str | None = None

    OPTIONS: ClassVar[dict[str, str]] = {
        "user-pool-id": "id of the user pool, such as eu-west-1_Abc123",
        "client-id": "id of the app client",
        "endpoint": "URL of the service, in place of the region's",
        "identity-pool-id": "id of the identity pool, for AWS credentials",
        "identity-endpoint": "URL of the identity service, in place of the region's",
        "oauth-domain": "host of the hosted UI",
    }

    @staticmethod
    def variable(option: str) -> str:
        """The environment variable that stands for an option."""
        return "AUTH_FLOW_" + option.upper().replace("-", "_")

    @property
    def names_no_pool(self) -> bool:
        """Whether the embedded pool is meant."""
        return self.user_pool_id is None and self.client_id is None

    def user_pool(self) -> UserPool:
        """The user pool, with the client secret of the environment. Raises `ValueError` where the options cannot be right."""
        if self.endpoint is None:
            region_of(self.user_pool_id or "")
        return UserPool(
            user_pool_id=self.user_pool_id or "",
            client_id=self.client_id or "",
            client_secret=os.environ.get("AUTH_FLOW_CLIENT_SECRET"),
            endpoint=self.endpoint,
        )


async def open_flow(settings: FlowSettings, stack: AsyncExitStack) -> AuthFlow:
    """Make the flow that the settings describe; `stack` closes it, and the embedded pool where that is used.

    Raises `MissingExtra` where the embedded pool is needed and not installed.
    """
    if settings.names_no_pool:
        return await _embedded_flow(stack)
    return await stack.enter_async_context(AuthFlow(settings.user_pool(), identity_pool=_identity_pool(settings, stack)))


async def _embedded_flow(stack: AsyncExitStack) -> AuthFlow:
    """A flow on a pool in this process, with one user. What one has to know of it goes to standard error."""
    from auth_flow.cli.served_pool import ServedPool  # it needs an extra

    served = stack.enter_context(ServedPool.open(None, mfa="OPTIONAL", with_secret=False))
    served.add_user(_USERNAME, _PASSWORD)
    served.service.outbox.listeners.append(lambda message: _tell(f"{message.medium} to {message.destination}: {message.text}"))
    _tell(f"An embedded user pool: {served.pool.id}, app client {served.client.id}, user {_USERNAME}, password {_PASSWORD}")
    http = await stack.enter_async_context(served.service.http_client())
    pool = UserPool(user_pool_id=served.pool.id, client_id=served.client.id)
    return AuthFlow(pool, transport=CognitoTransport("http://embedded", client=http))


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _identity_pool(settings: FlowSettings, stack: AsyncExitStack) -> IdentityPool | None:
    if settings.identity_pool_id is None:
        return None
    identity_pool = IdentityPool(settings.identity_pool_id, endpoint=settings.identity_endpoint)
    stack.push_async_callback(identity_pool.aclose)
    return identity_pool
