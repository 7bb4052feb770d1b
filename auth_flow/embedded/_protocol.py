"""The service's side of AWS JSON 1.1.

The operation is named in a header, requests and replies are JSON, and an error has its name in
`__type`.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from auth_flow.embedded._fault import Fault, invalid_parameter
from auth_flow.embedded._http import Response
from auth_flow.embedded._registry import OPERATIONS, Reply, Request
from auth_flow.embedded._subject import subject

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from auth_flow.embedded._service import CognitoService

TARGET_PREFIX = "AWSCognitoIdentityProviderService."
CONTENT_TYPE = "application/x-amz-json-1.1"

_log = logging.getLogger(__name__)


async def answer(service: CognitoService, target: str, body: bytes) -> Response:
    """Carry out the operation that the `X-Amz-Target` header names."""
    headers = (("content-type", CONTENT_TYPE), ("x-amzn-requestid", str(uuid.uuid4())))
    try:
        reply = await _perform(service, target, body)
    except Fault as fault:
        refusal = fault
    except Exception:  # noqa: BLE001 - a bug in here is answered as the service answers its own
        _log.exception("%s failed.", target)
        refusal = Fault("InternalErrorException", "Internal error.", 500)
    else:
        return Response(200, headers, _encode(reply))
    return Response(
        refusal.status,
        (*headers, ("x-amzn-errortype", f"{refusal.name}:")),
        _encode({"__type": refusal.name, "message": refusal.message}),
    )


async def _perform(service: CognitoService, target: str, body: bytes) -> Reply:
    name = target.removeprefix(TARGET_PREFIX)
    operation = OPERATIONS.get(name) if target.startswith(TARGET_PREFIX) else None
    if operation is None:
        raise Fault("UnknownOperationException", _unknown(target, name))
    request = read_request(operation.request, body)
    async with service.turns.of(subject(service, request)):
        return await operation.handler(service, request)


def _unknown(target: str, name: str) -> str:
    if not target:
        return "The request has no X-Amz-Target header, which names the operation."
    if re.fullmatch(r"[A-Za-z]{1,64}", name):
        return f"The embedded user pool does not offer the operation {name}."
    return f"The X-Amz-Target header has to be {TARGET_PREFIX} and the name of an operation."


def read_request(model: type[Request], body: bytes) -> Request:
    """Return the validated request.

    Raises SerializationException or InvalidParameterException, worded as by the service.
    """
    try:
        return model.model_validate_json(_without_nulls(body))
    except ValidationError as error:
        details = error.errors(include_url=False)
    if any(
        detail["type"].startswith("json_") or detail["type"].endswith("_type") for detail in details
    ):
        raise Fault("SerializationException", "The request is not JSON of the expected shape.")
    constraints = "; ".join(map(_constraint, details))
    plural = "s" if len(details) > 1 else ""
    raise invalid_parameter(f"{len(details)} validation error{plural} detected: {constraints}")


def _without_nulls(body: bytes) -> bytes:
    """Leave out members that are null, which the service treats as members that are not there."""
    if b"null" not in body:
        return body
    try:
        return json.dumps(json.loads(body, object_pairs_hook=_set_members)).encode()
    except (ValueError, RecursionError):
        return body


def _set_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value is not None}


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
