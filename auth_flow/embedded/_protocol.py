"""AWS JSON 1.1, the service's side: an operation's name in a header, JSON there and back, refusals
with `__type`.
"""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from auth_flow.embedded._fault import Fault, invalid_parameter
from auth_flow.embedded._registry import OPERATIONS, Reply, Request

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from auth_flow.embedded._service import CognitoService

TARGET_PREFIX = "AWSCognitoIdentityProviderService."
CONTENT_TYPE = "application/x-amz-json-1.1"

_log = logging.getLogger(__name__)


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


async def answer(service: CognitoService, target: str, body: bytes) -> Response:
    """Carry out what the X-Amz-Target header and the body ask for."""
    headers = {"content-type": CONTENT_TYPE, "x-amzn-requestid": str(uuid.uuid4())}
    try:
        reply = await _perform(service, target, body)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in here, a client gets the service's own kind of answer
        if not isinstance(error, Fault):
            _log.exception("%s failed.", target)
        fault = (
            error
            if isinstance(error, Fault)
            else Fault("InternalErrorException", "Internal error.", 500)
        )
        headers["x-amzn-errortype"] = f"{fault.name}:"
        return Response(
            fault.status, headers, _encode({"__type": fault.name, "message": fault.message})
        )
    return Response(200, headers, _encode(reply))


async def _perform(service: CognitoService, target: str, body: bytes) -> Reply:
    operation = (
        OPERATIONS.get(target.removeprefix(TARGET_PREFIX))
        if target.startswith(TARGET_PREFIX)
        else None
    )
    if operation is None:
        raise Fault("UnknownOperationException", "The requested operation is not known.")
    return await operation.handler(service, read_request(operation.request, body))


def read_request(model: type[Request], body: bytes) -> Request:
    """The validated input; SerializationException or InvalidParameterException with the service's
    kind of message.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False)
    if any(
        detail["type"].startswith("json_") or detail["type"].endswith("_type") for detail in details
    ):
        raise Fault("SerializationException", "The request is not JSON of the expected shape.")
    constraints = "; ".join(map(_constraint, details))
    plural = "s" if len(details) > 1 else ""
    raise invalid_parameter(f"{len(details)} validation error{plural} detected: {constraints}")


def _constraint(detail: ErrorDetails) -> str:
    path = ".".join(_camel(str(part)) for part in detail["loc"])
    context = detail.get("ctx", {})
    if detail["type"] == "missing":
        return f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
    rule = {
        "string_too_short": "Member must have length greater than or equal to {min_length}",
        "string_too_long": "Member must have length less than or equal to {max_length}",
        "string_pattern_mismatch": "Member must satisfy regular expression pattern: {pattern}",
        "literal_error": "Member must satisfy enum value set: [{expected}]",
        "greater_than_equal": "Member must have value greater than or equal to {ge}",
        "less_than_equal": "Member must have value less than or equal to {le}",
    }.get(detail["type"], detail["msg"])
    return f"Value at '{path}' failed to satisfy constraint: {rule.format_map(context)}"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _encode(reply: Reply) -> bytes:
    return json.dumps(reply, separators=(",", ":")).encode()
