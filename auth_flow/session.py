"""What signing in has given."""

from __future__ import annotations

from pydantic import SecretStr

from auth_flow.pool import UserPool
from auth_flow.states.replies import AuthenticationResult
from auth_flow.tokens import Claims


class Session:
    """The tokens of a signed-in user."""

    def __init__(self, pool: UserPool, tokens: AuthenticationResult) -> None:
        self.pool = pool
        self.access_token: SecretStr = tokens.access_token
        self.id_token: SecretStr | None = tokens.id_token
        self.refresh_token: SecretStr | None = tokens.refresh_token
        self.claims = Claims.of(tokens.access_token, "InitiateAuth")
