"""The app client that a program is, as far as requests need to know it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from auth_flow.states._base import Secret, Value, reveal


@dataclass(frozen=True, slots=True)
class HostedPages:
    """The user pool's domain with its hosted pages, and the issuers of the tokens it gives.

    `url` has no trailing slash. `issuers` are the values of `iss` to accept, `keys_url` is the
    address of the issuer's JWK set.
    """

    url: str
    issuers: tuple[str, ...]
    keys_url: str


class AppClient(Value):
    """A user pool and one of its app clients.

    `client_secret` is needed if the app client has one. `auth_session_validity` is the app client's
    AuthSessionValidity in seconds, the time for answering a challenge (3 to 15 minutes; Cognito's
    default is 3). `redirect_validity` is the time for the hosted pages, in seconds. `issuer` names
    the pool in authenticator apps.
    """

    user_pool_id: Annotated[str, StringConstraints(pattern=r"^[\w-]+_[0-9a-zA-Z]+$", max_length=55)]
    client_id: Annotated[str, StringConstraints(pattern=r"^[\w+]+$", max_length=128)]
    client_secret: Secret | None = None
    auth_session_validity: Annotated[float, Field(gt=0)] = 180
    redirect_validity: Annotated[float, Field(gt=0)] = 3600
    issuer: str = "auth-flow"

    @property
    def hosted(self) -> HostedPages | None:
        """The domain of the hosted pages; None if there is none, or it is not known here."""
        return None

    def secret_hash(self, username: str) -> str | None:
        """Return `SECRET_HASH` for a request that carries this user name.

        It is the base64 text of HMAC-SHA256, keyed with the client secret, over user name and
        client id. None for an app client without a secret.
        """
        if self.client_secret is None:
            return None
        key, message = reveal(self.client_secret).encode(), (username + self.client_id).encode()
        return base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()
