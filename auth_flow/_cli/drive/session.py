"""The calls about the session: to restore it, to read it, and to end it."""

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
    """`fetch_auth_session`: read the session, after refreshing it if it has expired."""

    force_refresh: bool = False
    show_tokens: bool = False

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Return the user, the expiry, the AWS credentials, and the tokens on request."""
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
                    return None  # the session has ended, which is a result and not an error
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
    """Return the user's AWS credentials, or nothing if the identity pool does not work: the rest of
    the session is still valid.
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
    """`get_current_user`: read the user of the session."""

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Return the user as the tokens name it. No request is sent."""
        return asdict(flow.session.get_current_user())


class RestoreSessionCall(DriveCall):
    """`restore_session`: adopt tokens, and the secrets of a remembered device."""

    access_token: SecretStr | None = None
    id_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    username: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    device: RememberedDevice | None = None

    @model_validator(mode="after")
    def _something_is_given(self) -> RestoreSessionCall:
        if self.access_token is None and (self.device is None or self.username is None):
            raise ValueError("give an access token, or a device and its username")
        return self

    async def perform(self, flow: AuthFlow) -> None:
        """Adopt the tokens and the device. No request is sent."""
        username = self.username
        if self.access_token is not None:
            tokens = Tokens.read(self.access_token, self.id_token, self.refresh_token)
            await flow.restore_session(tokens, device=self.device)
        elif self.device is not None and username is not None:
            await flow.devices.save(username, self.device)


class SignOutCall(DriveCall):
    """`sign_out`: end the session, or give up an unfinished sign-in."""

    everywhere: bool = Field(False, alias="global")
    logout_uri: str | None = None

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Sign out, and return the result of the revocation."""
        if flow.signed_in:
            result = await flow.session.sign_out(
                global_=self.everywhere, logout_uri=self.logout_uri
            )
            return asdict(result)
        if Cancel.name in flow.accepts:
            await flow.send(Cancel())
        return {"revoked": False, "error": None, "logout_url": None}
