"""Answers and their errors, against the service model that botocore ships."""

from __future__ import annotations

import json

import botocore.session
import pytest
from botocore.model import OperationModel

from auth_flow import errors
from auth_flow.errors import MalformedResponse, NotAuthorizedException, ServiceError
from auth_flow.transports._replies import clock_difference, read_reply, retry_after

_MODEL = botocore.session.Session().get_service_model("cognito-idp")
_UNSIGNED = [
    operation
    for operation in map(_MODEL.operation_model, _MODEL.operation_names)
    if operation.auth_type == "none" or operation.auth == ["smithy.api#noAuth"]
]


def _refuse(
    body: object, *, status: int = 400, operation: str = "GetUser", **headers: str
) -> ServiceError:
    dashed = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(ServiceError) as refusal:
        read_reply(operation, status, dashed, json.dumps(body).encode())
    return refusal.value


def test_the_model_has_the_operations_that_need_no_signature() -> None:
    assert {"InitiateAuth", "GetTokensFromRefreshToken", "DeleteWebAuthnCredential"} <= {
        one.name for one in _UNSIGNED
    }
    assert len(_UNSIGNED) >= 32


@pytest.mark.parametrize("operation", _UNSIGNED, ids=lambda operation: operation.name)
def test_every_modelled_error_has_a_class_of_its_name(operation: OperationModel) -> None:
    for shape in operation.error_shapes:
        name = shape.metadata.get("error", {}).get("code", shape.name)
        error = _refuse({"__type": name, "message": "because"}, operation=operation.name)
        assert type(error) is getattr(errors, name)
        assert (error.name, error.message, error.operation) == (name, "because", operation.name)


@pytest.mark.parametrize(
    ("body", "header", "name"),
    [
        ({"__type": "NotAuthorizedException"}, None, "NotAuthorizedException"),
        (
            {"__type": "com.amazonaws.cognito.identity.idp.model#NotAuthorizedException"},
            None,
            "NotAuthorizedException",
        ),
        (
            {"__type": "NotAuthorizedException:http://internal.amazon.com/x#y"},
            None,
            "NotAuthorizedException",
        ),
        ({"__type": "a#NotAuthorizedException,b"}, None, "NotAuthorizedException"),
        ({"code": "NotAuthorizedException"}, None, "NotAuthorizedException"),
        (
            {"__type": "InternalErrorException", "code": "Other"},
            "NotAuthorizedException:",
            "NotAuthorizedException",
        ),
        ({"__type": "NotAuthorizedException", "code": "Other"}, None, "NotAuthorizedException"),
        ({"__type": "BrandNewException"}, None, "BrandNewException"),
    ],
)
def test_where_the_name_stands(body: dict[str, str], header: str | None, name: str) -> None:
    headers = {"x_amzn_errortype": header} if header else {}
    assert _refuse(body, **headers).name == name


def test_a_name_in_the_header_is_enough() -> None:
    with pytest.raises(errors.ForbiddenException):
        read_reply("GetUser", 403, {"x-amzn-errortype": "ForbiddenException"}, b"<html>")


@pytest.mark.parametrize("member", ["message", "Message"])
def test_the_message_is_written_either_way(member: str) -> None:
    assert _refuse(
        {"__type": "NotAuthorizedException", member: "Incorrect username or password."}
    ).message.startswith("Incorrect")


def test_an_unknown_name_is_told_apart_by_its_status() -> None:
    assert type(_refuse({"__type": "Odd"}, status=300)) is ServiceError
    assert type(_refuse({"__type": "Odd"}, status=400)) is ServiceError
    assert type(_refuse({"__type": "Odd"}, status=429)) is errors.ThrottlingError
    assert type(_refuse({"__type": "Odd"}, status=503)) is errors.OutageError


@pytest.mark.parametrize("header", ["x_amzn_requestid", "x_amzn_request_id", "x_amz_request_id"])
def test_request_ids_are_kept(header: str) -> None:
    assert _refuse({"__type": "NotAuthorizedException"}, **{header: "id-1"}).request_id == "id-1"
    with pytest.raises(MalformedResponse) as malformed:
        read_reply("GetUser", 200, {header.replace("_", "-"): "id-2"}, b"[]")
    assert malformed.value.request_id == "id-2"


def test_a_reply_is_a_json_object_or_nothing() -> None:
    assert read_reply("GetUser", 200, {}, b'{"Username": "ada"}') == {"Username": "ada"}
    assert read_reply("DeleteUser", 200, {}, b"") == {}


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b'{"Username": "a'),
        (200, b"[]"),
        (200, b"null"),
        (200, b'"text"'),
        (200, b"<html>"),
        (200, b'{"Username": "\xff"}'),
        (200, b"[" * 100_000),
        (200, b'{"n": 1' + b"0" * 10_000 + b"}"),
        (101, b"{}"),
        (307, b"{}"),
        (400, b"{}"),
        (400, b""),
        (400, b'{"__type": 7}'),
        (400, b'{"__type": "no name at all"}'),
        (400, b"[]"),
        (429, b"<html>busy</html>"),
        (503, b"<html>busy</html>"),
        (500, b"{}"),
    ],
)
def test_anything_else_is_malformed_and_worth_another_try_if_the_service_failed_or_is_busy(
    status: int, content: bytes
) -> None:
    with pytest.raises(MalformedResponse) as malformed:
        read_reply("GetUser", status, {}, content)
    assert malformed.value.status == status
    assert malformed.value.retryable == (status in (429, 500, 503))


@pytest.mark.parametrize(
    ("status", "content", "complaint"),
    [
        (199, b"{}", "instead of a final one"),
        (300, b"{}", "redirection"),
        (399, b"{}", "redirection"),
        (400, b"[]", "not a JSON object"),
        (400, b"{}", "without the name of an error"),
        (200, b"[]", "not a JSON object"),
    ],
)
def test_a_malformed_answer_is_described(status: int, content: bytes, complaint: str) -> None:
    with pytest.raises(MalformedResponse, match=complaint):
        read_reply("GetUser", status, {}, content)


@pytest.mark.parametrize("message", ["7", "null", '""'])
def test_an_error_without_a_message(message: str) -> None:
    content = f'{{"__type": "NotAuthorizedException", "message": {message}}}'.encode()
    with pytest.raises(NotAuthorizedException) as refused:
        read_reply("GetUser", 400, {}, content)
    assert refused.value.message == "The service gave no reason."


def test_a_malformed_answer_is_not_quoted() -> None:
    with pytest.raises(MalformedResponse) as malformed:
        read_reply("InitiateAuth", 200, {}, b'{"AuthenticationResult": {"AccessToken": "eyJ-secret')
    assert "eyJ-secret" not in repr(malformed.value)
    assert malformed.value.__context__ is None, "a JSON error holds the whole document"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3),
        ("0", 0),
        ("", 0),
        ("-1", 0),
        ("soon", 0),
        ("²", 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0),
    ],
)
def test_retry_after_is_a_number_of_seconds(text: str, seconds: float) -> None:
    assert retry_after({"retry-after": text}) == seconds
    assert retry_after({}) == 0


@pytest.mark.parametrize(
    ("date", "difference"),
    [
        ("Tue, 14 Nov 2023 22:13:20 GMT", 0.0),
        ("Tue, 14 Nov 2023 22:13:16 GMT", 0.0),
        ("Tue, 14 Nov 2023 23:13:20 GMT", 3600.0),
        ("Tue, 14 Nov 2023 21:13:20 GMT", -3600.0),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_how_far_the_services_clock_is_ahead(date: str | None, difference: float | None) -> None:
    headers = {} if date is None else {"date": date}
    assert clock_difference(headers, now=1_700_000_000.0) == difference
