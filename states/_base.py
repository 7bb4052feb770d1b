"""What all values of a flow have in common: frozen, checked when they are made, and close-mouthed
about secrets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails


class Value(BaseModel):
    """A frozen, validated value. Building its validator waits for the first use: importing the
    library must stay cheap.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _close_mouthed(cls, given: Any, make: ModelWrapValidatorHandler[Self]) -> Self:
        """Take what was given out of the error: its `errors()` and `json()` would show it,
        passwords and all.
        """
        try:
            return make(given)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
        told = [
            InitErrorDetails(type=one["type"], loc=one["loc"], input=None, ctx=one.get("ctx", {}))
            for one in problems
        ]
        raise ValidationError.from_exception_data(cls.__name__, told, hide_input=True)


if TYPE_CHECKING:
    Secret: TypeAlias = SecretStr | str
else:
    Secret = SecretStr  # pydantic makes one of plain text too; type checkers are told so above
"""A password, code or token: may be given as plain text, is held as `SecretStr`, and shows as
asterisks.
"""

Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""A user name or alias as Cognito takes it: 1 to 128 characters."""

Metadata: TypeAlias = dict[str, str]
"""What Cognito hands on to the pool's triggers as `ClientMetadata`."""


def reveal(secret: SecretStr | str) -> str:
    """Return the text of a secret, at the one place where it goes into a request or a
    computation.
    """
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret


def snake_case(name: str) -> str:
    """`SetUpEmail` as `set_up_email`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
