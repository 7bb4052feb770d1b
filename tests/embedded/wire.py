"""A plain HTTP client of the embedded service that checks every reply against botocore's model of
Cognito.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import botocore.session
import httpx
from botocore.model import ServiceModel, Shape

from auth_flow.embedded import Client, EmbeddedCognito, EmbeddedUserPool, PoolSettings
from auth_flow.states import _srp as srp

PASSWORD = "Correct-Horse-1"

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "timestamp": (int, float),
}


@cache
def service_model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("cognito-idp")


def misfits(shape: Shape, value: Any, path: str = "reply") -> list[str]:
    """What in a reply is not as the model says: unknown members, wrong types, unknown enum values,
    missing members.
    """
    if getattr(shape, "is_document_type", False):
        return []
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            return [f"{path}: not an object"]
        unknown = [f"{path}.{name}: unknown" for name in value if name not in shape.members]
        missing = [
            f"{path}.{name}: missing" for name in shape.required_members if name not in value
        ]
        inner = [
            misfits(shape.members[name], member, f"{path}.{name}")
            for name, member in value.items()
            if name in shape.members
        ]
        return unknown + missing + list(chain.from_iterable(inner))
    if shape.type_name == "list":
        return list(chain.from_iterable(misfits(shape.member, item, f"{path}[]") for item in value))
    if shape.type_name == "map":
        return list(
            chain.from_iterable(
                misfits(shape.value, item, f"{path}.{key}") for key, item in value.items()
            )
        )
    if not isinstance(value, PYTHON_TYPES[shape.type_name]):
        return [f"{path}: {type(value).__name__} is not {shape.type_name}"]
    enum = getattr(shape, "enum", None)
    return [f"{path}: {value!r} is not in the enum"] if enum and value not in enum else []


class Refused(Exception):
    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


@dataclass
class Wire:
    """Calls operations, and signs users in by SRP."""

    http: httpx.AsyncClient
    service: EmbeddedCognito
    pool: EmbeddedUserPool
    client: Client

    async def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """The reply, checked against the model that botocore ships."""
        reply = await self.service_call(operation, **members)
        shape = service_model().operation_model(operation).output_shape
        assert misfits(shape, reply) == [] if shape else reply == {}
        return reply

    async def service_call(self, operation: str, **members: Any) -> dict[str, Any]:
        """The reply, also of an operation that is newer than botocore's model."""
        headers = {
            "x-amz-target": f"AWSCognitoIdentityProviderService.{operation}",
            "content-type": "application/x-amz-json-1.1",
        }
        response = await self.http.post("/", json=members, headers=headers)
        assert response.headers["x-amzn-requestid"]
        reply = response.json()
        if response.status_code != 200:
            assert set(reply) == {"__type", "message"}
            assert response.headers["x-amzn-errortype"].startswith(reply["__type"])
            raise Refused(reply["__type"], reply["message"])
        return reply

    async def initiate(
        self, flow: str, *, session: str | None = None, **parameters: str
    ) -> dict[str, Any]:
        """Begin a sign-in, or go on with the session of a sign-up."""
        return await self.call(
            "InitiateAuth",
            ClientId=self.client.id,
            AuthFlow=flow,
            AuthParameters=parameters,
            **({"Session": session} if session else {}),
        )

    async def respond(
        self, asked: dict[str, Any], name: str | None = None, **responses: str
    ) -> dict[str, Any]:
        return await self.call(
            "RespondToAuthChallenge",
            ClientId=self.client.id,
            ChallengeName=name or asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses=responses,
        )

    async def sign_in(
        self, username: str = "ada", password: str = PASSWORD, **extra: str
    ) -> dict[str, Any]:
        return await self.initiate(
            "USER_PASSWORD_AUTH", USERNAME=username, PASSWORD=password, **extra
        )

    async def tokens(
        self, username: str = "ada", password: str = PASSWORD, **extra: str
    ) -> dict[str, Any]:
        return (await self.sign_in(username, password, **extra))["AuthenticationResult"]

    async def prove(
        self, asked: dict[str, Any], keys: srp.ClientKeys, password: str = PASSWORD, **extra: str
    ) -> dict[str, Any]:
        """Answer PASSWORD_VERIFIER."""
        user = asked["ChallengeParameters"]["USER_ID_FOR_SRP"]
        proof = claim(
            keys, asked, srp.pool_name(self.pool.id), user, password, self.service.clock()
        )
        return await self.respond(asked, USERNAME=user, **proof, **extra)

    async def srp_sign_in(self, username: str = "ada", password: str = PASSWORD) -> dict[str, Any]:
        keys = srp.ClientKeys.generate()
        asked = await self.initiate("USER_SRP_AUTH", USERNAME=username, SRP_A=keys.public_hex)
        return await self.prove(asked, keys, password)

    def code(self, username: str = "ada") -> str:
        message = self.pool.outbox.last(username)
        assert message is not None
        return message.code


def claim(
    keys: srp.ClientKeys,
    asked: dict[str, Any],
    group: str,
    user: str,
    password: str,
    at: float | None = None,
) -> dict[str, str]:
    timestamp = srp.timestamp(time.time() if at is None else at)
    parameters = asked["ChallengeParameters"]
    signature = srp.claim(
        keys, parameters, group=group, user=user, password=password, timestamp=timestamp
    )
    return {
        "PASSWORD_CLAIM_SECRET_BLOCK": parameters["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": signature,
        "TIMESTAMP": timestamp,
    }


def settings(wire: Wire, **changes: object) -> None:
    """Change the pool's settings."""
    wire.pool.settings = PoolSettings.model_validate({**wire.pool.settings.model_dump(), **changes})
