"""The calls about the account: its password, its attributes, and its deletion."""

from __future__ import annotations

from typing import Any

from auth_flow._cli.drive.calls import DriveCall, Typed
from auth_flow._flow import AuthFlow
from auth_flow.session import AttributeUpdate
from auth_flow.states.steps import CodeDelivery


class UpdatePasswordCall(DriveCall):
    """`update_password`: replace the password."""

    old_password: Typed | None = None
    new_password: Typed

    async def perform(self, flow: AuthFlow) -> None:
        """Change the password."""
        await flow.session.update_password(self.new_password, old_password=self.old_password)


class FetchUserAttributesCall(DriveCall):
    """`fetch_user_attributes`: read the attributes."""

    async def perform(self, flow: AuthFlow) -> dict[str, str]:
        """Return the attributes by name."""
        return await flow.session.fetch_user_attributes()


class UpdateUserAttributesCall(DriveCall):
    """`update_user_attributes`: change attributes."""

    attributes: dict[str, str]

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Change the attributes, and return the next step of each."""
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
    """`confirm_user_attribute`: confirm an attribute with a code."""

    attribute: str
    code: Typed

    async def perform(self, flow: AuthFlow) -> None:
        """Send the code."""
        await flow.session.confirm_user_attribute(self.attribute, self.code)


class SendUserAttributeVerificationCodeCall(DriveCall):
    """`send_user_attribute_verification_code`: have a code sent for an attribute."""

    attribute: str

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Have the code sent, and return its destination."""
        send = flow.session.send_user_attribute_verification_code
        return (
            await send(self.attribute, client_metadata=self.client_metadata) or CodeDelivery()
        ).model_dump()


class DeleteUserAttributesCall(DriveCall):
    """`delete_user_attributes`: delete attributes."""

    attributes: list[str]

    async def perform(self, flow: AuthFlow) -> None:
        """Delete the attributes."""
        await flow.session.delete_user_attributes(self.attributes)


class DeleteUserCall(DriveCall):
    """`delete_user`: delete the account."""

    async def perform(self, flow: AuthFlow) -> None:
        """Delete the account. The session ends with it."""
        await flow.session.delete_user()
