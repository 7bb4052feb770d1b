"""The attributes of users: their names, the permission to write them, and the form of their values.

The standard ones are claims of OpenID Connect Core 1.0, section 5.1; `custom:` ones are declared by
the pool. The service gives a reason after "Attributes did not conform to the schema"; the reasons
about values are not published, so their wording is our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from auth_flow.embedded._fault import does_not_conform, invalid_parameter, not_authorized
from auth_flow.embedded._settings import PoolSettings

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

LONGEST_VALUE = 2048
CONTACTS = {
    "email": (re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+"), "Invalid email address format."),
    "phone_number": (re.compile(r"\+[1-9][0-9]{1,14}"), "Invalid phone number format."),  # E.164
}
FORMATS: dict[str, tuple[re.Pattern[str], str]] = {
    "birthdate": (re.compile(r".{10}"), "Must be 10 characters long"),
    "updated_at": (re.compile(r"[0-9]+"), "Must be a number"),
    **dict.fromkeys(VERIFIED, (re.compile(r"true|false"), "Must be true or false")),
}


def known_attributes(settings: PoolSettings) -> frozenset[str]:
    """Return the names of all attributes that a user of the pool can have, including `sub`."""
    return STANDARD | VERIFIED | {"sub"} | {f"custom:{name}" for name in settings.custom_attributes}


def check_writable(
    settings: PoolSettings, names: Iterable[str], *, by_administrator: bool = False
) -> None:
    """Check that attributes exist and may be written.

    Raises InvalidParameterException for `sub` and for an attribute that the pool does not have,
    and NotAuthorizedException for one that only an administrator may write.
    """
    known = known_attributes(settings)
    for name in names:
        if name not in known:
            raise does_not_conform(name, "Attribute does not exist in the schema.")
        if not by_administrator and (name == "sub" or name in VERIFIED):
            raise not_authorized("A client attempted to write unauthorized attribute")
        if name == "sub":
            raise invalid_parameter("Cannot modify the non-mutable attribute sub")


def check_attributes(
    settings: PoolSettings, given: Mapping[str, str], *, by_administrator: bool = False
) -> None:
    """Check attributes as `check_writable` does, and the form of their values.

    Raises InvalidParameterException for a value of the wrong form.
    """
    check_writable(settings, given, by_administrator=by_administrator)
    for name, value in given.items():
        if len(value) > LONGEST_VALUE:
            raise does_not_conform(name, f"Must be no longer than {LONGEST_VALUE} characters")
        if name in CONTACTS:
            pattern, refusal = CONTACTS[name]
            if not pattern.fullmatch(value):
                raise invalid_parameter(refusal)
        elif name in FORMATS:
            pattern, reason = FORMATS[name]
            if not pattern.fullmatch(value):
                raise does_not_conform(name, reason)
