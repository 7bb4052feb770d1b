"""Calls: the user's password and attributes, and the end of the account."""

from __future__ import annotations

from typing import Any

from auth_flow._cli.drive.calls import DriveCall, Typed
from auth_flow._flow import AuthFlow
from auth_flow.session import AttributeUpdate
from auth_flow.states.steps import CodeDelivery


class UpdatePasswordCall(DriveCall):
    """A new password in place of the old one."""

    old_password: Typed | None = None
    new_password: Typed

    async def perform(self, flow: AuthFlow) -> None:
        """Change it."""
        await flow.session.update_password(self.new_password, old_password=self.old_password)


class FetchUserAttributesCall(DriveCall):
    """The user's attributes."""

    async def perform(self, flow: AuthFlow) -> dict[str, str]:
        """Read them."""
        return await flow.session.fetch_user_attributes()


class UpdateUserAttributesCall(DriveCall):
    """New values of attributes."""

    attributes: dict[str, str]

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Change them, and tell of each what is left to do."""
        updates = await flow.session.update_user_attributes(
            self.attributes, client_metadata=self.client_metadata
        )
        return {name: _update(update) for name, update in updates.items()}


def _update(update: AttributeUpdate) -> dict[str, Any]:
    step: dict[str, Any] = {"name": update.next_step}
    if update.code_delivery:
        step["code_delivery"] = update.code_delivery.model_dump()
    return {"updated": update.updated, "next_step": step}


class ConfirmUserAttributeCall(DriveCall):
    """The code that confirms an attribute."""

    attribute: str
    code: Typed

    async def perform(self, flow: AuthFlow) -> None:
        """Confirm it."""
        await flow.session.confirm_user_attribute(self.attribute, self.code)


class SendUserAttributeVerificationCodeCall(DriveCall):
    """An attribute to be confirmed."""

    attribute: str

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Have a code sent, and tell where to."""
        send = flow.session.send_user_attribute_verification_code
        return (
            await send(self.attribute, client_metadata=self.client_metadata) or CodeDelivery()
        ).model_dump()


class DeleteUserAttributesCall(DriveCall):
    """Attributes to be removed."""

    attributes: list[str]

    async def perform(self, flow: AuthFlow) -> None:
        """Remove them."""
        await flow.session.delete_user_attributes(self.attributes)


class DeleteUserCall(DriveCall):
    """The end of the account."""

    async def perform(self, flow: AuthFlow) -> None:
        """Delete it."""
        await flow.session.delete_user()
