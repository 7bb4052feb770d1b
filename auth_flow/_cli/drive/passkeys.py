"""The calls about passkeys."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from auth_flow._cli.drive.calls import DriveCall
from auth_flow._flow import AuthFlow
from auth_flow.states._passkeys import RegistrationResponse


class StartPasskeyRegistrationCall(DriveCall):
    """`start_passkey_registration`: begin to register a passkey."""

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Return the WebAuthn creation options."""
        return (await flow.session.start_passkey_registration()).to_json()


class CompletePasskeyRegistrationCall(DriveCall):
    """`complete_passkey_registration`: register a new credential."""

    credential: RegistrationResponse

    async def perform(self, flow: AuthFlow) -> None:
        """Send the credential."""
        await flow.session.complete_passkey_registration(self.credential)


class ListPasskeysCall(DriveCall):
    """`list_passkeys`: list a page of the user's passkeys."""

    page_size: Annotated[int, Field(ge=0, le=20)] | None = None
    next_token: str | None = None

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Return the page, and the token of the next one."""
        page = await flow.session.list_passkeys(
            page_size=self.page_size, next_token=self.next_token
        )
        return page.model_dump(mode="json")


class DeletePasskeyCall(DriveCall):
    """`delete_passkey`: delete a passkey."""

    credential_id: str

    async def perform(self, flow: AuthFlow) -> None:
        """Delete the passkey."""
        await flow.session.delete_passkey(self.credential_id)
