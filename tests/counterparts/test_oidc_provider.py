"""Our redirect sign-in against `oidc-provider`, a certified OpenID Connect provider.

It has no hosted pages of Cognito's and no user pool, so its routes are set to those of a domain.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth_flow import (
    AuthFlow,
    Done,
    RedirectRequired,
    ReturnFromRedirect,
    SignInWithRedirect,
    UserPool,
)
from auth_flow.errors import TokenRequestRefused
from tests.counterparts.browser import sign_in_on_page
from tests.counterparts.node import install
from tests.counterparts.processes import free_port

pytestmark = [pytest.mark.anyio, pytest.mark.counterpart]

FOLDER = Path(__file__).parent / "oidc"
CALLBACK = "http://localhost:3000/cb"


@pytest.fixture(scope="module")
def pool() -> Iterator[UserPool]:
    """The provider, as if it were the domain and the issuer of a user pool."""
    node, port = install(FOLDER), free_port()
    url = f"http://127.0.0.1:{port}"
    pool_id = "eu-west-1_Abc123"
    command = [node, "provider.mjs", f"{url}/{pool_id}", "1example", CALLBACK, str(port)]
    with subprocess.Popen(
        command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield UserPool(
            user_pool_id=pool_id,
            client_id="1example",
            client_secret="s3cret",
            endpoint=url,
            domain=url,
        )
        process.kill()


async def away(flow: AuthFlow) -> str:
    step = await flow.send(SignInWithRedirect(redirect_uri=CALLBACK, scopes=("openid", "email")))
    assert isinstance(step, RedirectRequired)
    return step.url


async def test_a_code_becomes_a_session_that_rotates_its_refresh_token(pool: UserPool) -> None:
    async with AuthFlow(pool) as flow:
        url = await away(flow)
        back = await sign_in_on_page(url, CALLBACK, login="ada", password="any")
        step = await flow.send(ReturnFromRedirect(url=back))
        assert isinstance(step, Done)
        assert step.user_id == "ada"
        assert flow.session.tokens.id_token is not None
        refreshed = {flow.session.tokens.refresh_token}
        for _ in range(2):
            refreshed.add((await flow.session.fresh_tokens(force=True)).refresh_token)
        assert len(refreshed) == 3


async def test_a_code_of_another_verifier_is_refused(pool: UserPool) -> None:
    """PKCE, checked by somebody else: the code of one flow does not fit the verifier of another."""
    async with AuthFlow(pool) as one, AuthFlow(pool) as other:
        back = await sign_in_on_page(await away(one), CALLBACK, login="ada", password="any")
        await away(other)
        pending = other.record.redirect
        assert pending is not None
        code = back.partition("code=")[2].partition("&")[0]
        with pytest.raises(TokenRequestRefused) as caught:
            await other.send(
                ReturnFromRedirect(url=f"{CALLBACK}?code={code}&state={pending.state}")
            )
        assert caught.value.error == "invalid_grant"
