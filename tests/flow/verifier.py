"""The service's side of an SRP exchange in the pool `Abc123`, inside a script."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.srp.server import Server

from .scripted import ANYTHING, Exchange, Json, challenge, refusal, respond


class Verifier:
    """Poses PASSWORD_VERIFIER for the SRP_A that it is sent, and checks the proof."""

    salt = bytes(range(0xF0, 0x100))

    def __init__(
        self, user: str = "uid-1", password: str = "correct horse", /, **parameters: str
    ) -> None:
        self.user, self.password = user, password
        self.parameters = {"USER_ID_FOR_SRP": user, **parameters}
        self.server: Server

    def pose(self, body: Json) -> Json:
        srp_a = (body.get("AuthParameters") or body["ChallengeResponses"])["SRP_A"]
        verifier = Server.verifier_of("Abc123", self.user, self.password, self.salt)
        self.server = Server("Abc123", self.user, self.salt, verifier, srp_a, random.Random(1))
        return challenge(
            "PASSWORD_VERIFIER", "srp-session", **self.server.challenge, **self.parameters
        )

    def answered(self, reply: Json) -> Exchange:
        def check(body: Json) -> Json:
            given = body["ChallengeResponses"]
            assert given["PASSWORD_CLAIM_SECRET_BLOCK"] == self.server.challenge["SECRET_BLOCK"]
            if not self.server.accepts(given["PASSWORD_CLAIM_SIGNATURE"], given["TIMESTAMP"]):
                raise refusal("NotAuthorizedException", "Incorrect username or password.")
            return reply

        return respond(
            "PASSWORD_VERIFIER",
            "srp-session",
            check,
            USERNAME=self.user,
            PASSWORD_CLAIM_SECRET_BLOCK=ANYTHING,
            PASSWORD_CLAIM_SIGNATURE=ANYTHING,
            TIMESTAMP="Tue Nov 14 22:13:20 UTC 2023",
        )

    def pose_once(self, then: Json) -> Callable[[Json], Json]:
        """The same as a reply to SELECT_CHALLENGE; every other request is answered with `then`."""
        return lambda body: self.pose(body) if body["ChallengeName"] == "SELECT_CHALLENGE" else then
