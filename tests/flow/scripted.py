"""A transport that knows what it will be asked: each request is compared whole, and answered as the
script says.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from anyio.lowlevel import checkpoint

from auth_flow import UserPool
from auth_flow.errors import ServiceError

POOL = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example")
SUBJECT = "11111111-2222-4333-8444-555555555555"

Json: TypeAlias = dict[str, Any]
Reply: TypeAlias = Json | BaseException | Callable[[Json], Json]
"""What a request is answered with; a callable makes the reply from the request's body."""


class Exchange(NamedTuple):
    operation: str
    body: Json
    reply: Reply


class Script:
    """The transport. Whatever it does not expect fails the test, and so does what it expects in
    vain.
    """

    def __init__(self) -> None:
        self._expected: deque[Exchange] = deque()
        self.requests: list[tuple[str, Json]] = []

    def expect(self, *exchanges: Exchange) -> None:
        self.check()
        self._expected.extend(exchanges)

    def check(self) -> None:
        assert not self._expected, f"never asked for: {list(self._expected)}"

    async def call(self, operation: str, body: Mapping[str, object]) -> Json:
        await checkpoint()
        assert self._expected, f"unexpected request: {operation} {body}"
        exchange = self._expected.popleft()
        assert (operation, body) == (exchange.operation, exchange.body)
        self.requests.append((operation, dict(body)))
        await checkpoint()
        if isinstance(exchange.reply, BaseException):
            raise exchange.reply
        return exchange.reply(dict(body)) if callable(exchange.reply) else exchange.reply

    async def aclose(self) -> None:
        raise AssertionError("a flow does not close a transport that is not its own")


class Clock:
    """Seconds since the epoch, turned by hand."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Anything:
    """Equal to every text: for what the library draws at random."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other != ""

    __hash__ = None  # type: ignore[assignment]


ANYTHING: Any = Anything()


# What is asked, whole


def initiate(flow: str, reply: Reply, /, session: str | None = None, **parameters: str) -> Exchange:
    body: Json = {"AuthFlow": flow, "AuthParameters": parameters, "ClientId": POOL.client_id}
    return Exchange(
        "InitiateAuth", body if session is None else {**body, "Session": session}, reply
    )


def respond(challenge: str, session: str, reply: Reply, /, **responses: str) -> Exchange:
    body = {
        "ChallengeName": challenge,
        "Session": session,
        "ChallengeResponses": responses,
        "ClientId": POOL.client_id,
    }
    return Exchange("RespondToAuthChallenge", body, reply)


def account(operation: str, username: str, reply: Reply, /, **members: Any) -> Exchange:
    return Exchange(operation, {"Username": username, "ClientId": POOL.client_id, **members}, reply)


# What is answered


def challenge(name: str, session: str = "session-1", /, **parameters: str) -> Json:
    return {"ChallengeName": name, "Session": session, "ChallengeParameters": parameters}


def delivery(
    destination: str = "a***@e***", medium: str = "EMAIL", attribute: str = "email"
) -> Json:
    details = {"Destination": destination, "DeliveryMedium": medium, "AttributeName": attribute}
    return {"CodeDeliveryDetails": details}


def refusal(
    name: str, message: str = "No.", operation: str = "RespondToAuthChallenge", status: int = 400
) -> ServiceError:
    return ServiceError.of(name, message, operation=operation, status=status)


def jwt(**claims: object) -> str:
    head, payload = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "RS256"}, claims)
    )
    return b".".join((head, payload, b"c2ln")).decode()


def tokens(**members: Any) -> Json:
    result = {
        "AccessToken": jwt(sub=SUBJECT, username="ada", token_use="access"),
        "IdToken": jwt(sub=SUBJECT, token_use="id"),
        "RefreshToken": "refresh-1",
        "ExpiresIn": 3600,
        "TokenType": "Bearer",
        **members,
    }
    return {"AuthenticationResult": result, "ChallengeParameters": {}}


SMS = challenge(
    "SMS_MFA", CODE_DELIVERY_DESTINATION="+*******5309", CODE_DELIVERY_DELIVERY_MEDIUM="SMS"
)
"""The reply that most tests begin with: a code went by SMS, and session-1 is to be answered
with.
"""

SECRET = "JBSWY3DPEHPK3PXP"
ASSOCIATE = Exchange(
    "AssociateSoftwareToken",
    {"Session": "session-1"},
    {"SecretCode": SECRET, "Session": "session-2"},
)
"""What follows an MFA_SETUP that comes with session-1 and offers nothing but an authenticator
app.
"""
