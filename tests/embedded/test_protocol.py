from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from botocore.model import Shape

from auth_flow.embedded import Message
from auth_flow.embedded._outbox import Medium, Outbox
from auth_flow.embedded._registry import OPERATIONS
from tests.embedded.wire import PASSWORD, Refused, Wire, service_model

pytestmark = pytest.mark.anyio

NEWER = {"AcrConfiguration"}
"""Members that the locked botocore lacks, and botocore 1.44.8 has."""


def test_every_operation_without_a_signature_is_there() -> None:
    model = service_model()
    unsigned = {
        name for name in model.operation_names if model.operation_model(name).auth_type == "none"
    }
    assert unsigned <= set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) & set(service_model().operation_names)))
def test_requests_have_the_members_of_the_model(name: str) -> None:
    shape = service_model().operation_model(name).input_shape
    fields = OPERATIONS[name].request.model_fields.values()
    assert {field.alias for field in fields} <= {*shape.members, *NEWER}
    assert set(shape.required_members) <= {field.alias for field in fields if field.is_required()}


BOUNDS = {
    "string": ("minLength", "maxLength"),
    "list": ("minItems", "maxItems"),
    "map": ("minProperties", "maxProperties"),
}
IMMATERIAL = {("min", 0), ("max", 131072)}
"""Bounds that the model has where the service has none of its own."""

UNBOUNDED = {
    *("AccessTokenValidity", "IdTokenValidity", "RefreshTokenValidity"),
    *("AllowedFirstAuthFactors", "RecoveryMechanisms", "Schema", "UnusedAccountValidityDays"),
    *("AllowedOAuthScopes", "ReadAttributes", "WriteAttributes", "SupportedIdentityProviders"),
    *("AttributeMapping", "ClientSecretId", "EventId", "Filter", "RelyingPartyId"),
    *("NextToken", "PaginationToken"),
    *("EmailMessage", "EmailMessageByLink", "EmailVerificationMessage"),
    *("EmailSubject", "EmailSubjectByLink", "EmailVerificationSubject"),
    *("SmsMessage", "SmsVerificationMessage", "SmsAuthenticationMessage"),
}
"""Members whose length or value is not checked."""

OTHERWISE_BOUNDED = {
    ("Session", "maxLength"): 4096,
    ("TemporaryPasswordValidityDays", "minimum"): 1,
}
"""Bounds that are not the model's."""

UNPATTERNED = {
    *UNBOUNDED,
    *("Username", "AttributeName", "UserAttributeNames", "Name", "AttributesToGet"),
    *("CallbackURLs", "LogoutURLs", "DefaultRedirectURI", "CertificateArn", "ResourceArn"),
    *("Identifier", "ScopeName", "ProviderName", "IdpIdentifier", "IdpIdentifiers"),
    *("RefreshToken", "Token", "FeedbackToken"),
}
"""Members whose characters are not checked."""


def inner(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of a member without references and without null."""
    if "$ref" in schema:
        return inner(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return inner(choice, definitions)
    return schema


def members(
    shape: Shape, schema: dict[str, Any], definitions: dict[str, Any], name: str = ""
) -> Iterator[tuple[str, Shape, dict[str, Any]]]:
    """The members of a request, those within others too: name, model and our JSON schema."""
    schema = inner(schema, definitions)
    yield name, shape, schema
    match shape.type_name:
        case "structure":
            for member, ours in schema.get("properties", {}).items():
                if member in shape.members:
                    yield from members(shape.members[member], ours, definitions, member)
        case "list":
            yield from members(shape.member, schema["items"], definitions, name)
        case "map" if isinstance(schema["additionalProperties"], dict):
            yield from members(shape.value, schema["additionalProperties"], definitions, name)
            yield from members(shape.key, schema.get("propertyNames", {}), definitions, name)


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) & set(service_model().operation_names)))
def test_requests_have_the_constraints_of_the_model(name: str) -> None:
    schema = OPERATIONS[name].request.model_json_schema()
    shape = service_model().operation_model(name).input_shape
    for member, model, ours in members(shape, schema, schema.get("$defs", {})):
        names = BOUNDS.get(model.type_name, ("minimum", "maximum"))
        for bound, keyword in zip(("min", "max"), names, strict=True):
            theirs = model.metadata.get(bound)
            if model.type_name != "integer" and (bound, theirs) in IMMATERIAL:
                continue
            if keyword in ours:
                assert ours[keyword] == OTHERWISE_BOUNDED.get((member, keyword), theirs), member
            elif theirs is not None:
                assert member in UNBOUNDED, (member, model.metadata)
        if "pattern" in model.metadata and "pattern" not in ours:
            assert member in UNPATTERNED, (member, model.metadata)


async def test_secrets_of_requests_and_rows_are_not_shown(wire: Wire) -> None:
    model = OPERATIONS["SignUp"].request
    members = {"ClientId": "c", "Username": "ada", "Password": PASSWORD}
    assert repr(model.model_validate(members)) == "SignUpRequest()"
    assert repr(wire.pool.user("ada")) == "User()"


async def test_unknown_operations(wire: Wire) -> None:
    with pytest.raises(Refused, match="UnknownOperationException"):
        await wire.call("MakeCoffee")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"AuthFlow": 1, "ClientId": "x"}', b"\xff", b"", b"[null," * 9999]
)
async def test_what_is_not_json_of_the_right_shape(wire: Wire, body: bytes) -> None:
    headers = {"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    response = await wire.http.post("/", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["__type"] == "SerializationException"


async def test_constraints_are_worded_as_by_the_service(wire: Wire) -> None:
    with pytest.raises(Refused) as refused:
        await wire.call("ConfirmSignUp", ClientId=wire.client.id, ConfirmationCode="")
    assert refused.value.name == "InvalidParameterException"
    assert refused.value.message == (
        "2 validation errors detected: "
        "Value null at 'username' failed to satisfy constraint: Member must not be null; "
        "Value at 'confirmationCode' failed to satisfy constraint: Member must have length "
        "greater than or equal to 1"
    )


@pytest.mark.parametrize(
    ("operation", "members", "path", "rule"),
    [
        ("GetGroup", {"GroupName": "a b"}, "groupName", r"regular expression pattern: ^\S+$"),
        ("GetGroup", {"GroupName": "a" * 129}, "groupName", "length less than or equal to 128"),
        ("ListGroups", {"Limit": 61}, "limit", "value less than or equal to 60"),
        ("ListGroups", {"Limit": -1}, "limit", "value greater than or equal to 0"),
        (
            "AdminUpdateUserAttributes",
            {"Username": "ada", "UserAttributes": [{"Name": ""}]},
            "userAttributes.0.name",
            "length greater than or equal to 1",
        ),
    ],
)
async def test_each_constraint_has_its_words(
    wire: Wire, operation: str, members: dict[str, Any], path: str, rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        await wire.call(operation, UserPoolId=wire.pool.id, **members)
    verb = "satisfy" if "pattern" in rule else "have"
    assert refused.value.message == (
        f"1 validation error detected: Value at '{path}' failed to satisfy constraint: "
        f"Member must {verb} {rule}"
    )


async def test_an_enum_names_its_values(wire: Wire) -> None:
    with pytest.raises(Refused, match=r"Member must satisfy enum value set: \['RESEND' or 'SUPP"):
        await wire.call(
            "AdminCreateUser", UserPoolId=wire.pool.id, Username="bob", MessageAction="NONE"
        )


async def test_a_reply_has_the_headers_of_the_service(wire: Wire) -> None:
    headers = {"x-amz-target": "AWSCognitoIdentityProviderService.ListUserPools"}
    good = await wire.http.post("/", json={"MaxResults": 1}, headers=headers)
    bad = await wire.http.post("/", json={"MaxResults": 0}, headers=headers)
    assert (good.status_code, bad.status_code) == (200, 400)
    for reply in (good, bad):
        assert reply.headers["content-type"] == "application/x-amz-json-1.1"
        assert str(uuid.UUID(reply.headers["x-amzn-requestid"]))
    assert "x-amzn-errortype" not in good.headers
    assert bad.headers["x-amzn-errortype"] == "InvalidParameterException:"
    assert b", " not in good.content
    assert b": " not in good.content


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("", "The request has no X-Amz-Target header"),
        ("AWSCognitoIdentityProviderService.MakeCoffee", "does not offer the operation MakeCoffee"),
        ("AWSCognitoIdentityProviderService.", "has to be AWSCognitoIdentityProviderService."),
        ("AWSCognitoIdentityProviderService.<b>", "has to be AWSCognitoIdentityProviderService."),
        (f"AWSCognitoIdentityProviderService.{'a' * 65}", "has to be AWSCognitoIdentityProvider"),
        ("Other.ListUserPools", "has to be AWSCognitoIdentityProviderService."),
        ("ListUserPools", "does not offer the operation ListUserPools"),
    ],
)
async def test_a_target_that_is_no_operation(wire: Wire, target: str, words: str) -> None:
    reply = await wire.http.post("/", json={}, headers={"x-amz-target": target})
    assert (reply.status_code, reply.json()["__type"]) == (400, "UnknownOperationException")
    assert words in reply.json()["message"]


async def test_unknown_clients_and_pools(wire: Wire) -> None:
    with pytest.raises(
        Refused, match="ResourceNotFoundException: User pool client nope does not exist"
    ):
        await wire.call(
            "InitiateAuth",
            ClientId="nope",
            AuthFlow="USER_AUTH",
            AuthParameters={"USERNAME": "ada"},
        )
    assert (await wire.http.get("/eu-west-1_nope/.well-known/jwks.json")).status_code == 404
    assert (await wire.http.get("/")).status_code == 404
    refused = await wire.http.put("/")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")


async def test_a_body_too_large(wire: Wire) -> None:
    async def parts(size: int) -> AsyncIterator[bytes]:
        for _ in range(4):
            yield bytes(size // 4)
        yield bytes(size % 4)

    largest = 1 << 20
    for size, status in ((largest, 400), (largest + 1, 413), (2 * largest, 413)):
        for content in (bytes(size), parts(size)):
            assert (await wire.http.post("/", content=content)).status_code == status


async def test_of_two_answers_to_one_session_one_is_heard(wire: Wire) -> None:
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    outcomes: list[str] = []

    async def answer() -> None:
        try:
            await wire.respond(asked, USERNAME="ada", ANSWER="PASSWORD", PASSWORD=PASSWORD)
            outcomes.append("signed in")
        except Refused as refused:
            outcomes.append(refused.name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answer)
        tasks.start_soon(answer)
    assert sorted(outcomes) == ["NotAuthorizedException", "signed in"]


def message(username: str, medium: Medium, code: str) -> Message:
    told = {"pool_id": "p", "destination": "d", "purpose": "SignUp", "text": "t", "sent_at": 0}
    return Message(username=username, medium=medium, code=code, **told)


async def test_messages_are_found_by_user_and_medium() -> None:
    outbox, heard = Outbox(), list[Message]()
    outbox.listeners.append(heard.append)
    sent = [
        message("ada", "SMS", "1"),
        message("ada", "EMAIL", "2"),
        message("bob", "SMS", "3"),
        message("ada", "SMS", "4"),
    ]
    assert outbox.last() is None
    for each in sent:
        outbox.deliver(each)
    assert heard == list(outbox.messages) == sent
    assert [outbox.last(), outbox.last("bob"), outbox.last("ada", medium="EMAIL")] == [
        sent[3],
        sent[2],
        sent[1],
    ]
    assert outbox.last("bob", medium="EMAIL") is None
    with anyio.fail_after(10):
        assert await outbox.receive("ada", medium="EMAIL") == sent[1]
        assert [await outbox.receive("ada") for _ in range(2)] == [sent[0], sent[3]]
        assert await outbox.receive() == sent[2]
    assert list(outbox.messages) == sent


async def test_everybody_who_waits_gets_a_message_of_their_own() -> None:
    outbox, received = Outbox(), dict[str, str]()

    async def wait(username: str) -> None:
        received[username] = (await outbox.receive(username)).code

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            for name in ("ada", "bob"):
                tasks.start_soon(wait, name)
            await anyio.wait_all_tasks_blocked()
            outbox.deliver(message("bob", "SMS", "1"))
            await anyio.wait_all_tasks_blocked()
            outbox.deliver(message("ada", "SMS", "2"))
    assert received == {"ada": "2", "bob": "1"}


def test_old_messages_are_forgotten() -> None:
    outbox = Outbox()
    for number in range(1001):
        outbox.deliver(message("ada", "SMS", f"{number}"))
    assert (len(outbox.messages), outbox.messages[0].code) == (1000, "1")
    assert "1000" not in repr(outbox.last())


async def test_the_outbox_can_be_waited_for(wire: Wire) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(
            lambda: wire.call("ForgotPassword", ClientId=wire.client.id, Username="ada")
        )
        message = await wire.pool.outbox.receive("ada")
    assert message.purpose == "ForgotPassword"
    assert message.code == wire.code()
