"""Reading an HTTP reply: as the reply of an operation, or as one of the errors of
`auth_flow.errors`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, cast

from auth_flow.errors import ConnectFailed, MalformedResponse, ServiceError

_ERROR_NAME = re.compile(r"[A-Za-z]\w{0,127}")
_CLOSE_ENOUGH = 5.0
_REQUEST_IDS = ("x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id")


def read_reply(
    operation: str, status: int, headers: Mapping[str, str], content: bytes
) -> dict[str, Any]:
    """Return the decoded body of a successful reply, `{}` if the body is empty.

    `headers` are looked up by lower-case names. Raises `ServiceError` if the reply names an error,
    `MalformedResponse` if it is neither that nor a JSON object, and `ConnectFailed` if a proxy
    refused the request.
    """
    if status == 407:
        raise ConnectFailed(
            "the proxy refused the request (407): it wants a user name and password, or other"
            " ones. Nothing reached the service.",
            operation=operation,
        )
    body = _json_object(content)
    if 200 <= status < 300 and body is not None:
        return body
    error: ServiceError | MalformedResponse
    request_id = request_id_of(headers)
    if status >= 300 and (name := _error_name(headers, body or {})):
        error = ServiceError.of(
            name, _message(body or {}), operation=operation, status=status, request_id=request_id
        )
    else:
        busy, complaint = status >= 500 or status == 429, _complaint(status, body)
        error = MalformedResponse(
            complaint, operation=operation, status=status, request_id=request_id, retryable=busy
        )
    error.retry_after = retry_after(headers)
    raise error


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return AWS's id of the request, which its support asks for; None if the reply has none."""
    return next((headers[name] for name in _REQUEST_IDS if name in headers), None)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return `Retry-After` in seconds, 0 if it is absent or a date.

    AWS sends no dates, and the clocks of client and server may differ.
    """
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def clock_difference(headers: Mapping[str, str], now: float) -> float | None:
    """Return how many seconds the server's `Date` is ahead of `now`, None if there is no date.

    A `Date` has whole seconds and is older than the reply, so a few seconds count as none.
    """
    try:
        date = parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
    difference = date.timestamp() - now
    return difference if abs(difference) > _CLOSE_ENOUGH else 0.0


def _json_object(content: bytes) -> dict[str, Any] | None:
    if not content:
        return {}
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _error_name(headers: Mapping[str, str], body: Mapping[str, object]) -> str | None:
    """Return the exception's name, such as `NotAuthorizedException` in
    `com.amazonaws.…#NotAuthorizedException:http://…`.
    """
    for text in (headers.get("x-amzn-errortype"), body.get("__type"), body.get("code")):
        if isinstance(text, str) and text:
            name = re.split("[,:]", text)[0].rpartition("#")[2].strip()
            return name if _ERROR_NAME.fullmatch(name) else None
    return None


def _message(body: Mapping[str, object]) -> str:
    message = body.get("message") or body.get("Message")
    return message if isinstance(message, str) else "The service gave no reason."


def _complaint(status: int, body: dict[str, Any] | None) -> str:
    """Describe the fault of a reply without quoting its content, which may contain tokens."""
    if status < 200:
        return f"a reply with status {status} instead of a final one."
    if 300 <= status < 400:
        return f"a redirection ({status}); the endpoint is not Cognito's."
    if body is None:
        return f"a reply (status {status}) that is not a JSON object."
    return f"an error reply (status {status}) without the name of an error."
