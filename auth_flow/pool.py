"""Which user pool, as which of its app clients."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from auth_flow.states.base import Secret, Value, reveal
from auth_flow.transports.endpoints import checked_url, endpoint_for


class UserPool(Value):
    """A user pool and the app client that this program is.

    `client_secret` is needed where the app client has one. `endpoint` replaces the service's URL, which otherwise follows from
    the region in the pool's id. `auth_session_validity` is the app client's AuthSessionValidity in seconds: how long a person may
    take to answer a challenge (3 to 15 minutes; Cognito's default is 3). `issuer` names the pool in authenticator apps.
    """

    user_pool_id: Annotated[str, StringConstraints(pattern=r"^[\w-]+_[0-9a-zA-Z]+$", max_length=55)]
    client_id: Annotated[str, StringConstraints(pattern=r"^[\w+]+$", max_length=128)]
    client_secret: Secret | None = None
    endpoint: Annotated[str, AfterValidator(checked_url)] | None = None
    auth_session_validity: Annotated[float, Field(gt=0)] = 180
    issuer: str = "auth-flow"

    @property
    def url(self) -> str:
        """The URL that requests go to. Raises `ValueError` where the pool's id names no region that AWS has."""
        return self.endpoint or endpoint_for(self.user_pool_id)

    def secret_hash(self, username: str) -> str | None:
        """Return `SECRET_HASH` for a request that carries this user name; None for an app client without a secret.

        It is the base64 text of HMAC-SHA256, keyed with the client secret, over user name and client id.
        """
        if self.client_secret is None:
            return None
        key, message = reveal(self.client_secret).encode(), (username + self.client_id).encode()
        return base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()
