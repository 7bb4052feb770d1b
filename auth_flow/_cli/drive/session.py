"""Calls: the session itself, from tokens that were obtained elsewhere to its end."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field, SecretStr, StringConstraints, model_validator

from auth_flow._cli.drive.calls import DriveCall
from auth_flow._flow import AuthFlow
from auth_flow.errors import AuthFlowError, NotAuthorizedException, NotSignedIn, ServiceError
from auth_flow.session import RememberedDevice
from auth_flow.states._events import Cancel
from auth_flow.states._tokens import Tokens

_log = logging.getLogger(__name__)


class FetchAuthSessionCall(DriveCall):
    """The session as it stands, refreshed where that is due."""

    force_refresh: bool = False
    show_tokens: bool = False

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Tell who is signed in, until when, and the tokens where that is asked for."""
        tokens = await self._tokens(flow)
        if tokens is None:
            return {**dict.fromkeys(_SESSION), "signed_in": False}
        user = flow.session.get_current_user()
        ends = tokens.expires_at
        return {
            **dict.fromkeys(_SESSION),
            "signed_in": True,
            "username": user.username,
            "user_id": user.user_id,
            "access_token_expires_at": ends and datetime.fromtimestamp(ends, UTC).isoformat(),
            **await _aws(flow),
            **(_shown(tokens) if self.show_tokens else {}),
        }

    async def _tokens(self, flow: AuthFlow) -> Tokens | None:
        if not flow.signed_in:
            return None
        try:
            return await flow.session.fresh_tokens(
                force=self.force_refresh, client_metadata=self.client_metadata
            )
        except NotSignedIn as error:
            match error.__cause__:
                case NotAuthorizedException():
                    return None  # the session has run out: that is an answer, not an error
                case ServiceError() as verdict:
                    raise verdict from None
                case _:
                    raise


_SESSION = (
    "signed_in",
    "username",
    "user_id",
    "access_token_expires_at",
    "credentials",
    "identity_id",
)


async def _aws(flow: AuthFlow) -> dict[str, Any]:
    """The user's AWS credentials. An identity pool that does not work takes nothing from the
    session.
    """
    if flow.config.identity_pool is None:
        return {}
    try:
        credentials = await flow.config.identity_pool.credentials(flow.session)
    except AuthFlowError as error:
        _log.warning("The identity pool gave no credentials: %s", error.name)
        return {}
    return {
        "identity_id": credentials.identity_id,
        "credentials": {
            "access_key_id": credentials.access_key_id,
            "secret_access_key": credentials.secret_access_key.get_secret_value(),
            "session_token": credentials.session_token.get_secret_value(),
            "expires_at": credentials.expires_at.isoformat(),
        },
    }


def _shown(tokens: Tokens) -> dict[str, Any]:
    values = tokens.to_json()
    return {name: values[name] for name in ("access_token", "id_token")}


class GetCurrentUserCall(DriveCall):
    """Who is signed in."""

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Tell it from what is held."""
        return asdict(flow.session.get_current_user())


class RestoreSessionCall(DriveCall):
    """Tokens that were obtained elsewhere, and the secrets of a remembered device."""

    access_token: SecretStr | None = None
    id_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    username: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    device: RememberedDevice | None = None

    @model_validator(mode="after")
    def _something_is_given(self) -> RestoreSessionCall:
        if self.access_token is None and (self.device is None or self.username is None):
            raise ValueError("give an access token, or a device and whose it is")
        return self

    async def perform(self, flow: AuthFlow) -> None:
        """Take them up."""
        username = self.username
        if self.access_token is not None:
            tokens = Tokens.read(self.access_token, self.id_token, self.refresh_token)
            username = tokens.username or username
            await flow.restore_session(tokens)
        if self.device is not None and username is not None:
            flow.devices[username] = self.device


class SignOutCall(DriveCall):
    """The end of the session; an unfinished sign-in is given up."""

    everywhere: bool = Field(False, alias="global")
    logout_uri: str | None = None

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Sign out, and tell what the service said."""
        if flow.signed_in:
            result = await flow.session.sign_out(
                global_=self.everywhere, logout_uri=self.logout_uri
            )
            return asdict(result)
        if Cancel.name in flow.accepts:
            await flow.send(Cancel())
        return {"revoked": False, "error": None, "logout_url": None}
