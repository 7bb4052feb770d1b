"""Types that many operations share, with the constraints of the service model."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from auth_flow.embedded._models import User

Username = Annotated[str, Field(min_length=1, max_length=128)]
Password = Annotated[str, Field(max_length=256, pattern=r"^\S+$")]
ClientId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w+]+$")]
ClientSecret = Annotated[str, Field(min_length=24, max_length=64, pattern=r"^[\w+]+$")]
SecretHash = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w+=/]+$")]
AccessToken = Annotated[str, Field(pattern=r"^[A-Za-z0-9\-_=.]+$")]
SessionToken = Annotated[str, Field(min_length=20, max_length=4096)]
ConfirmationCode = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^\S+$")]
UserPoolId = Annotated[str, Field(min_length=1, max_length=55, pattern=r"^[\w-]+_[0-9a-zA-Z]+$")]
AttributeName = Annotated[str, Field(min_length=1, max_length=32)]
DeviceKey = Annotated[str, Field(min_length=1, max_length=55, pattern=r"^[\w-]+_[0-9a-f-]+$")]
ClientMetadata = dict[str, str]


class Attribute(BaseModel):
    """AttributeType of the service model."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, strict=True)

    name: AttributeName
    value: Annotated[str, Field(max_length=2048)] = ""


def as_dict(attributes: list[Attribute] | None) -> dict[str, str]:
    """Return the attributes by name. `True` and `False` are spelled in lower case."""
    return {
        attribute.name: attribute.value.lower()
        if attribute.name.endswith("_verified")
        else attribute.value
        for attribute in attributes or ()
    }


def as_list(attributes: dict[str, str]) -> list[dict[str, str]]:
    """Return the attributes as the service lists them."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def shown_user(
    user: User, attributes_member: str, names: list[str] | None = None
) -> dict[str, object]:
    """Return a user as administrators see one, with all attributes or only those with `names`."""
    attributes = {
        name: value for name, value in user.all_attributes.items() if names is None or name in names
    }
    return {
        "Username": user.username,
        attributes_member: as_list(attributes),
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.modified,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }
