"""AWS credentials from an identity pool, for a signed-in user or a guest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pydantic import Field, SecretStr

from auth_flow.errors import NotSignedIn, ResourceNotFoundException
from auth_flow.session._single_flight import SingleFlight
from auth_flow.states._replies import Reply
from auth_flow.states._requests import present
from auth_flow.transports._base import Transport
from auth_flow.transports._endpoints import endpoint_for

if TYPE_CHECKING:
    from auth_flow.session import Session

MARGIN = 900.0
"""Seconds before their end from which credentials are fetched anew, as botocore does: so long they
are good at least.
"""


@dataclass(frozen=True, slots=True)
class Credentials:
    """AWS credentials of an identity. `expires_at` is in UTC, as the service told it."""

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
    expiration: float = Field(alias="Expiration")


class _CredentialsReply(_IdReply):
    credentials: _CredentialsMember = Field(alias="Credentials")


@dataclass(slots=True)
class _Identity:
    """What is known of one user, or of the guest."""

    identity_id: str | None = None
    credentials: Credentials | None = None
    fetching: SingleFlight[Credentials] = field(default_factory=SingleFlight[Credentials])


class IdentityPool:
    """Fetches credentials, and keeps them until shortly before they expire. Guest and users are
    kept apart.

    ::

        async with AuthFlow(pool) as flow:
            …
            credentials = await identity_pool.credentials(flow.session)

    `transport` carries requests to the identity service; without it, a connection of its own is
    made at the first request, to `endpoint` or to the region's, and closed by `aclose`. `clock`
    tells seconds since the epoch. A user's identity is forgotten with the session.
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
        self._transport, self._owns_transport = transport, transport is None
        self._endpoint, self._clock = (
            endpoint or endpoint_for(identity_pool_id, "cognito-identity"),
            clock,
        )
        self._guest = _Identity()
        self._users: WeakKeyDictionary[Session, _Identity] = WeakKeyDictionary()

    async def credentials(self, session: Session | None = None) -> Credentials:
        """Return credentials that are good for a quarter of an hour at least: the user's, or
        without a session the guest's.

        Raises `NotSignedIn` where the session is over or has no id token, and what the requests
        raise. Neither ends the session, unless its id token has to be refreshed and the service
        refuses that.
        """
        identity = self._guest
        if session is not None:
            session.get_current_user()  # raises NotSignedIn
            identity = self._users.setdefault(session, _Identity())
        return self._good(identity) or await identity.fetching.run(
            lambda: self._fetch(identity, session)
        )

    async def aclose(self) -> None:
        """Close the connection, where it is the pool's own."""
        if self._owns_transport and self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    def _good(self, identity: _Identity) -> Credentials | None:
        held = identity.credentials
        return held if held and self._clock() + MARGIN < held.expires_at.timestamp() else None

    async def _fetch(self, identity: _Identity, session: Session | None) -> Credentials:
        logins = await _logins(session) if session else None
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
            datetime.fromtimestamp(reply.credentials.expiration, UTC),
        )
        return identity.credentials

    async def _call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        if self._transport is None:
            from auth_flow.transports._cognito import (
                CognitoTransport,
            )  # at the first request, not at import

            self._transport = CognitoTransport(self._endpoint, target="AWSCognitoIdentityService")
        return await self._transport.call(operation, present(members))


async def _logins(session: Session) -> dict[str, str]:
    """The `Logins` map: the user pool's name, which is its issuer without the scheme, and the id
    token.
    """
    token = (await session.fresh_tokens()).id_token
    if token is None or token.claims.issuer is None:
        raise NotSignedIn("There is no id token that an identity pool could take.")
    return {token.claims.issuer.removeprefix("https://"): token.text.get_secret_value()}
