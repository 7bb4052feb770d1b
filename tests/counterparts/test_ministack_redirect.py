"""Our redirect sign-in against the hosted pages of ministack, over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from auth_flow import (
    AuthFlow,
    Done,
    RedirectRequired,
    ReturnFromRedirect,
    Sealer,
    SignInWithRedirect,
    UserPool,
    new_key,
)
from auth_flow.errors import SessionEnded, TokenRequestRefused
from tests.counterparts.admin import PASSWORD, CounterpartPool
from tests.counterparts.browser import sign_in_on_page

pytestmark = [pytest.mark.anyio, pytest.mark.counterpart]

CALLBACK = "http://localhost:3000/cb"


@pytest.fixture(params=[False, True], ids=["public client", "client secret"])
def pool(request: pytest.FixtureRequest, ministack: Any, ministack_url: str) -> UserPool:
    """A pool with the user ada and a client that may use the hosted pages."""
    made = CounterpartPool.create(
        ministack,
        client={
            "GenerateSecret": request.param,
            "CallbackURLs": [CALLBACK],
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthScopes": ["openid", "email", "aws.cognito.signin.user.admin"],
            "SupportedIdentityProviders": ["COGNITO"],
        },
    )
    made.add_user("ada", email="ada@example.org")
    return made.ours.model_copy(update={"domain": ministack_url})


async def away(flow: AuthFlow, **options: Any) -> str:
    step = await flow.send(SignInWithRedirect(redirect_uri=CALLBACK, **options))
    assert isinstance(step, RedirectRequired)
    return step.url


async def test_a_whole_redirect_sign_in(pool: UserPool) -> None:
    async with AuthFlow(pool) as flow:
        url = await away(flow, custom_state="ü")
        back = await sign_in_on_page(url, CALLBACK, username="ada", password=PASSWORD)
        step = await flow.send(ReturnFromRedirect(url=back))
        assert isinstance(step, Done)
        assert (step.username, step.custom_state) == ("ada", "ü")
        attributes = await flow.session.fetch_user_attributes()
        assert attributes["email"] == "ada@example.org"
        before = flow.session.tokens.access_token.text
        after = (await flow.session.fresh_tokens(force=True)).access_token.text
        assert after != before
        session = flow.session
        await session.revoke()
        with pytest.raises(SessionEnded):
            await session.fresh_tokens(force=True)


async def test_another_process_finishes_it(pool: UserPool) -> None:
    sealer = Sealer([new_key()])
    async with AuthFlow(pool) as flow:
        url = await away(flow)
        text = flow.park(sealer)
    back = await sign_in_on_page(url, CALLBACK, username="ada", password=PASSWORD)
    async with AuthFlow.resume(text, pool, sealer=sealer) as flow:
        assert isinstance(await flow.send(ReturnFromRedirect(url=back)), Done)
    # A parked text alone cannot know that its code is spent; the token endpoint does.
    async with AuthFlow.resume(text, pool, sealer=sealer) as flow:
        with pytest.raises(TokenRequestRefused) as caught:
            await flow.send(ReturnFromRedirect(url=back))
        assert caught.value.error == "invalid_grant"
