from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from auth_flow import AuthFlow, Done, FirstFactorSelection, PresentPasskey, SignIn, UserPool
from auth_flow.embedded import EmbeddedCognito, EmbeddedUserPool, PoolSettings, SigningKey
from auth_flow.passkeys import Authenticator
from auth_flow.session import Session
from auth_flow.states import PasskeyRequired
from auth_flow.transports import CognitoTransport
from tests.embedded.conftest import signing_key  # noqa: F401 - a fixture

PASSWORD = "Correct-Horse-1"
RP_ID = "example.org"
MULTI_FACTOR = "MULTI_FACTOR_WITH_USER_VERIFICATION"


class Place:
    """A user pool that is the relying party example.org, and its user ada."""

    def __init__(
        self, service: EmbeddedCognito, users: EmbeddedUserPool, transport: CognitoTransport
    ) -> None:
        self.service, self.users, self.transport = service, users, transport
        self.pool = UserPool(user_pool_id=users.id, client_id=users.create_client().id)

    def settings(self, **changes: object) -> None:
        self.users.settings = self.users.settings.model_copy(update=changes)

    def flow(self) -> AuthFlow:
        return AuthFlow(self.pool, transport=self.transport)

    async def by_password(self) -> Session:
        flow = self.flow()
        step = await flow.send(SignIn(username="ada", password=PASSWORD))
        assert isinstance(step, Done)
        return flow.session

    async def add(self, authenticator: Authenticator) -> None:
        """Register a passkey."""
        session = await self.by_password()
        options = await session.start_passkey_registration()
        await session.complete_passkey_registration(await authenticator.create(options))

    async def asked(self) -> tuple[AuthFlow, PasskeyRequired]:
        flow = self.flow()
        event = SignIn(username="ada", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN")
        step = await flow.send(event)
        assert isinstance(step, PasskeyRequired)
        return flow, step

    async def sign_in(self, authenticator: Authenticator) -> None:
        """Sign in with a passkey."""
        flow, step = await self.asked()
        passkey = await authenticator.get(step.options)
        assert isinstance(await flow.send(PresentPasskey(credential=passkey)), Done)

    async def sign_in_at_once(self, authenticator: Authenticator) -> None:
        """Sign in with a passkey that comes with the choice of it."""
        flow = self.flow()
        step = await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
        assert isinstance(step, FirstFactorSelection)
        assert step.passkey_options
        passkey = await authenticator.get(step.passkey_options)
        assert isinstance(await flow.send(PresentPasskey(credential=passkey)), Done)


@pytest.fixture
async def place(signing_key: SigningKey) -> AsyncIterator[Place]:  # noqa: F811
    service = EmbeddedCognito()
    users = service.create_pool(PoolSettings(relying_party_id=RP_ID), key=signing_key)
    users.create_user("ada", PASSWORD, attributes={"email": "ada@example.org"})
    async with service.http_client() as http:
        yield Place(service, users, CognitoTransport("http://embedded", client=http))
