"""The embedded user pool on a port, for clients that others wrote."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from auth_flow import UserPool
from auth_flow.embedded import (
    Client,
    ClientSettings,
    EmbeddedCognito,
    EmbeddedUserPool,
    PoolSettings,
    SigningKey,
    Triggers,
)
from auth_flow.embedded._outbox import Medium
from tests.counterparts.admin import PASSWORD

ADA = {"email": "ada@example.org", "phone_number": "+15555555309"}
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def _define(event: dict[str, Any]) -> None:
    past = event["request"]["session"]
    answers = [one["challengeResult"] for one in past if one["challengeName"] == "CUSTOM_CHALLENGE"]
    with_srp = bool(past) and past[-1]["challengeName"] == "SRP_A"
    event["response"] = {
        "challengeName": "PASSWORD_VERIFIER" if with_srp else "CUSTOM_CHALLENGE",
        "issueTokens": True in answers,
        "failAuthentication": answers == [False, False],
    }


def _create(event: dict[str, Any]) -> None:
    event["response"] = {
        "publicChallengeParameters": {"hint": "blue"},
        "privateChallengeParameters": {"answer": "sky"},
    }


def _verify(event: dict[str, Any]) -> None:
    request = event["request"]
    event["response"]["answerCorrect"] = (
        request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
    )


WHAT_IS_BLUE = Triggers(
    define_auth_challenge=_define,
    create_auth_challenge=_create,
    verify_auth_challenge_response=_verify,
)
"""A custom challenge, after the password where it is used: the hint is blue, the answer is sky, and
there are two tries.
"""


@dataclass(frozen=True)
class Served:
    """The service, where it answers, and one key for all pools: making one takes a good part of a
    second.
    """

    service: EmbeddedCognito
    url: str
    key: SigningKey

    def pool(
        self,
        *,
        triggers: Triggers | None = None,
        client: ClientSettings | None = None,
        **settings: Any,
    ) -> ServedPool:
        """A new pool with one app client."""
        pool = self.service.create_pool(PoolSettings(**settings), triggers=triggers, key=self.key)
        return ServedPool(self.url, pool, pool.create_client(client))


@dataclass(frozen=True)
class ServedPool:
    """A pool with its app client."""

    url: str
    pool: EmbeddedUserPool
    client: Client

    @property
    def ours(self) -> UserPool:
        """The same for our library."""
        return UserPool(
            user_pool_id=self.pool.id,
            client_id=self.client.id,
            client_secret=self.client.secret,
            endpoint=self.url,
        )

    def add_ada(self, password: str | None = PASSWORD, **how: Any) -> None:
        """The user ada, with a verified address and telephone."""
        self.pool.create_user("ada", password, **{"attributes": ADA, **how})

    def code(self, username: str = "ada", *, medium: Medium | None = None) -> str:
        """The code in the newest message to a user."""
        message = self.pool.outbox.last(username, medium=medium)
        assert message is not None
        return message.code


@contextmanager
def in_a_thread(application: Any, port: int, **settings: Any) -> Iterator[None]:
    """Serve an ASGI application on localhost until the block ends."""
    config = uvicorn.Config(application, host="localhost", port=port, log_level="error", **settings)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    yield
    server.should_exit = True
    thread.join()


def another_than(code: str) -> str:
    """A code of the same length that is not this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"
