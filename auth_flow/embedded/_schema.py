"""The attributes that users of a pool have: which there are, who may write them, and what their
values look like.

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
"""Set by the service when a code comes back, and by administrators."""

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
    """The names of all attributes that a user of the pool can have, the immutable `sub` among
    them.
    """
    return STANDARD | VERIFIED | {"sub"} | {f"custom:{name}" for name in settings.custom_attributes}


def check_writable(
    settings: PoolSettings, names: Iterable[str], *, by_administrator: bool = False
) -> None:
    """Refuse attributes that the pool does not know, `sub`, and those that only an administrator
    writes.

    InvalidParameterException, or for what a user's client may not write NotAuthorizedException.
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
    """Refuse attributes as `check_writable` does, and values that are not of their format:
    InvalidParameterException.
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
