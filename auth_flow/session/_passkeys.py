"""Passkeys of the user: register, list, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from auth_flow.errors import LimitExceededException, MissingScope, RequestError
from auth_flow.session._base import Instant, UserCalls
from auth_flow.states._passkeys import CreationOptions, RegistrationResponse, read_response
from auth_flow.states._replies import Reply


class RegisteredPasskey(Reply):
    """A registered passkey.

    The attachment is `platform` or `cross-platform`; transports are `internal`, `hybrid`, `usb` and
    the like.
    """

    credential_id: str = Field(alias="CredentialId")
    friendly_name: str | None = Field(None, alias="FriendlyCredentialName")
    relying_party_id: str | None = Field(None, alias="RelyingPartyId")
    authenticator_attachment: str | None = Field(None, alias="AuthenticatorAttachment")
    authenticator_transports: list[str] = Field(
        default_factory=list[str], alias="AuthenticatorTransports"
    )
    created_at: Instant | None = Field(None, alias="CreatedAt")


class PasskeyPage(Reply):
    """Some of the user's passkeys. If `next_token` is set, there are more."""

    credentials: list[RegisteredPasskey] = Field(
        default_factory=list[RegisteredPasskey], alias="Credentials"
    )
    next_token: str | None = Field(None, alias="NextToken")


class _OptionsReply(Reply):
    options: CreationOptions = Field(alias="CredentialCreationOptions")


class PasskeyCalls(UserCalls):
    """Operations on the user's passkeys. A browser or an authenticator makes them."""

    async def passkey_offer(self) -> CreationOptions | None:
        """Return the options for the user's first passkey, or None if there is nothing to offer.

        Ask after a sign-in, and offer a passkey if there are options; nothing happens if the user
        declines. There is nothing to offer if the user already has a passkey, or if the pool or
        this session's scopes allow none. Makes one request, as `start_passkey_registration` does.
        """
        try:
            options = await self.start_passkey_registration()
        except (RequestError, LimitExceededException, MissingScope):
            return None
        return None if options.exclude_credentials else options

    async def start_passkey_registration(self) -> CreationOptions:
        """Return the options for a new passkey, by StartWebAuthnRegistration.

        They are for a browser (`options.to_json()`) or an authenticator.
        """
        return (await self._read(_OptionsReply, "StartWebAuthnRegistration")).options

    async def complete_passkey_registration(
        self, credential: RegistrationResponse | Mapping[str, Any] | str
    ) -> None:
        """Register a passkey, by CompleteWebAuthnRegistration.

        `credential` is the answer of the browser or the authenticator to the options. JSON values
        and JSON text (`PublicKeyCredential.toJSON()`) are accepted too. Raises `PasskeyError` if it
        is `{"error": …}` with the name of a `DOMException`, and `ValidationError` if it is
        incomplete. In both cases nothing is sent.
        """
        response = read_response(RegistrationResponse, credential)
        await self.call("CompleteWebAuthnRegistration", Credential=response.to_json())

    async def list_passkeys(
        self, *, page_size: int | None = None, next_token: str | None = None
    ) -> PasskeyPage:
        """Return one page of passkeys, by ListWebAuthnCredentials. `page_size` is at most 20."""
        return await self._read(
            PasskeyPage, "ListWebAuthnCredentials", MaxResults=page_size, NextToken=next_token
        )

    async def delete_passkey(self, credential_id: str) -> None:
        """Delete a passkey, by DeleteWebAuthnCredential."""
        await self.call("DeleteWebAuthnCredential", CredentialId=credential_id)
