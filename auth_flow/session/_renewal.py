"""Getting new tokens for a refresh token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from auth_flow._user_pool import UserPool
from auth_flow.errors import (
    AuthFlowError,
    MalformedResponse,
    NotAuthorizedException,
    NotSignedIn,
    PasswordResetRequiredException,
    RefreshTokenReuseException,
    ServiceError,
    TokenRevokedException,
    UserNotConfirmedException,
    UserNotFoundException,
)
from auth_flow.states._base import Metadata, reveal
from auth_flow.states._replies import AuthenticationResult, Reply
from auth_flow.states._requests import present
from auth_flow.states._tokens import Tokens
from auth_flow.transports._base import Transport

VERDICTS = (
    NotAuthorizedException,
    TokenRevokedException,
    RefreshTokenReuseException,
    UserNotFoundException,
    UserNotConfirmedException,
    PasswordResetRequiredException,
)
"""The service's answers that end a session. Whatever else goes wrong says nothing about the
user.
"""

_NOT_OFFERED = {
    "UnknownOperationException",
    "UnsupportedOperationException",
    "OperationNotEnabledException",
}


class _RefreshReply(Reply):
    tokens: AuthenticationResult = Field(alias="AuthenticationResult")


class Renewal:
    """Refreshes tokens by GetTokensFromRefreshToken, and by REFRESH_TOKEN_AUTH where the service
    does not offer that.

    Only the first one works with refresh-token rotation; only the second one is known to older
    servers.
    """

    def __init__(self, pool: UserPool, transport: Transport, clock: Callable[[], float]) -> None:
        self._pool, self._transport, self._clock = pool, transport, clock
        self._has_new_operation = True

    async def renew(
        self,
        tokens: Tokens,
        *,
        username: str,
        device_key: str | None = None,
        client_metadata: Metadata | None = None,
    ) -> Tokens:
        """Return new tokens. Raises `NotSignedIn` without a refresh token, and whatever the request
        raises.

        `device_key` is needed where the tokens were issued to a device that the pool tracks.
        """
        if tokens.refresh_token is None:
            raise NotSignedIn(
                "The session has run out, and there is no refresh token to go on with."
            )
        refresh_token = tokens.refresh_token.get_secret_value()
        common = {"ClientId": self._pool.client_id, "ClientMetadata": client_metadata}
        if self._has_new_operation:
            secret = self._pool.client_secret
            try:
                return await self._ask(
                    tokens,
                    "GetTokensFromRefreshToken",
                    RefreshToken=refresh_token,
                    DeviceKey=device_key,
                    ClientSecret=reveal(secret) if secret else None,
                    **common,
                )
            except AuthFlowError as error:
                if not _is_not_offered(error):
                    raise
        parameters = {
            "REFRESH_TOKEN": refresh_token,
            "DEVICE_KEY": device_key,
            "SECRET_HASH": self._pool.secret_hash(username),
        }
        renewed = await self._ask(
            tokens,
            "InitiateAuth",
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters=present(parameters),
            **common,
        )
        self._has_new_operation = False
        return renewed

    async def _ask(self, before: Tokens, operation: str, **members: Any) -> Tokens:
        reply = _RefreshReply.read(
            operation, await self._transport.call(operation, present(members))
        )
        renewed = Tokens.issued(reply.tokens, operation, now=self._clock(), before=before)
        if renewed.access_token.claims.subject != before.access_token.claims.subject:
            raise MalformedResponse("the new tokens are those of another user", operation=operation)
        return renewed


def _is_not_offered(error: AuthFlowError) -> bool:
    match error:
        case ServiceError(name=name):
            return name in _NOT_OFFERED
        case MalformedResponse(status=status):
            return status in (404, 501)
        case _:
            return False
