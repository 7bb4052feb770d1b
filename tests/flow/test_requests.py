"""What goes into every request: the secret hash, the caller's metadata, and what is known of the
caller's device.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from pydantic import SecretStr

from auth_flow import (
    AuthFlow,
    ChooseFactor,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    NewPassword,
    ResendCode,
    ResetPassword,
    SetUpEmail,
    SignIn,
    SignUp,
    UserContext,
    UserPool,
)
from auth_flow.errors import AuthFlowError
from auth_flow.states import CodeDelivery, Event, Record
from auth_flow.states.steps import (
    EmailSetup,
    FirstFactorSelection,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    SmsCode,
    Step,
    TotpSetup,
)

from .scripted import Clock, Json, Reply, challenge, refusal, tokens
from .verifier import Verifier

pytestmark = pytest.mark.anyio

POOL = UserPool(
    user_pool_id="eu-west-1_Abc123", client_id="1example", client_secret="0123456789abcdef01234567"
)
DEVICE = UserContext(ip_address="198.51.100.7", encoded_data="ZGV2aWNl")
CONTEXT = {"EncodedData": "ZGV2aWNl", "IpAddress": "198.51.100.7"}
SIGNED = ("InitiateAuth", "RespondToAuthChallenge")


def secret_hash(username: str) -> str:
    digest = hmac.new(
        b"0123456789abcdef01234567", f"{username}1example".encode(), hashlib.sha256
    ).digest()
    return base64.b64encode(digest).decode()


class Recorder:
    """A transport that answers by operation, and keeps the requests."""

    def __init__(self, replies: Json) -> None:
        self.replies, self.requests = replies, list[tuple[str, Json]]()

    async def call(self, operation: str, body: Any) -> Json:
        self.requests.append((operation, body))
        reply: Reply = self.replies[operation]
        if isinstance(reply, BaseException):
            raise reply
        return reply(body) if callable(reply) else reply

    async def aclose(self) -> None: ...


def at(step: Step, name: str = "SMS_MFA") -> Record:
    return Record(
        step=step,
        challenge=name,
        session=SecretStr("session-1"),
        username="uid-1",
        login_id="ada",
        expires_at=2e9,
    )


def sms() -> Record:
    return at(SmsCode(code_delivery=CodeDelivery()))


def totp() -> Record:
    return at(TotpSetup(shared_secret="S", setup_uri="u"), "MFA_SETUP")


def password(name: str) -> Record:
    return at(PasswordRequired(), name)


verifier = Verifier()
METADATA = {"trace": "t-1"}
EVERY_REQUEST: list[tuple[Record, Event, Json]] = [
    (Record(), SignIn(username="ada", password="x", client_metadata=METADATA), {}),
    (
        Record(),
        SignIn(
            username="ada",
            password="x",
            auth_flow_type="USER_PASSWORD_AUTH",
            client_metadata=METADATA,
        ),
        {},
    ),
    (
        Record(),
        SignIn(
            username="ada", password="x", auth_flow_type="CUSTOM_WITH_SRP", client_metadata=METADATA
        ),
        {},
    ),
    (
        Record(),
        SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP", client_metadata=METADATA),
        {},
    ),
    (Record(), SignIn(username="ada", auth_flow_type="USER_AUTH", client_metadata=METADATA), {}),
    (
        Record(),
        SignIn(
            username="ada",
            auth_flow_type="USER_AUTH",
            preferred_challenge="SMS_OTP",
            client_metadata=METADATA,
        ),
        {},
    ),
    (
        Record(),
        SignIn(username="ada", password="correct horse", client_metadata=METADATA),
        {"InitiateAuth": verifier.pose, "RespondToAuthChallenge": tokens()},
    ),
    (sms(), EnterCode(code="1", client_metadata=METADATA), {}),
    (
        at(NewPasswordRequired(), "NEW_PASSWORD_REQUIRED"),
        NewPassword(password="x", client_metadata=METADATA),
        {},
    ),
    (at(EmailSetup(), "MFA_SETUP"), SetUpEmail(email="a@b.c", client_metadata=METADATA), {}),
    (
        at(PasskeyRequired(options={"challenge": "YWJj"}), "WEB_AUTHN"),
        ChooseFactor(factor="EMAIL_OTP", client_metadata=METADATA),
        {},
    ),
    (
        at(FirstFactorSelection(available_challenges=("SMS_OTP",)), "SELECT_CHALLENGE"),
        ChooseFactor(factor="SMS_OTP", client_metadata=METADATA),
        {},
    ),
    (password("PASSWORD"), EnterPassword(password="x", client_metadata=METADATA), {}),
    (
        password("PASSWORD_SRP"),
        EnterPassword(password="correct horse", client_metadata=METADATA),
        {"RespondToAuthChallenge": verifier.pose_once(tokens())},
    ),
    (totp(), EnterCode(code="123456", client_metadata=METADATA), {}),
    (Record(), SignUp(username="ada", client_metadata=METADATA), {}),
    (Record(), ConfirmSignUp(username="ada", code="1", client_metadata=METADATA), {}),
    (Record(), ResendCode(username="ada", client_metadata=METADATA), {}),
    (Record(), ResetPassword(username="ada", client_metadata=METADATA), {}),
    (
        Record(),
        ConfirmResetPassword(username="ada", code="1", new_password="x", client_metadata=METADATA),
        {},
    ),
]
REPLIES: Json = {
    **dict.fromkeys(SIGNED, challenge("SOFTWARE_TOKEN_MFA")),
    "VerifySoftwareToken": {"Status": "SUCCESS", "Session": "session-2"},
    "SignUp": {"UserConfirmed": False, "UserSub": "u"},
    **{
        name: {}
        for name in (
            "ConfirmSignUp",
            "ResendConfirmationCode",
            "ForgotPassword",
            "ConfirmForgotPassword",
        )
    },
}


@pytest.mark.parametrize(
    ("record", "event", "replies"), EVERY_REQUEST, ids=lambda value: getattr(value, "name", "")
)
async def test_every_request_is_complete(
    record: Record, event: Event, replies: Json, clock: Clock
) -> None:
    transport = Recorder(
        {
            **REPLIES,
            **{
                name: list(reply) if isinstance(reply, list) else reply
                for name, reply in replies.items()
            },
        }
    )
    flow = AuthFlow(POOL, transport=transport, record=record, user_context=DEVICE, clock=clock)
    await flow.send(event)
    for operation, body in transport.requests:
        if operation == "VerifySoftwareToken":  # knows the client by the session
            assert body == {"Session": "session-1", "UserCode": "123456"}
            continue
        assert body["ClientId"] == "1example"
        assert body["ClientMetadata"] == {"trace": "t-1"}
        assert body["UserContextData"] == CONTEXT
        if operation in SIGNED:
            parameters = body.get("AuthParameters") or body["ChallengeResponses"]
            assert parameters["SECRET_HASH"] == secret_hash(parameters["USERNAME"])
            assert "SecretHash" not in body
        else:
            assert body["SecretHash"] == secret_hash(body["Username"])


def test_the_fingerprint_of_a_device_is_not_shown() -> None:
    assert "ZGV2aWNl" not in repr(DEVICE)


@pytest.mark.parametrize(
    ("context", "members"),
    [
        (UserContext(ip_address="2001:DB8::7"), {"IpAddress": "2001:db8::7"}),
        (UserContext(encoded_data="ZGV2aWNl"), {"EncodedData": "ZGV2aWNl"}),
        (UserContext(), None),
    ],
)
async def test_what_is_not_known_of_the_device_is_left_out(
    clock: Clock, context: UserContext, members: Json | None
) -> None:
    transport = Recorder({"InitiateAuth": challenge("SOFTWARE_TOKEN_MFA")})
    flow = AuthFlow(POOL, transport=transport, user_context=context, clock=clock)
    await flow.send(SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP"))
    ((_, body),) = transport.requests
    assert body.get("UserContextData") == members


@pytest.mark.parametrize("address", ["", "localhost", "192.0.2.1:443", "192.0.2.256"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not an IP address"):
        UserContext(ip_address=address)


async def test_the_hash_is_of_the_name_in_the_same_request(clock: Clock) -> None:
    transport = Recorder(
        {"InitiateAuth": verifier.pose, "RespondToAuthChallenge": challenge("SOFTWARE_TOKEN_MFA")}
    )
    await AuthFlow(POOL, transport=transport, clock=clock).send(
        SignIn(username="ada", password="correct horse")
    )
    first, second = (
        body.get("AuthParameters") or body["ChallengeResponses"] for _, body in transport.requests
    )
    assert (first["USERNAME"], first["SECRET_HASH"]) == ("ada", secret_hash("ada"))
    assert (second["USERNAME"], second["SECRET_HASH"]) == ("uid-1", secret_hash("uid-1"))


async def test_metadata_is_not_remembered(clock: Clock) -> None:
    transport = Recorder(dict(REPLIES))
    flow = AuthFlow(POOL, transport=transport, clock=clock)
    await flow.send(
        SignIn(username="ada", auth_flow_type="USER_AUTH", client_metadata={"trace": "t-1"})
    )
    await flow.send(EnterCode(code="123456", client_metadata={"trace": "t-2"}))
    await flow.send(EnterCode(code="123456"))
    assert [body.get("ClientMetadata") for _, body in transport.requests] == [
        {"trace": "t-1"},
        {"trace": "t-2"},
        None,
    ]
    assert "trace" not in str(flow.record.to_json())


async def test_what_is_absent_is_left_out(clock: Clock) -> None:
    transport = Recorder({"SignUp": refusal("UsernameExistsException", operation="SignUp")})
    pool = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example")
    with pytest.raises(AuthFlowError):
        await AuthFlow(pool, transport=transport, clock=clock).send(
            SignUp(username="ada", user_attributes={})
        )
    assert transport.requests == [("SignUp", {"Username": "ada", "ClientId": "1example"})]
