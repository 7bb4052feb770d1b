"""AWS credentials from an identity pool, for a signed-in user or a guest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pydantic import Field, SecretStr

from auth_flow.errors import NoIdToken, NotAuthorizedException, ResourceNotFoundException
from auth_flow.session._base import Instant
from auth_flow.session._refusals import refuses_id_token
from auth_flow.session._single_flight import SingleFlight
from auth_flow.states._replies import Reply
from auth_flow.states._requests import present
from auth_flow.states._tokens import Tokens
from auth_flow.transports._base import Transport
from auth_flow.transports._endpoints import endpoint_for

if TYPE_CHECKING:
    from auth_flow.session import Session

MARGIN = 900.0
"""Seconds before their end from which credentials are fetched again, as botocore does."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """AWS credentials of an identity. `expires_at` is in UTC."""

    identity_id: str
    access_key_id: str
    secret_access_key: SecretStr
    session_token: SecretStr
    expires_at: datetime


class _IdReply(Reply):
    identity_id: str = Field(alias="IdentityId", min_length=1)


class _CredentialsMember(Reply):
    access_key_id: str = Field(alias="AccessKeyId")
    secret_access_key: SecretStr = Field(alias="SecretKey")
    session_token: SecretStr = Field(alias="SessionToken")
    expires_at: Instant = Field(alias="Expiration")


class _CredentialsReply(_IdReply):
    credentials: _CredentialsMember = Field(alias="Credentials")


@dataclass(slots=True)
class _Identity:
    """The identity and the credentials of one user, or of the guest."""

    identity_id: str | None = None
    credentials: Credentials | None = None
    fetching: SingleFlight[Credentials] = field(default_factory=SingleFlight[Credentials])


class IdentityPool:
    """Fetches credentials, and keeps them until shortly before they expire.

    ::

        async with AuthFlow(pool) as flow:
            …
            credentials = await identity_pool.credentials(flow.session)

    `transport` carries requests to the identity service. Without it, a connection is opened at the
    first request, to `endpoint` or to the region of the pool; `aclose` closes it. `clock` returns
    the seconds since the epoch. The guest and each user have an identity of their own, which is
    forgotten together with the session.
    """

    def __init__(
        self,
        identity_pool_id: str,
        *,
        transport: Transport | None = None,
        endpoint: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.identity_pool_id = identity_pool_id
        self._transport = transport
        self._owns_transport = transport is None
        self._endpoint = endpoint or endpoint_for(identity_pool_id, "cognito-identity")
        self._clock = clock
        self._guest = _Identity()
        self._users: WeakKeyDictionary[Session, _Identity] = WeakKeyDictionary()

    async def credentials(self, session: Session | None = None) -> Credentials:
        """Return credentials that can be used for a quarter of an hour at least.

        They are the user's, or the guest's without a session. If the identity pool refuses the id
        token, it is refreshed once. Raises `SessionEnded`, also if this refresh ends the session,
        `NoIdToken`, and the errors of the transport, which leave the session as it is.
        """
        identity = self._guest
        if session is not None:
            session.get_current_user()  # raises SessionEnded
            identity = self._users.setdefault(session, _Identity())
        return self._good(identity) or await identity.fetching.run(
            lambda: self._fetch(identity, session)
        )

    async def aclose(self) -> None:
        """Close the connection, unless the transport is the caller's."""
        if self._owns_transport and self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    def _good(self, identity: _Identity) -> Credentials | None:
        held = identity.credentials
        return held if held and self._clock() + MARGIN < held.expires_at.timestamp() else None

    async def _fetch(self, identity: _Identity, session: Session | None) -> Credentials:
        if session is None:
            return await self._fetch_with(identity, None)
        tokens = await session.fresh_tokens()
        try:
            return await self._fetch_with(identity, _logins(tokens))
        except NotAuthorizedException as refusal:
            if tokens.refresh_token is None or not refuses_id_token(refusal):
                raise
        return await self._fetch_with(identity, _logins(await session.refresh(tokens)))

    async def _fetch_with(self, identity: _Identity, logins: dict[str, str] | None) -> Credentials:
        if identity.identity_id is None:
            body = {"IdentityPoolId": self.identity_pool_id, "Logins": logins}
            identity.identity_id = _IdReply.read(
                "GetId", await self._call("GetId", body)
            ).identity_id
        operation = "GetCredentialsForIdentity"
        try:
            answer = await self._call(
                operation, {"IdentityId": identity.identity_id, "Logins": logins}
            )
        except ResourceNotFoundException:
            identity.identity_id = None  # it was deleted; the next attempt asks for a new one
            raise
        reply = _CredentialsReply.read(operation, answer)
        identity.identity_id = reply.identity_id
        identity.credentials = Credentials(
            reply.identity_id,
            reply.credentials.access_key_id,
            reply.credentials.secret_access_key,
            reply.credentials.session_token,
            reply.credentials.expires_at,
        )
        return identity.credentials

    async def _call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        if self._transport is None:
            # Late, because it imports httpx.
            from auth_flow.transports._cognito import CognitoTransport

            self._transport = CognitoTransport(self._endpoint, target="AWSCognitoIdentityService")
        return await self._transport.call(operation, present(members))


def _logins(tokens: Tokens) -> dict[str, str]:
    """Return the `Logins` map: the user pool's issuer, without the scheme, and the id token."""
    token = tokens.id_token
    if token is None or token.claims.issuer is None:
        raise NoIdToken("The session has no id token, which the identity pool needs.")
    return {token.claims.issuer.removeprefix("https://"): token.text.get_secret_value()}
