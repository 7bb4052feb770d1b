"""Passkeys of the user: register, list, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from auth_flow.errors import MalformedResponse
from auth_flow.session._base import Instant, UserCalls
from auth_flow.states._replies import Reply

_REQUIRED = ("challenge", "user", "rp", "pubKeyCredParams")
"""The members of `PublicKeyCredentialCreationOptions` that WebAuthn requires."""


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
    options: dict[str, Any] = Field(alias="CredentialCreationOptions")


class PasskeyCalls(UserCalls):
    """Operations on the user's passkeys. The WebAuthn ceremony takes place in the browser."""

    async def start_passkey_registration(self) -> dict[str, Any]:
        """Return the options for `navigator.credentials.create`, by StartWebAuthnRegistration."""
        operation = "StartWebAuthnRegistration"
        options = (await self._read(_OptionsReply, operation)).options
        if missing := [name for name in _REQUIRED if not options.get(name)]:
            raise MalformedResponse(
                f"the creation options lack {', '.join(missing)}", operation=operation
            )
        return options

    async def complete_passkey_registration(self, credential: Mapping[str, Any]) -> None:
        """Register a credential, by CompleteWebAuthnRegistration.

        `credential` is the result of `PublicKeyCredential.toJSON()`.
        """
        await self.call("CompleteWebAuthnRegistration", Credential=dict(credential))

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
