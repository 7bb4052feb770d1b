"""One request of a sign-in, and the registries of flows and challenges."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from auth_flow.embedded._context import Context
from auth_flow.embedded._fault import missing_parameter, not_authorized, not_found
from auth_flow.embedded._levels import Method
from auth_flow.embedded._models import Client, Device, PendingSignIn, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._sessions import new_session_text


@dataclass(frozen=True)
class SignInRequest:
    """The parts of InitiateAuth and RespondToAuthChallenge that every flow and challenge needs."""

    pool: EmbeddedUserPool
    client: Client
    name: str
    """AuthFlow or ChallengeName."""
    parameters: dict[str, str]
    """AuthParameters or ChallengeResponses."""
    client_metadata: dict[str, str]
    target_levels: tuple[int, ...] = ()
    """The authentication levels that a step-up aims at."""
    methods: tuple[Method, ...] = ()
    """The methods that count as proven from the beginning."""

    @property
    def username(self) -> str:
        """The USERNAME; InvalidParameterException if it is missing."""
        username = self.parameters.get("USERNAME")
        if not username:
            raise missing_parameter("USERNAME")
        return username


@dataclass
class Attempt:
    """A sign-in during one request.

    `session` is this request's own copy, stored only when the next challenge is asked.
    """

    pool: EmbeddedUserPool
    client: Client
    session: PendingSignIn
    user: User | None
    """None if the user does not exist. If the client protects users, the sign-in is then simulated
    and fails at the end.
    """
    client_metadata: dict[str, str] = field(default_factory=dict[str, str])
    """RespondToAuthChallenge's ClientMetadata, which its triggers get."""
    validation_data: dict[str, str] = field(default_factory=dict[str, str])
    """InitiateAuth's ClientMetadata, which PreAuthentication and UserMigration get."""

    @property
    def known_user(self) -> User:
        """The user. Raises NotAuthorizedException at the end of a simulated sign-in."""
        if self.user is None:
            raise not_authorized()
        return self.user

    @property
    def identity(self) -> str:
        """The USER_ID_FOR_SRP: the user's name in the pool, which is not an alias."""
        return self.session.username

    @property
    def context(self) -> Context:
        """The context of triggers and messages."""
        return Context(
            pool=self.pool,
            username=self.identity,
            user=self.user,
            client_id=self.client.id,
            client_metadata=self.client_metadata,
        )

    @property
    def device(self) -> Device | None:
        """The device that this sign-in has named, if the pool tracks devices."""
        if self.pool.settings.device_tracking == "OFF":
            return None
        return self.known_user.devices.get(self.session.device_key)

    def note_device(self, parameters: Mapping[str, str]) -> None:
        """Keep the DEVICE_KEY of a request.

        Raises ResourceNotFoundException if the user does not have the device.
        """
        key = parameters.get("DEVICE_KEY")
        if key and self.user:
            if key not in self.user.devices:
                raise not_found("Device does not exist.")
            self.session.device_key = key

    def ask(self, challenge: str, parameters: Mapping[str, str]) -> Reply:
        """Store the session under a new text and return the reply that asks the challenge."""
        self.session.challenge, self.session.wrong_answers = challenge, 0
        return {
            "ChallengeName": challenge,
            "Session": self.put_away(),
            "ChallengeParameters": dict(parameters),
        }

    def put_away(self) -> str:
        """Store the session for as long as the client allows, and return its text."""
        token = self.session.srp.session if self.session.srp else new_session_text()
        self.pool.forget_expired_sessions()
        self.session.expires_at = (
            self.pool.clock() + 60 * self.client.settings.auth_session_validity
        )
        self.pool.sessions.put(token, self.session)
        return token


Step = Callable[[Attempt, dict[str, str]], Awaitable[Reply]]
Asking = Callable[[Attempt, str, dict[str, str]], Awaitable[Reply]]

FLOWS: dict[str, Step] = {}
"""The functions that begin a sign-in, by AuthFlow. They get the AuthParameters."""

ASKED: dict[str, Asking] = {}
"""The functions that ask a challenge, by ChallengeName. They get that name and the parameters of
the request that led to it.
"""

ANSWERED: dict[str, Step] = {}
"""The functions that check the answer to a challenge, by ChallengeName. They get the
ChallengeResponses.
"""


async def put_challenge(
    attempt: Attempt, name: str, parameters: dict[str, str] | None = None
) -> Reply:
    """Go on with a challenge."""
    return await ASKED[name](attempt, name, parameters or {})


def flow(name: str) -> Callable[[Step], Step]:
    """Register the decorated function for an AuthFlow."""

    def register(step: Step) -> Step:
        FLOWS[name] = step
        return step

    return register


def asks(*names: str) -> Callable[[Asking], Asking]:
    """Register the decorated function as the one that asks these challenges."""

    def register(asking: Asking) -> Asking:
        ASKED.update(dict.fromkeys(names, asking))
        return asking

    return register


def answers(*names: str) -> Callable[[Step], Step]:
    """Register the decorated function as the one that checks the answers to these challenges."""

    def register(step: Step) -> Step:
        ANSWERED.update(dict.fromkeys(names, step))
        return step

    return register
