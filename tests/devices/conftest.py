"""A pool that tracks devices, and flows of an installation that signs in to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from auth_flow import (
    Answer,
    AnswerChallenge,
    AuthFlow,
    AuthFlowType,
    ChooseFactor,
    ChooseMfa,
    CognitoTransport,
    Done,
    EnterCode,
    Event,
    Factor,
    MemoryStore,
    NewPassword,
    Notice,
    Observers,
    PresentPasskey,
    SetUpEmail,
    SignIn,
    SmsCode,
    UserPool,
)
from auth_flow.embedded import (
    ClientSettings,
    EmbeddedCognito,
    PoolSettings,
    SigningKey,
    Triggers,
    TurnableClock,
)
from tests.embedded.conftest import signing_key  # noqa: F401 - a fixture
from tests.flow.scripted import ANYTHING, Json, Script, challenge
from tests.states.webauthn import ASSERTION

PASSWORD = "Correct-Horse-1"
EMAIL = "ada@example.org"


class Recorder:
    """A transport that counts the requests, and fails those that it is told to."""

    def __init__(self, transport: CognitoTransport) -> None:
        self.transport = transport
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.failures: dict[str, list[BaseException]] = {}
        self.lost: list[str] = []

    async def call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        self.requests.append((operation, body))
        if failures := self.failures.get(operation):
            if operation in self.lost:  # the service does as it is asked, and the reply is lost
                await self.transport.call(operation, body)
            raise failures.pop(0)
        return await self.transport.call(operation, body)

    async def aclose(self) -> None: ...

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.requests]


class Place:
    """One pool with the user ada, who has a phone for codes."""

    def __init__(self, service: EmbeddedCognito, key: SigningKey, settings: PoolSettings) -> None:
        self.service = service
        self.embedded = service.create_pool(settings, key=key)
        self.user = self.embedded.create_user(
            "ada",
            PASSWORD,
            attributes={
                "email": EMAIL,
                "email_verified": "true",
                "phone_number": "+15555555309",
                "phone_number_verified": "true",
            },
        )
        self.pool = self.client()
        self.transport = Recorder(service.transport())
        self.store = MemoryStore(service.clock)
        self.notices: list[Notice] = []

    def client(self, **settings: Any) -> UserPool:
        client = self.embedded.create_client(ClientSettings(**settings))
        return UserPool(
            user_pool_id=self.embedded.id, client_id=client.id, client_secret=client.secret
        )

    def flow(self, installation_id: str | None = "laptop", **options: Any) -> AuthFlow:
        return AuthFlow(
            options.pop("pool", self.pool),
            transport=self.transport,
            store=self.store,
            clock=self.service.clock,
            installation_id=installation_id,
            observers=Observers([self.notices.append]),
            **options,
        )

    async def sign_in(
        self, installation_id: str | None = "laptop", username: str = "ada", **options: Any
    ) -> tuple[AuthFlow, list[str]]:
        """Sign in, answering codes. Return the flow and the steps on the way."""
        event: dict[str, Any] = {
            name: options.pop(name)
            for name in ("auth_flow_type", "preferred_challenge", "password")
            if name in options
        }
        flow = self.flow(installation_id, **options)
        self.transport.requests.clear()
        step = await flow.send(SignIn(**{"username": username, "password": PASSWORD, **event}))
        seen: list[str] = []
        while not isinstance(step, Done):
            seen.append(step.name)
            match step:
                case SmsCode():
                    message = self.service.outbox.last("ada")
                    assert message is not None
                    step = await flow.send(EnterCode(code=message.code))
                case _:
                    step = await flow.send(Answer(response="blue"))
        assert step.signed_in
        return flow, seen


def sent_device_keys(place: Place) -> list[str | None]:
    """The DEVICE_KEY of each request of the last sign-in that can have one."""
    return [
        (body.get("AuthParameters") or body["ChallengeResponses"]).get("DEVICE_KEY")
        for operation, body in place.transport.requests
        if operation in ("InitiateAuth", "RespondToAuthChallenge")
    ]


WAYS: Sequence[tuple[AuthFlowType, Factor | None]] = (
    ("USER_SRP_AUTH", None),
    ("USER_PASSWORD_AUTH", None),
    ("CUSTOM_WITH_SRP", None),
    ("USER_AUTH", "PASSWORD"),
    ("USER_AUTH", "PASSWORD_SRP"),
)


Asked = tuple[Json, Event | None, dict[str, str]]
"""What the service asks, the event that answers it, and the responses that are sent."""

ANSWERS: dict[str, Asked] = {
    "SMS_MFA": (challenge("SMS_MFA"), EnterCode(code="123456"), {"SMS_MFA_CODE": "123456"}),
    "SOFTWARE_TOKEN_MFA": (
        challenge("SOFTWARE_TOKEN_MFA"),
        EnterCode(code="123456"),
        {"SOFTWARE_TOKEN_MFA_CODE": "123456"},
    ),
    "EMAIL_OTP": (challenge("EMAIL_OTP"), EnterCode(code="123456"), {"EMAIL_OTP_CODE": "123456"}),
    "SMS_OTP": (challenge("SMS_OTP"), EnterCode(code="123456"), {"SMS_OTP_CODE": "123456"}),
    "SELECT_MFA_TYPE": (
        challenge("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE='["SMS_MFA", "EMAIL_OTP"]'),
        ChooseMfa(mfa="SMS"),
        {"ANSWER": "SMS_MFA"},
    ),
    "SELECT_CHALLENGE": (
        challenge("SELECT_CHALLENGE"),
        ChooseFactor(factor="EMAIL_OTP"),
        {"ANSWER": "EMAIL_OTP"},
    ),
    "MFA_SETUP": (
        challenge("MFA_SETUP", MFAS_CAN_SETUP='["EMAIL_OTP"]'),
        SetUpEmail(email="ada@e.org"),
        {"EMAIL": "ada@e.org"},
    ),
    "NEW_PASSWORD_REQUIRED": (
        challenge("NEW_PASSWORD_REQUIRED"),
        NewPassword(password="New-1"),
        {"NEW_PASSWORD": "New-1"},
    ),
    "CUSTOM_CHALLENGE": (
        challenge("CUSTOM_CHALLENGE"),
        AnswerChallenge(answer="blue"),
        {"ANSWER": "blue"},
    ),
    "WEB_AUTHN": (
        challenge("WEB_AUTHN", CREDENTIAL_REQUEST_OPTIONS='{"challenge": "AAAA"}'),
        PresentPasskey(credential=ASSERTION),
        {"CREDENTIAL": ANYTHING},
    ),
}
"""A way to answer each challenge."""


def blue_question() -> Triggers:
    """Triggers that ask for the answer `blue`."""

    def define(event: dict[str, Any]) -> dict[str, Any]:
        last = event["request"]["session"][-1] if event["request"]["session"] else None
        match last and (last["challengeName"], last["challengeResult"]):
            case ("SRP_A", True):
                response = {"challengeName": "PASSWORD_VERIFIER"}
            case ("CUSTOM_CHALLENGE", True):
                response = {"issueTokens": True, "failAuthentication": False}
                return {**event, "response": response}
            case _:
                response = {"challengeName": "CUSTOM_CHALLENGE"}
        response = {**response, "issueTokens": False, "failAuthentication": False}
        return {**event, "response": response}

    def create(event: dict[str, Any]) -> dict[str, Any]:
        response = {
            "publicChallengeParameters": {"question": "Which colour?"},
            "privateChallengeParameters": {"answer": "blue"},
        }
        return {**event, "response": response}

    def verify(event: dict[str, Any]) -> dict[str, Any]:
        right = event["request"]["challengeAnswer"] == "blue"
        return {**event, "response": {"answerCorrect": right}}

    return Triggers(
        define_auth_challenge=define,
        create_auth_challenge=create,
        verify_auth_challenge_response=verify,
    )


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    yield script
    script.check()


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def service(clock: TurnableClock) -> EmbeddedCognito:
    return EmbeddedCognito(clock=clock)


@pytest.fixture
def always(service: EmbeddedCognito, signing_key: SigningKey) -> Place:  # noqa: F811
    """A pool that remembers every device, and asks for a code by SMS otherwise."""
    return Place(
        service,
        signing_key,
        PoolSettings(
            device_tracking="ALWAYS",
            mfa_configuration="ON",
            mfa_factors=("SMS_MFA",),
            alias_attributes=("email",),
        ),
    )


@pytest.fixture
def opt_in(service: EmbeddedCognito, signing_key: SigningKey) -> Place:  # noqa: F811
    """A pool that leaves it to the user whether a device is remembered."""
    return Place(
        service,
        signing_key,
        PoolSettings(
            device_tracking="USER_OPT_IN", mfa_configuration="ON", mfa_factors=("SMS_MFA",)
        ),
    )


@pytest.fixture
def optional(service: EmbeddedCognito, signing_key: SigningKey) -> Place:  # noqa: F811
    """A pool that remembers every device and asks for a second factor only if the user has one."""
    return Place(
        service,
        signing_key,
        PoolSettings(
            device_tracking="ALWAYS", mfa_configuration="OPTIONAL", alias_attributes=("email",)
        ),
    )
