"""A sign-in under way: what every flow and every challenge has in its hands, and where they are
registered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auth_flow.embedded._fault import not_authorized, not_found, user_not_found
from auth_flow.embedded._models import Client, Device, PendingSignIn, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._sessions import new_session_text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Attempt:
    """One request of a sign-in. `session` is this request's own copy: it is put away only when the
    next challenge is asked.
    """

    pool: EmbeddedUserPool
    client: Client
    session: PendingSignIn
    user: User | None
    """None where nobody has this name, and for a client that protects users the sign-in is acted
    out to its bad end.
    """
    client_metadata: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def known_user(self) -> User:
        """The user; where there is none, the refusal that a client of this kind gets."""
        if self.user is None:
            raise not_authorized() if self.client.protects_users else user_not_found()
        return self.user

    @property
    def identity(self) -> str:
        """The USER_ID_FOR_SRP: the user's name as the pool knows it."""
        return self.user.username if self.user else self.session.username

    @property
    def device(self) -> Device | None:
        """The device that the requests so far have named."""
        return self.user.devices.get(self.session.device_key or "") if self.user else None

    def note_device(self, parameters: Mapping[str, str]) -> None:
        """Keep the DEVICE_KEY of a request; ResourceNotFoundException for one that the user does
        not have.
        """
        key = parameters.get("DEVICE_KEY")
        if key and self.user:
            if key not in self.user.devices:
                raise not_found("Device does not exist.")
            self.session.device_key = key

    def ask(self, challenge: str, parameters: Mapping[str, str]) -> Reply:
        """Put the session away under a new name, and return the reply that asks for an answer to
        it.
        """
        self.session.challenge, self.session.wrong_answers = challenge, 0
        return {
            "ChallengeName": challenge,
            "Session": self.put_away(),
            "ChallengeParameters": dict(parameters),
        }

    def put_away(self) -> str:
        """Keep the session as it is now, for as long as the client allows, and return the text that
        stands for it.
        """
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
"""What begins a sign-in, by AuthFlow; it is given the AuthParameters."""

ASKED: dict[str, Asking] = {}
"""What puts a challenge to the user, by ChallengeName; it is given that name and the parameters of
the request that led to it.
"""

ANSWERED: dict[str, Step] = {}
"""What judges the answer to a challenge, by ChallengeName; it is given the ChallengeResponses."""


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
    """Register the decorated function as the one that puts these challenges."""

    def register(asking: Asking) -> Asking:
        ASKED.update(dict.fromkeys(names, asking))
        return asking

    return register


def answers(*names: str) -> Callable[[Step], Step]:
    """Register the decorated function as the judge of the answers to these challenges."""

    def register(step: Step) -> Step:
        ANSWERED.update(dict.fromkeys(names, step))
        return step

    return register
