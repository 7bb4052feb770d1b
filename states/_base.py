"""The base of all values: they are frozen, validated when they are made, and hide secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias, TypeVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails
from pydantic_core.core_schema import no_info_wrap_validator_function

T = TypeVar("T")


class Value(BaseModel):
    """A frozen, validated value.

    Its validator is built at the first use, because importing the library must stay cheap.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _hide_input(cls, given: Any, make: ModelWrapValidatorHandler[Self]) -> Self:
        return validate_hiding_input(make, given)


def validate_hiding_input(make: Callable[[Any], T], given: Any) -> T:
    """Return `make(given)`, and take the input out of the `ValidationError` that it may raise.

    The `errors()` and `json()` of pydantic's own error show the input, which may be a password. A
    web framework sends them to the client, and a log keeps them.
    """
    try:
        return make(given)
    except ValidationError as error:
        problems = error.errors()
    # Raised outside the handler, so that the error has no context that shows the input. Pydantic
    # takes the problems into an error of its own, which has a title.
    raise ValidationError.from_exception_data(
        "", [_without_input(dict(problem)) for problem in problems]
    )


def _without_input(problem: dict[str, Any]) -> InitErrorDetails:
    context = problem.get("ctx", {})
    if problem["type"] == "union_tag_invalid":
        context = {**context, "tag": "…"}  # the tag is a part of the input
    return InitErrorDetails(type=problem["type"], loc=problem["loc"], input=None, ctx=context)


@dataclass(frozen=True, slots=True)
class TaggedUnion:
    """The annotation of a union whose members `tag` tells apart. Its errors do not show the input.

    This is one annotation instead of pydantic's two, because FastAPI takes the field out of an
    annotated body and leaves its validators behind.
    """

    field: str

    def __get_pydantic_core_schema__(self, union: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return pydantic's schema of the tagged union, inside a validator that hides the input."""
        schema = handler.generate_schema(Annotated[union, Field(discriminator=self.field)])
        return no_info_wrap_validator_function(self._validate, schema)

    def _validate(self, given: Any, make: ValidatorFunctionWrapHandler) -> Any:
        return validate_hiding_input(make, given)


def tag(model: type[Value], field: str, text: str) -> None:
    """Give a model that is being defined a field that is always `text`.

    Unions tell their members apart by this field. JSON has it, the JSON schema requires it, and
    Python code need not pass it. Call this in `__init_subclass__`, before pydantic collects the
    fields.
    """
    model.__annotations__ = {field: Literal[text], **model.__annotations__}
    setattr(model, field, Field(text, repr=False))


def require_tag(field: str) -> Callable[[dict[str, Any]], None]:
    """Return the `json_schema_extra` of models that `tag` is used on."""

    def require(schema: dict[str, Any]) -> None:
        schema["properties"][field].pop("default", None)
        others = [name for name in schema.get("required", []) if name != field]
        schema["required"] = [field, *others]

    return require


if TYPE_CHECKING:
    Secret: TypeAlias = SecretStr | str
else:
    Secret = SecretStr  # pydantic accepts plain text too, and type checkers see that above
"""A password, code or token. Plain text is accepted, and shown as asterisks from then on."""

LONGEST_USERNAME = 128

Username: TypeAlias = Annotated[
    str, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_USERNAME})
]
"""A user name or alias. Cognito takes 1 to 128 characters; the guard `username_is_possible`
refuses others, so that a caller gets the same kind of error for every wrong answer.
"""

Metadata: TypeAlias = dict[str, str]
"""The `ClientMetadata` that Cognito passes on to the pool's triggers."""


def reveal(secret: SecretStr | str) -> str:
    """Return the text of a secret, for a request or a computation."""
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret


def hidden(secret: SecretStr | str) -> SecretStr:
    """Return a secret that reports of errors do not show. Assign it to the variable that it came
    in.
    """
    return secret if isinstance(secret, SecretStr) else SecretStr(secret)


def in_clear(value: Any) -> Any:
    """Return the members of a request with their secrets in clear.

    Call this in the expression that sends them: a report of an error shows the variables of all
    frames, so no variable may hold the result.
    """
    match value:
        case SecretStr():
            return value.get_secret_value()
        case dict():
            members = cast("dict[str, Any]", value)
            return {name: in_clear(member) for name, member in members.items()}
        case list():
            elements = cast("list[object]", value)
            return [in_clear(element) for element in elements]
        case _:
            return value


def snake_case(name: str) -> str:
    """Return `SetUpEmail` as `set_up_email`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
