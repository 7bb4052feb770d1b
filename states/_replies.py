"""Cognito's replies, as far as a flow reads them. Members follow the service model;
unknown ones are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from auth_flow.errors import EnableSoftwareTokenMFAException, MalformedResponse


class Reply(BaseModel):
    """The base of all replies. They are read strictly, and their errors contain no secret."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", strict=True, defer_build=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, members: Any) -> Any:
        if not isinstance(members, dict):
            return members
        return {
            name: value
            for name, value in cast("dict[str, Any]", members).items()
            if value is not None
        }

    @classmethod
    def read(cls, operation: str, reply: Mapping[str, Any]) -> Self:
        """Read a decoded reply.

        Raises `MalformedResponse`, which names the members that are missing or of another type.
        """
        try:
            return cls.model_validate(_in_whole_characters(reply))
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()
            )
        except RecursionError:
            problems = "it is nested too deeply"
        del reply  # reports of errors show the variables of a frame
        # Raised here, so that it has no context: pydantic's error contains the reply, which may
        # contain tokens.
        raise MalformedResponse(problems, operation=operation)


def _in_whole_characters(value: Any) -> Any:
    """Replace each half of a surrogate pair by U+FFFD. JSON may contain them, but UTF-8 may not, so
    a flow with such a text could not be stored.
    """
    match value:
        case str():
            if value.isascii():
                return value
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case dict():
            members = cast("dict[str, Any]", value)
            return {
                _in_whole_characters(name): _in_whole_characters(member)
                for name, member in members.items()
            }
        case list():
            return list(map(_in_whole_characters, cast("Iterable[Any]", value)))
        case _:
            return value


class NewDeviceMetadata(Reply):
    """`NewDeviceMetadata`: the keys of a device that the service has made up for this sign-in."""

    key: str | None = Field(None, alias="DeviceKey")
    group_key: str | None = Field(None, alias="DeviceGroupKey")


class AuthenticationResult(Reply):
    """Tokens. `expires_in` is the access token's validity in seconds; id and refresh token may be
    left out. `new_device` is set if the pool tracks devices and does not know this one.
    """

    access_token: SecretStr = Field(alias="AccessToken")
    id_token: SecretStr | None = Field(None, alias="IdToken")
    refresh_token: SecretStr | None = Field(None, alias="RefreshToken")
    expires_in: int | None = Field(None, alias="ExpiresIn")
    new_device: NewDeviceMetadata | None = Field(None, alias="NewDeviceMetadata")


class AuthReply(Reply):
    """The reply to InitiateAuth and RespondToAuthChallenge: tokens, or the next challenge and the
    session to answer it with.
    """

    _operation: str = PrivateAttr("")

    challenge: str | None = Field(None, alias="ChallengeName")
    session: SecretStr | None = Field(None, alias="Session", min_length=1)
    parameters: dict[str, str] = Field(default_factory=dict[str, str], alias="ChallengeParameters")
    available_challenges: list[str] = Field(default_factory=list[str], alias="AvailableChallenges")
    tokens: AuthenticationResult | None = Field(None, alias="AuthenticationResult")

    @classmethod
    def read(cls, operation: str, reply: Mapping[str, Any]) -> Self:
        """Read a decoded reply, and remember the operation that it replies to."""
        replies = [reply]
        del reply  # reports of errors show the variables of a frame
        answer = super().read(operation, replies.pop())
        answer._operation = operation
        return answer

    @property
    def operation(self) -> str:
        """The name of the operation, for the error if the reply cannot be used."""
        return self._operation


class DeliveryDetails(Reply):
    """`CodeDeliveryDetails`: the place that a code was sent to. The service masks destinations."""

    destination: str | None = Field(None, alias="Destination")
    medium: str | None = Field(None, alias="DeliveryMedium")
    attribute: str | None = Field(None, alias="AttributeName")


class DeliveryReply(Reply):
    """The reply to ForgotPassword and ResendConfirmationCode."""

    delivery: DeliveryDetails | None = Field(None, alias="CodeDeliveryDetails")


class SignUpReply(DeliveryReply):
    """The reply to SignUp. `session` allows a sign-in without a password once the account is
    confirmed.
    """

    confirmed: bool = Field(alias="UserConfirmed")
    user_id: str = Field(alias="UserSub")
    session: SecretStr | None = Field(None, alias="Session")


class SessionReply(Reply):
    """The reply to ConfirmSignUp: a session to go on with, if the request contained SignUp's."""

    session: SecretStr | None = Field(None, alias="Session")


class SoftwareTokenReply(SessionReply):
    """The reply to AssociateSoftwareToken: the secret that an authenticator app shares with the
    service, in base32.
    """

    secret_code: SecretStr = Field(alias="SecretCode", min_length=1)


class VerificationReply(SessionReply):
    """The reply to VerifySoftwareToken. `status` is `SUCCESS` or `ERROR`, both with HTTP 200."""

    status: str = Field(alias="Status")

    def check(self) -> None:
        """Raise `EnableSoftwareTokenMFAException` if the code was wrong: the service replies with
        HTTP 200.
        """
        if self.status != "SUCCESS":
            problem = "The code does not match the shared secret."
            raise EnableSoftwareTokenMFAException(problem, operation="VerifySoftwareToken")
