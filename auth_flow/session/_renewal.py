"""Getting new tokens for a refresh token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from auth_flow._user_pool import UserPool
from auth_flow.errors import (
    AuthFlowError,
    MalformedResponse,
    NoRefreshToken,
    NotAuthorizedException,
    PasswordResetRequiredException,
    RefreshTokenReuseException,
    ServiceError,
    TokenRevokedException,
    UserNotConfirmedException,
    UserNotFoundException,
)
from auth_flow.session._hosted import refresh_at_domain
from auth_flow.states._base import Metadata, in_clear
from auth_flow.states._oauth import TOKEN_OPERATION
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
"""The exceptions of the service that end a session. No other error says anything about the user."""

_UNKNOWN_OPERATION = {
    "UnknownOperationException",
    "UnsupportedOperationException",
    "UnsupportedOperation",
    "OperationNotEnabledException",
    "InvalidAction",
    "NotImplemented",
    "Unsupported",
}
"""The names of the error for an operation that a server does not have, with any status."""


class _RefreshReply(Reply):
    tokens: AuthenticationResult = Field(alias="AuthenticationResult")


class Renewal:
    """Refreshes tokens, by GetTokensFromRefreshToken or by REFRESH_TOKEN_AUTH; those of the hosted
    pages at the token endpoint of the domain, which serves them in every pool.

    Only the first one works if refresh tokens rotate. Emulators and older servers know only the
    second one, and each has its own error for the first. Once the second one has worked it is used
    at once. `clock` returns the seconds since the epoch.
    """

    def __init__(self, pool: UserPool, transport: Transport, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._transport = transport
        self._clock = clock
        self._has_new_operation = True

    async def renew(
        self,
        tokens: Tokens,
        *,
        username: str,
        device_key: str | None = None,
        client_metadata: Metadata | None = None,
    ) -> Tokens:
        """Return new tokens. Raises `NoRefreshToken`, and the errors of the transport.

        `device_key` is needed if the tokens were issued to a device that the pool tracks.
        """
        if tokens.refresh_token is None:
            raise NoRefreshToken(
                "The tokens have expired, and there is no refresh token. Sign in again."
            )
        if tokens.hosted:
            renewed = await refresh_at_domain(
                self._pool, self._transport, tokens, now=self._clock()
            )
            return _of_same_user(tokens, renewed, TOKEN_OPERATION)
        refresh_token = tokens.refresh_token
        common = {"ClientId": self._pool.client_id, "ClientMetadata": client_metadata}
        failure: AuthFlowError | None = None
        if self._has_new_operation:
            secret = self._pool.client_secret
            try:
                return await self._ask(
                    tokens,
                    "GetTokensFromRefreshToken",
                    RefreshToken=refresh_token,
                    DeviceKey=device_key,
                    ClientSecret=secret,
                    **common,
                )
            except AuthFlowError as error:
                if not _may_be_unknown(error):
                    raise
                failure = None if _is_unknown(error) else error
        parameters = {
            "REFRESH_TOKEN": refresh_token,
            "DEVICE_KEY": device_key,
            "SECRET_HASH": self._pool.secret_hash(username),
        }
        try:
            renewed = await self._ask(
                tokens,
                "InitiateAuth",
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters=present(parameters),
                **common,
            )
        except AuthFlowError:
            # The first error may have been an outage. Then a refusal of the older way, which does
            # not work with rotation, must not end the session.
            if failure is None:
                raise
        else:
            self._has_new_operation = False
            return renewed
        raise failure

    async def _ask(self, before: Tokens, operation: str, **members: Any) -> Tokens:
        reply = _RefreshReply.read(
            operation, await self._transport.call(operation, in_clear(present(members)))
        )
        renewed = Tokens.issued(reply.tokens, operation, now=self._clock(), before=before)
        return _of_same_user(before, renewed, operation)


def _of_same_user(before: Tokens, renewed: Tokens, operation: str) -> Tokens:
    if renewed.access_token.claims.subject != before.access_token.claims.subject:
        raise MalformedResponse("the new tokens are those of another user", operation=operation)
    return renewed


def _is_unknown(error: AuthFlowError) -> bool:
    """Return whether the server has certainly no such operation."""
    match error:
        case ServiceError(name=name, status=status):
            return name in _UNKNOWN_OPERATION or status in (404, 405, 501)
        case MalformedResponse(status=status):
            return status in (404, 405, 501)
        case _:
            return False


def _may_be_unknown(error: AuthFlowError) -> bool:
    """Return whether the server may have no such operation: some fail with status 500 then."""
    if _is_unknown(error):
        return True
    return isinstance(error, MalformedResponse) and error.status == 500
