"""The values of attributes: e-mail addresses, phone numbers, and the constraints of the schema.

The service gives a reason after "Attributes did not conform to the schema". The reasons about
values are not published, so their wording is our own.
"""

from __future__ import annotations

import re
from decimal import Decimal

from auth_flow.embedded._fault import does_not_conform, invalid_parameter
from auth_flow.embedded._settings import AttributeDeclaration

LONGEST_VALUE = 2048
CONTACTS = {
    "email": (re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+"), "Invalid email address format."),
    "phone_number": (re.compile(r"\+[1-9][0-9]{1,14}"), "Invalid phone number format."),  # E.164
}
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def check_value(name: str, value: str, declaration: AttributeDeclaration) -> None:
    """Raise InvalidParameterException if the value is not one that the declaration allows."""
    if name in CONTACTS:
        pattern, refusal = CONTACTS[name]
        if not pattern.fullmatch(value):
            raise invalid_parameter(refusal)
    reason = _fault_in(value, declaration)
    if reason:
        raise does_not_conform(name, reason)


def _fault_in(value: str, declaration: AttributeDeclaration) -> str | None:
    if len(value) > LONGEST_VALUE:
        return f"Must be no longer than {LONGEST_VALUE} characters"
    match declaration.attribute_data_type:
        case "String":
            return _fault_in_string(value, declaration)
        case "Number":
            return _fault_in_number(value, declaration)
        case "Boolean":
            return None if value in ("true", "false") else "Must be true or false"
        case "DateTime":
            return None


def _fault_in_string(value: str, declaration: AttributeDeclaration) -> str | None:
    bounds = declaration.string_attribute_constraints
    if bounds and bounds.min_length and len(value) < int(bounds.min_length):
        return f"Must be at least {bounds.min_length} characters long"
    if bounds and bounds.max_length and len(value) > int(bounds.max_length):
        return f"Must be no longer than {bounds.max_length} characters"
    return None


def _fault_in_number(value: str, declaration: AttributeDeclaration) -> str | None:
    if not NUMBER.fullmatch(value):
        return "Must be a number"
    bounds = declaration.number_attribute_constraints
    if bounds and bounds.min_value and Decimal(value) < int(bounds.min_value):
        return f"Must be at least {bounds.min_value}"
    if bounds and bounds.max_value and Decimal(value) > int(bounds.max_value):
        return f"Must be at most {bounds.max_value}"
    return None
