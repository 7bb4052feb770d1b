"""Clients that find the pool by its own address, unpatched: pycognito, the AWS CLI and Authlib."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pycognito import Cognito
from pycognito.exceptions import SoftwareTokenMFAChallengeException

from tests.counterparts.admin import PASSWORD
from tests.counterparts.environments import python_with
from tests.counterparts.served import Served, ServedPool
from tests.counterparts.totp import code

pytestmark = [
    pytest.mark.counterpart,
    # pycognito writes its timestamps with it.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
    # It leaves the sockets of its boto3 client to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture
def pool(served: Served) -> ServedPool:
    """A pool whose tokens name its own address as their issuer, with the user ada."""
    pool = served.pool(issuer_type="LOCAL", mfa_configuration="OPTIONAL")
    pool.add_ada()
    return pool


# pycognito


def pycognito_of(pool: ServedPool, username: str = "ada") -> Cognito:
    return Cognito(
        pool.pool.id,
        pool.client.id,
        username=username,
        access_key="none",
        secret_key="none",
        boto3_client_kwargs={"endpoint_url": pool.url},
    )


def test_pycognito_registers_an_authenticator(pool: ServedPool) -> None:
    ada = pycognito_of(pool)
    ada.authenticate(PASSWORD)
    ada.verify_tokens()
    secret = ada.associate_software_token()
    assert ada.verify_software_token(code(secret), "phone")
    ada.set_user_mfa_preference(False, True, preferred="SOFTWARE_TOKEN")
    again = pycognito_of(pool)
    with pytest.raises(SoftwareTokenMFAChallengeException):
        again.authenticate(PASSWORD)
    again.respond_to_software_token_mfa_challenge(code(secret, steps_ahead=1))
    assert again.access_claims["username"] == "ada"
    again.renew_access_token()


def test_pycognito_administers(pool: ServedPool) -> None:
    admin = pycognito_of(pool, "bob")
    admin.admin_create_user("bob", "Temporary-1!", {"MessageAction": "SUPPRESS"}, email="b@a.org")
    admin.new_password_challenge("Temporary-1!", PASSWORD)
    admin.admin_update_user_pool_client(
        pool.pool.id, pool.client.id, ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH"]
    )
    admin.admin_authenticate(PASSWORD)
    assert admin.admin_get_user().email == "b@a.org"
    assert sorted(user.username for user in admin.get_users()) == ["ada", "bob"]
    admin.admin_disable_user("bob")
    with pytest.raises(admin.client.exceptions.NotAuthorizedException):
        admin.admin_authenticate(PASSWORD)


# The AWS CLI


def aws(pool: ServedPool, home: Path, command: str, **options: Any) -> Any:
    """Run `aws cognito-idp COMMAND --OPTION VALUE …` and return its output."""
    program = python_with("awscli").parent / "aws"
    arguments = [
        part
        for name, value in options.items()
        for part in (
            f"--{name.replace('_', '-')}",
            value if isinstance(value, str) else json.dumps(value),
        )
    ]
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": pool.pool.region,
        "AWS_ENDPOINT_URL": pool.url,
    }
    done = subprocess.run(
        [program, "cognito-idp", command, "--output", "json", *arguments],
        env=settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "{}")


def test_the_aws_cli_signs_in_by_a_challenge(pool: ServedPool, tmp_path: Path) -> None:
    user = {"user_pool_id": pool.pool.id, "username": "bob"}
    aws(pool, tmp_path, "admin-create-user", **user, temporary_password="Temporary-1!")
    asked = aws(
        pool,
        tmp_path,
        "initiate-auth",
        auth_flow="USER_PASSWORD_AUTH",
        client_id=pool.client.id,
        auth_parameters={"USERNAME": "bob", "PASSWORD": "Temporary-1!"},
    )
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    signed_in = aws(
        pool,
        tmp_path,
        "respond-to-auth-challenge",
        client_id=pool.client.id,
        challenge_name="NEW_PASSWORD_REQUIRED",
        session=asked["Session"],
        challenge_responses={"USERNAME": "bob", "NEW_PASSWORD": PASSWORD},
    )
    token = signed_in["AuthenticationResult"]["AccessToken"]
    assert aws(pool, tmp_path, "get-user", access_token=token)["Username"] == "bob"


# Authlib

DISCOVERS = """
import sys
import httpx
from joserfc import jwt
from joserfc.jwk import KeySet
from authlib.oidc.discovery import get_well_known_url

issuer, token = sys.argv[1:]
document = httpx.get(get_well_known_url(issuer, external=True)).json()
assert document["issuer"] == issuer
claims = jwt.decode(token, KeySet.import_key_set(httpx.get(document["jwks_uri"]).json())).claims
assert claims["iss"] == issuer
print(claims["email"])
"""


def test_authlib_discovers_the_pool_and_verifies_its_tokens(pool: ServedPool) -> None:
    ada = pycognito_of(pool)
    ada.authenticate(PASSWORD)
    python = python_with("authlib", "httpx", "joserfc")
    done = subprocess.run(
        [python, "-c", DISCOVERS, pool.pool.issuer, ada.id_token],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "ada@example.org\n"), done.stderr
