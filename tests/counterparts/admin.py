"""Pools at somebody's server, set up with boto3 as an administrator sets them up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from auth_flow import UserPool

PASSWORD = "Correct-Horse-1"
REGION = "us-east-1"
"""Moto looks here for what an unsigned request is about."""
FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]


@contextmanager
def aws_client(service: str, endpoint: str, region: str = REGION) -> Iterator[Any]:
    """A client of boto3 for a server on loopback, with credentials that are good for nothing
    else.
    """
    client = boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    try:
        yield client
    finally:
        client.close()  # without it, its sockets are left to the garbage collector, which warns


@dataclass(frozen=True)
class CounterpartPool:
    """One user pool with one app client, and the boto3 client that made them."""

    cognito: Any
    endpoint: str
    pool_id: str
    client_id: str
    client_secret: str | None

    @classmethod
    def create(
        cls, cognito: Any, *, client: dict[str, Any] | None = None, **settings: Any
    ) -> CounterpartPool:
        """CreateUserPool with `settings`, CreateUserPoolClient with `client`."""
        pool_id = cognito.create_user_pool(PoolName="counterpart", **settings)["UserPool"]["Id"]
        app = cognito.create_user_pool_client(
            UserPoolId=pool_id, ClientName="app", **{"ExplicitAuthFlows": FLOWS, **(client or {})}
        )["UserPoolClient"]
        return cls(
            cognito, cognito.meta.endpoint_url, pool_id, app["ClientId"], app.get("ClientSecret")
        )

    @property
    def ours(self) -> UserPool:
        """The same for our library."""
        return UserPool(
            user_pool_id=self.pool_id,
            client_id=self.client_id,
            client_secret=self.client_secret,
            endpoint=self.endpoint,
        )

    def add_user(
        self, name: str, password: str = PASSWORD, *, temporary: bool = False, **attributes: str
    ) -> None:
        """AdminCreateUser, and AdminSetUserPassword unless the password is a temporary one."""
        self.cognito.admin_create_user(
            UserPoolId=self.pool_id,
            Username=name,
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )
        if not temporary:
            self.cognito.admin_set_user_password(
                UserPoolId=self.pool_id, Username=name, Password=password, Permanent=True
            )

    def status_of(self, name: str) -> str:
        """What AdminGetUser says about a user."""
        return str(
            self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=name)["UserStatus"]
        )
