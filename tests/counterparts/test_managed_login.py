"""Managed login with others' clients: Chromium, Amplify's redirect, openid-client, Authlib."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import trustme

from auth_flow.embedded import ClientSettings, EmbeddedCognito, PoolSettings, SigningKey
from tests.counterparts.admin import PASSWORD
from tests.counterparts.environments import python_with
from tests.counterparts.node import Program, program
from tests.counterparts.processes import free_port
from tests.counterparts.served import ADA, Served, ServedPool, in_a_thread

pytestmark = pytest.mark.counterpart


def oauth(callback: str, *, by_choice: bool = False, **more: Any) -> ClientSettings:
    flows = ("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
    return ClientSettings(
        callback_urls=(callback,),
        logout_urls=(callback,),
        allowed_oauth_flows=("code",),
        allowed_oauth_scopes=("openid", "email", "aws.cognito.signin.user.admin"),
        allowed_oauth_flows_user_pool_client=True,
        explicit_auth_flows=(*flows, *(("ALLOW_USER_AUTH",) if by_choice else ())),
        **more,
    )


# Chromium


def test_a_person_signs_in_with_a_second_factor(served: Served, browser: Program) -> None:
    origin = browser.call("origin")
    pool = served.pool(
        client=oauth(f"{origin}/"), mfa_configuration="ON", mfa_factors=("EMAIL_OTP",)
    )
    pool.add_ada()
    query = urlencode(
        {
            "client_id": pool.client.id,
            "response_type": "code",
            "redirect_uri": f"{origin}/",
            "state": "st-1",
        }
    )
    browser.call("newBrowser")
    browser.call("open", url=f"{pool.url}/oauth2/authorize?{query}")
    assert browser.call("axe") == []
    browser.call("fill", username="ada", password="Wrong-Horse-1")
    browser.call("press", text="Sign in")
    browser.call("see", text="The user name or the password is wrong.")
    assert browser.call("axe") == []
    browser.call("fill", password=PASSWORD)
    browser.call("press", text="Sign in")
    browser.call("see", text="a***@e***")
    browser.call("fill", code=pool.code())
    browser.call("press", text="Continue")
    browser.call("arrive", part="state=st-1")
    assert browser.call("address").startswith(f"{origin}/?code=")
    browser.call("back")
    browser.call("see", text="This sign-in has expired")
    browser.call("open", url=f"{pool.url}/oauth2/authorize?{query}")
    browser.call("arrive", part="?code=")


# Amplify


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedCognito, str]]:
    """The service over TLS, because Amplify goes to no other domain."""
    service, port = EmbeddedCognito(), free_port()
    certificate = tmp_path_factory.mktemp("tls") / "server.pem"
    trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(certificate)
    with in_a_thread(service, port, ssl_certfile=certificate):
        yield service, f"localhost:{port}"


def test_amplify_signs_in_with_a_redirect(
    secure: tuple[EmbeddedCognito, str], browser: Program
) -> None:
    service, domain = secure
    origin = browser.call("origin")
    pool = service.create_pool(PoolSettings(), key=SigningKey())
    client = pool.create_client(oauth(f"{origin}/redirect"))
    pool.create_user("ada", PASSWORD, attributes=ADA)
    settings = {"pool": pool.id, "client": client.id, "endpoint": f"https://{domain}"}
    query = urlencode({**settings, "domain": domain})
    browser.call("newBrowser")
    browser.call("open", url=f"{origin}/redirect?{query}")
    browser.call("press", text="Sign in")
    browser.call("arrive", part="/login")
    browser.call("fill", username="ada", password=PASSWORD)
    browser.call("press", text="Sign in")
    browser.call("see", text="Hello, ada@example.org")
    browser.call("press", text="Sign out")
    browser.call("arrive", part="/redirect")
    browser.call("see", text="Nobody is signed in")


# openid-client and Authlib


@pytest.fixture
def pool(served: Served) -> ServedPool:
    pool = served.pool(
        issuer_type="LOCAL", client=oauth("http://localhost:9/cb", generate_secret=True)
    )
    pool.add_ada()
    return pool


def sign_in_at(url: str) -> str:
    """Sign ada in at the pages, and return the URL at which the application is called back."""
    with httpx.Client(follow_redirects=True) as person:
        page = person.get(url)
        hidden = {
            name: page.text.partition(f'name="{name}" value="')[2].partition('"')[0]
            for name in ("flow", "token")
        }
        form = {**hidden, "username": "ada", "password": PASSWORD, "action": "submit"}
        answer = person.post(page.url.join("/login"), data=form, follow_redirects=False)
        return answer.headers["location"]


def test_openid_client(pool: ServedPool, node: str) -> None:
    with program(node, "openid.mjs") as app:
        metadata = app.call(
            "discover",
            issuer=pool.pool.issuer,
            client=pool.client.id,
            secret=pool.client.secret,
            redirect="http://localhost:9/cb",
        )
        assert metadata["authorization_endpoint"] == f"{pool.url}/oauth2/authorize"
        done = app.call("finish", url=sign_in_at(app.call("begin")))
    assert done["claims"]["email"] == done["info"]["email"] == "ada@example.org"
    assert done["renewed"]["sub"] == done["claims"]["sub"]


SIGNS_IN = """
import os, sys
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
import httpx
from authlib.integrations.httpx_client import OAuth2Client
issuer, client, secret, callback = sys.argv[1:]
server = httpx.get(issuer + "/.well-known/openid-configuration").json()
with OAuth2Client(client, secret, scope="openid email", redirect_uri=callback,
                  code_challenge_method="S256") as app:
    verifier = "v" * 43
    url, state = app.create_authorization_url(
        server["authorization_endpoint"], code_verifier=verifier
    )
    print(url, flush=True)
    token = app.fetch_token(server["token_endpoint"], authorization_response=input(), state=state,
                            code_verifier=verifier)
    print(app.get(server["userinfo_endpoint"]).json()["email"])
    app.refresh_token(server["token_endpoint"], token["refresh_token"])
"""


def test_authlib(pool: ServedPool) -> None:
    python: Path = python_with("authlib", "httpx", "joserfc")
    assert pool.client.secret is not None
    arguments = [pool.pool.issuer, pool.client.id, pool.client.secret, "http://localhost:9/cb"]
    with subprocess.Popen(
        [python, "-c", SIGNS_IN, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as app:
        assert app.stdout is not None
        url = sign_in_at(app.stdout.readline().strip())
        told, _ = app.communicate(f"{url}\n", timeout=60)
    assert (app.returncode, told) == (0, "ada@example.org\n")
