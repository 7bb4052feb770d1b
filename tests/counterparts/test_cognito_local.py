"""Our library against cognito-local, an emulator for Node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auth_flow import AuthFlow, Done, SignIn
from auth_flow.errors import CredentialError
from auth_flow.verification import TokenVerifier
from tests.counterparts.admin import PASSWORD, CounterpartPool, aws_client
from tests.counterparts.node import install
from tests.counterparts.processes import free_port, running

pytestmark = [pytest.mark.anyio, pytest.mark.counterpart]

PACKAGE = Path(__file__).parent / "cognito_local"
SIGN_IN = SignIn(username="ada@example.org", password=PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")


@pytest.fixture(scope="module")
def cognito(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """boto3 for a cognito-local of its own."""
    command = [install(PACKAGE), str(PACKAGE / "node_modules" / ".bin" / "cognito-local")]
    home, port = tmp_path_factory.mktemp("cognito-local"), free_port()
    settings = {"PORT": str(port), "HOST": "127.0.0.1"}
    with (
        running(command, port=port, health="/health", home=home, settings=settings) as url,
        aws_client("cognito-idp", url) as client,
    ):
        yield client


@pytest.fixture
def pool(cognito: Any) -> CounterpartPool:
    """A pool with the user ada."""
    pool = CounterpartPool.create(cognito, UsernameAttributes=["email"])
    pool.add_user("ada@example.org", email="ada@example.org")
    return pool


async def test_a_session_is_refreshed_the_older_way(pool: CounterpartPool) -> None:
    """It answers GetTokensFromRefreshToken with `CognitoLocal#Unsupported` and status 500."""
    async with AuthFlow(pool.ours) as flow:
        assert isinstance(await flow.send(SIGN_IN), Done)
        before = flow.session.tokens
        for _ in range(2):
            after = await flow.session.fresh_tokens(force=True)
            assert after is not before
            assert after.refresh_token == before.refresh_token
        assert (await flow.session.fetch_user_attributes())["email"] == "ada@example.org"


async def test_a_wrong_password_does_not_sign_in(pool: CounterpartPool) -> None:
    async with AuthFlow(pool.ours) as flow:
        with pytest.raises(CredentialError):
            await flow.send(SIGN_IN.model_copy(update={"password": "Wrong-Horse-1"}))


async def test_its_tokens_verify_although_its_pools_have_no_region(pool: CounterpartPool) -> None:
    async with AuthFlow(pool.ours) as flow:
        await flow.send(SIGN_IN)
        tokens = flow.session.tokens
    assert not pool.pool_id.startswith("us-")
    verifier = TokenVerifier(pool.ours, issuer=tokens.access_token.claims.issuer)
    claims = await verifier.verify(tokens.access_token.text)
    assert claims.client_id == pool.client_id
