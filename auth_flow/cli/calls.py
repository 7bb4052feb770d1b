"""The calls of the drive protocol: what a signed-in user can do, with the fields of a line and the result as JSON values."""

from __future__ import annotations

import logging
from abc import abstractmethod
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, get_args

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from auth_flow.errors import AuthFlowError, NotAuthorizedException, NotSignedIn, ServiceError
from auth_flow.flow import AuthFlow
from auth_flow.session import AttributeUpdate, MfaSetting, RememberedDevice
from auth_flow.states.base import Metadata, Name, Value, snake_case
from auth_flow.states.events import Cancel
from auth_flow.states.steps import CodeDelivery
from auth_flow.tokens import Tokens

_log = logging.getLogger(__name__)


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value():
        raise ValueError("it is empty")
    return secret


Typed = Annotated[SecretStr, AfterValidator(_not_empty)]
"""A password or a code that a person has typed."""

CALLS: dict[str, type[Call]] = {}
"""Calls by name."""


class Call(Value):
    """One line: its fields, and what it does. `client_metadata` goes where the operation takes it."""

    name: ClassVar[str]
    client_metadata: Metadata | None = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls.name = snake_case(cls.__name__)
        CALLS[cls.name] = cls

    @abstractmethod
    async def perform(self, flow: AuthFlow) -> Any:
        """Do it, and return the result as JSON values."""


# ------------------------------------------------------------------------------------------------------------ the session


class FetchAuthSession(Call):
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
            return await flow.session.fresh_tokens(force=self.force_refresh, client_metadata=self.client_metadata)
        except NotSignedIn as error:
            match error.__cause__:
                case NotAuthorizedException():
                    return None  # the session has run out: that is an answer, not an error
                case ServiceError() as verdict:
                    raise verdict from None
                case _:
                    raise


_SESSION = ("signed_in", "username", "user_id", "access_token_expires_at", "credentials", "identity_id")


async def _aws(flow: AuthFlow) -> dict[str, Any]:
    """The user's AWS credentials. An identity pool that does not work takes nothing from the session."""
    if flow.identity_pool is None:
        return {}
    try:
        credentials = await flow.identity_pool.credentials(flow.session)
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


class GetCurrentUser(Call):
    """Who is signed in."""

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Tell it from what is held."""
        return asdict(flow.session.get_current_user())


class RestoreSession(Call):
    """Tokens that were obtained elsewhere, and the secrets of a remembered device."""

    access_token: SecretStr | None = None
    id_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    username: Name | None = None
    device: RememberedDevice | None = None

    @model_validator(mode="after")
    def _something_is_given(self) -> RestoreSession:
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


class SignOut(Call):
    """The end of the session; an unfinished sign-in is given up."""

    everywhere: bool = Field(False, alias="global")

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Sign out, and tell what the service said."""
        if flow.signed_in:
            return asdict(await flow.session.sign_out(global_=self.everywhere))
        if Cancel.name in flow.accepts:
            await flow.send(Cancel())
        return {"revoked": False, "error": None}


class DeleteUser(Call):
    """The end of the account."""

    async def perform(self, flow: AuthFlow) -> None:
        """Delete it."""
        await flow.session.delete_user()


# ------------------------------------------------------------------------------------------------- password and attributes


class UpdatePassword(Call):
    """A new password in place of the old one."""

    old_password: Typed | None = None
    new_password: Typed

    async def perform(self, flow: AuthFlow) -> None:
        """Change it."""
        await flow.session.update_password(self.new_password, old_password=self.old_password)


class FetchUserAttributes(Call):
    """The user's attributes."""

    async def perform(self, flow: AuthFlow) -> dict[str, str]:
        """Read them."""
        return await flow.session.fetch_user_attributes()


class UpdateUserAttributes(Call):
    """New values of attributes."""

    attributes: dict[str, str]

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Change them, and tell of each what is left to do."""
        updates = await flow.session.update_user_attributes(self.attributes, client_metadata=self.client_metadata)
        return {name: _update(update) for name, update in updates.items()}


def _update(update: AttributeUpdate) -> dict[str, Any]:
    step: dict[str, Any] = {"name": update.next_step}
    if update.code_delivery:
        step["code_delivery"] = update.code_delivery.model_dump()
    return {"updated": update.updated, "next_step": step}


class ConfirmUserAttribute(Call):
    """The code that confirms an attribute."""

    attribute: str
    code: Typed

    async def perform(self, flow: AuthFlow) -> None:
        """Confirm it."""
        await flow.session.confirm_user_attribute(self.attribute, self.code)


class SendUserAttributeVerificationCode(Call):
    """An attribute to be confirmed."""

    attribute: str

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Have a code sent, and tell where to."""
        send = flow.session.send_user_attribute_verification_code
        return (await send(self.attribute, client_metadata=self.client_metadata) or CodeDelivery()).model_dump()


class DeleteUserAttributes(Call):
    """Attributes to be removed."""

    attributes: list[str]

    async def perform(self, flow: AuthFlow) -> None:
        """Remove them."""
        await flow.session.delete_user_attributes(self.attributes)


# --------------------------------------------------------------------------------------------------------------------- MFA


class FetchMfaPreference(Call):
    """The user's second factors."""

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Tell which are on, and which is preferred."""
        return asdict(await flow.session.fetch_mfa_preference())


def _known(setting: object) -> object:
    """Amplify sends nothing for a word that it does not know, and a program that was written for it may rely on that."""
    return setting if setting in get_args(MfaSetting) else None


Setting = Annotated[MfaSetting | None, BeforeValidator(_known)]


class UpdateMfaPreference(Call):
    """Second factors to be switched on or off, or preferred. A setting of another name asks for nothing."""

    sms: Setting = None
    totp: Setting = None
    email: Setting = None

    async def perform(self, flow: AuthFlow) -> None:
        """Set them, as asked."""
        await flow.session.update_mfa_preference(sms=self.sms, totp=self.totp, email=self.email)


class SetUpTotp(Call):
    """An authenticator app to be registered."""

    async def perform(self, flow: AuthFlow) -> dict[str, str]:
        """Begin, and tell what the app needs."""
        return asdict(await flow.session.set_up_totp())


class VerifyTotpSetup(Call):
    """The first code of an authenticator app."""

    code: Typed
    friendly_device_name: str | None = None

    async def perform(self, flow: AuthFlow) -> None:
        """Complete the registration."""
        await flow.session.verify_totp_setup(self.code, friendly_device_name=self.friendly_device_name)


# ---------------------------------------------------------------------------------------------------- devices and passkeys


class FetchDevices(Call):
    """The user's devices."""

    async def perform(self, flow: AuthFlow) -> list[dict[str, Any]]:
        """List them, all pages."""
        return [{**device.model_dump(mode="json"), "name": device.name} for device in await flow.session.fetch_devices()]


class RememberDevice(Call):
    """The device that this program is, to be remembered."""

    async def perform(self, flow: AuthFlow) -> None:
        """Have it remembered."""
        await flow.session.remember_device()


class ForgetDevice(Call):
    """A device to be forgotten: the one that this program is, where none is named."""

    device_key: str | None = None

    async def perform(self, flow: AuthFlow) -> None:
        """Forget it."""
        await flow.session.forget_device(self.device_key)


class StartPasskeyRegistration(Call):
    """A passkey to be registered."""

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Begin, and return the creation options."""
        return await flow.session.start_passkey_registration()


class CompletePasskeyRegistration(Call):
    """The credential that the ceremony gave."""

    credential: dict[str, Any]

    async def perform(self, flow: AuthFlow) -> None:
        """Register it."""
        await flow.session.complete_passkey_registration(self.credential)


class ListPasskeys(Call):
    """The user's passkeys, a page at a time."""

    page_size: Annotated[int, Field(ge=0, le=20)] | None = None
    next_token: str | None = None

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """List them."""
        page = await flow.session.list_passkeys(page_size=self.page_size, next_token=self.next_token)
        return page.model_dump(mode="json")


class DeletePasskey(Call):
    """A passkey to be removed."""

    credential_id: str

    async def perform(self, flow: AuthFlow) -> None:
        """Remove it."""
        await flow.session.delete_passkey(self.credential_id)
