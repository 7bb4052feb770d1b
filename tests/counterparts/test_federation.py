"""Identity providers that others wrote, federated into the embedded user pool."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
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
from auth_flow.embedded import ClientSettings
from auth_flow.states import CustomProvider
from tests.counterparts.admin import aws_client
from tests.counterparts.browser import sign_in_on_page
from tests.counterparts.environments import python_with
from tests.counterparts.node import install
from tests.counterparts.processes import free_port, running
from tests.counterparts.served import Served

pytestmark = [pytest.mark.anyio, pytest.mark.counterpart]

OIDC = Path(__file__).parent / "oidc"
CALLBACK = "http://localhost:3000/cb"
SECRET = "s3cret"


@contextmanager
def oidc_provider(callback: str) -> Generator[str]:
    """Run `oidc-provider` and yield its issuer."""
    node, port = install(OIDC), free_port()
    issuer = f"http://127.0.0.1:{port}"
    command = [node, "provider.mjs", issuer, "app", callback, str(port), "federated"]
    with subprocess.Popen(
        command, cwd=OIDC, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield issuer
        finally:
            process.kill()


NANOIDP_SETTINGS = """
config_version: 1
server: {{host: 127.0.0.1, port: {port}}}
oauth:
  issuer: "http://127.0.0.1:{port}"
  audience: app
  clients:
    - client_id: app
      client_secret: s3cret
      redirect_uris: ["{callback}"]
      token_endpoint_auth_method: client_secret_post  # Cognito's only one
"""
NANOIDP_USERS = """
config_version: 1
users:
  ada: {password: any, email: ada@example.org, roles: [USER], tenant: default}
"""


@contextmanager
def nanoidp(callback: str, home: Path) -> Generator[str]:
    """Run nanoidp and yield its issuer."""
    python, port = python_with("nanoidp"), free_port()
    (home / "settings.yaml").write_text(NANOIDP_SETTINGS.format(port=port, callback=callback))
    (home / "users.yaml").write_text(NANOIDP_USERS)
    command = [str(python), "-m", "nanoidp", "--config", str(home), "--port", str(port)]
    health = "/.well-known/openid-configuration"
    with running(command, port=port, health=health, home=home, settings={}) as url:
        yield url


async def sign_in_with(served: Served, issuer: str, **typed: str) -> tuple[str, str | None]:
    """Sign in to the pool by way of the provider; return the user name and the e-mail address."""
    pool = served.pool(
        client=ClientSettings(
            callback_urls=(CALLBACK,),
            allowed_oauth_flows=("code",),
            allowed_oauth_scopes=("openid", "email", "aws.cognito.signin.user.admin"),
            allowed_oauth_flows_user_pool_client=True,
            supported_identity_providers=("Acme",),
        )
    )
    with aws_client("cognito-idp", served.url) as administrator:
        administrator.create_identity_provider(
            UserPoolId=pool.pool.id,
            ProviderName="Acme",
            ProviderType="OIDC",
            ProviderDetails={
                "client_id": "app",
                "client_secret": SECRET,
                "attributes_request_method": "GET",
                "oidc_issuer": issuer,
                "authorize_scopes": "openid email",
            },
            AttributeMapping={"email": "email"},
        )
    app = UserPool(
        user_pool_id=pool.pool.id,
        client_id=pool.client.id,
        endpoint=served.url,
        domain=served.url,
    )
    begin = SignInWithRedirect(redirect_uri=CALLBACK, provider=CustomProvider(custom="Acme"))
    async with AuthFlow(app) as flow:
        away = await flow.send(begin)
        assert isinstance(away, RedirectRequired)
        back = await sign_in_on_page(away.url, CALLBACK, **typed)
        done = await flow.send(ReturnFromRedirect(url=back))
        assert isinstance(done, Done)
        assert done.username is not None
        return done.username, (await flow.session.fetch_user_attributes()).get("email")


async def test_oidc_provider(served: Served) -> None:
    with oidc_provider(f"{served.url}/oauth2/idpresponse") as issuer:
        user = await sign_in_with(served, issuer, login="ada", password="any")
    assert user == ("Acme_ada", "ada@example.org")


async def test_nanoidp(served: Served, tmp_path: Path) -> None:
    with nanoidp(f"{served.url}/oauth2/idpresponse", tmp_path) as issuer:
        user = await sign_in_with(served, issuer, username="ada", password="any")
    assert user == ("Acme_ada", "ada@example.org")
