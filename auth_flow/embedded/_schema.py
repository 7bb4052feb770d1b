"""The attributes of users: their names, their declarations, and the permission to write them.

The standard ones are claims of OpenID Connect Core 1.0, section 5.1; `custom:` ones are declared by
the pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auth_flow.embedded._attribute_values import check_value
from auth_flow.embedded._fault import does_not_conform, invalid_parameter, not_authorized
from auth_flow.embedded._settings import AttributeDeclaration, ClientConfiguration, PoolSettings

STANDARD = frozenset(
    {
        *(
            "address",
            "birthdate",
            "email",
            "family_name",
            "gender",
            "given_name",
            "locale",
            "middle_name",
            "name",
            "nickname",
        ),
        *(
            "phone_number",
            "picture",
            "preferred_username",
            "profile",
            "updated_at",
            "website",
            "zoneinfo",
        ),
    }
)
VERIFIED = frozenset({"email_verified", "phone_number_verified"})
"""The service sets these when a code comes back, and administrators may set them."""

BUILT_IN = STANDARD | VERIFIED | {"sub"}
"""The names of attributes that every pool has."""


def known_attributes(settings: PoolSettings) -> frozenset[str]:
    """Return the names of all attributes that a user of the pool can have, including `sub`."""
    return BUILT_IN | {f"custom:{name}" for name in settings.custom_attributes}


def declaration(settings: PoolSettings, name: str) -> AttributeDeclaration:
    """Return the pool's declaration of an attribute, or else the service's."""
    standard, bare = AttributeDeclaration.standard(name), name.removeprefix("custom:")
    declared = {attribute.name: attribute for attribute in settings.declarations}.get(bare)
    if declared is None or (bare in BUILT_IN) != (name in BUILT_IN):
        return standard
    if declared.string_attribute_constraints or declared.attribute_data_type != "String":
        return declared
    constraints = {"string_attribute_constraints": standard.string_attribute_constraints}
    return declared.model_copy(update=constraints)


def check_writable(
    settings: PoolSettings, names: Iterable[str], *, client: ClientConfiguration | None
) -> None:
    """Check that attributes exist and may be written by users of the client.

    `client` is None if an administrator or the pool itself writes them. Raises
    InvalidParameterException for `sub` and for an attribute that the pool does not have, and
    NotAuthorizedException for one that the client may not write.
    """
    known = known_attributes(settings)
    for name in names:
        if name not in known:
            raise does_not_conform(name, "Attribute does not exist in the schema.")
        if client and (name == "sub" or name in VERIFIED or not client.may_write(name)):
            raise not_authorized("A client attempted to write unauthorized attribute")
        if name == "sub":
            raise invalid_parameter("Cannot modify the non-mutable attribute sub")


def check_mutable(settings: PoolSettings, names: Iterable[str]) -> None:
    """Raise InvalidParameterException for an attribute that only a new user can get."""
    for name in names:
        if not declaration(settings, name).mutable:
            raise invalid_parameter(f"user.{name}: Attribute cannot be updated.\n")


def check_attributes(
    settings: PoolSettings, given: Mapping[str, str], *, client: ClientConfiguration | None
) -> None:
    """Check attributes as `check_writable` does, and their values.

    Raises InvalidParameterException for a value that the schema does not allow.
    """
    check_writable(settings, given, client=client)
    for name, value in given.items():
        check_value(name, value, declaration(settings, name))
