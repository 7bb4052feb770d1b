"""Attributes of the user: read, change, verify."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, SecretStr

from auth_flow.session._base import Attributes, UserCalls
from auth_flow.states._base import Metadata, hidden
from auth_flow.states._replies import DeliveryDetails, DeliveryReply, Reply
from auth_flow.states._requests import pairs
from auth_flow.states.steps import CodeDelivery


class UserProfile(Reply):
    """The reply of GetUser. MFA settings have Cognito's names: `SMS_MFA`, `SOFTWARE_TOKEN_MFA`,
    `EMAIL_OTP`, `WEB_AUTHN`.
    """

    username: str = Field(alias="Username")
    attributes: Attributes = Field(default_factory=dict[str, str], alias="UserAttributes")
    preferred_mfa: str | None = Field(None, alias="PreferredMfaSetting")
    mfa: list[str] = Field(default_factory=list[str], alias="UserMFASettingList")


class _UpdateReply(Reply):
    deliveries: list[DeliveryDetails] = Field(
        default_factory=list[DeliveryDetails], alias="CodeDeliveryDetailsList"
    )


@dataclass(frozen=True, slots=True)
class AttributeUpdate:
    """The result of changing one attribute.

    If `code_delivery` is set, the attribute changes once the code that was sent is confirmed.
    """

    code_delivery: CodeDelivery | None = None

    @property
    def updated(self) -> bool:
        """True if the attribute has changed, False if a code has to be confirmed first."""
        return self.code_delivery is None

    @property
    def next_step(self) -> Literal["DONE", "CONFIRM_ATTRIBUTE_WITH_CODE"]:
        """Amplify's name for the next step: `CONFIRM_ATTRIBUTE_WITH_CODE` means
        `confirm_user_attribute`.
        """
        return "DONE" if self.updated else "CONFIRM_ATTRIBUTE_WITH_CODE"


class AttributeCalls(UserCalls):
    """Operations on the attributes of the user."""

    async def fetch_user(self) -> UserProfile:
        """Return the user as the pool has it now, by GetUser."""
        return await self._read(UserProfile, "GetUser")

    async def fetch_user_attributes(self) -> dict[str, str]:
        """Return the attributes that this app client may read, by GetUser."""
        return (await self.fetch_user()).attributes

    async def update_user_attributes(
        self, attributes: Mapping[str, str], *, client_metadata: Metadata | None = None
    ) -> dict[str, AttributeUpdate]:
        """Change attributes, by UpdateUserAttributes. Return the result for each of them."""
        reply = await self._read(
            _UpdateReply,
            "UpdateUserAttributes",
            UserAttributes=pairs(attributes),
            ClientMetadata=client_metadata,
        )
        sent = {
            details.attribute: AttributeUpdate(CodeDelivery.of(details))
            for details in reply.deliveries
        }
        return {name: sent.get(name, AttributeUpdate()) for name in attributes}

    async def confirm_user_attribute(self, attribute: str, code: SecretStr | str) -> None:
        """Confirm an attribute with the code that was sent to it, by VerifyUserAttribute."""
        code = hidden(code)
        await self.call("VerifyUserAttribute", AttributeName=attribute, Code=code)

    async def send_user_attribute_verification_code(
        self, attribute: str, *, client_metadata: Metadata | None = None
    ) -> CodeDelivery | None:
        """Send a code to an address or phone number that is not verified yet.

        The operation is GetUserAttributeVerificationCode. Return the delivery of the code.
        """
        operation = "GetUserAttributeVerificationCode"
        reply = await self._read(
            DeliveryReply, operation, AttributeName=attribute, ClientMetadata=client_metadata
        )
        return CodeDelivery.of(reply.delivery)

    async def delete_user_attributes(self, attributes: Collection[str]) -> None:
        """Delete attributes by name, by DeleteUserAttributes."""
        await self.call("DeleteUserAttributes", UserAttributeNames=list(attributes))
