"""Clients that others wrote, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP
from pycognito.exceptions import ForceChangePasswordException

from auth_flow.transports.embedded import ClientSettings, EmbeddedCognito, EmbeddedUserPool, SigningKey, running
from tests.embedded.wire import PASSWORD

NEW = "Another-Horse-2"

pytestmark = [
    pytest.mark.counterpart,
    # pycognito's way to tell the time.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]


@dataclass
class Served:
    pool: EmbeddedUserPool
    url: str
    boto: Any


@pytest.fixture(scope="module")
def served(signing_key: SigningKey) -> Iterator[Served]:
    service = EmbeddedCognito()
    pool = service.create_pool(key=signing_key)
    with running(service) as url:
        config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
        boto = boto3.client("cognito-idp", region_name="eu-west-1", endpoint_url=url, config=config)
        yield Served(pool, url, boto)
        boto.close()


def srp_client(served: Served, username: str, password: str, **secret: str) -> AWSSRP:
    client = served.pool.create_client(ClientSettings(generate_secret=bool(secret)))
    if secret:
        secret = {"client_secret": client.secret or ""}
    return AWSSRP(username, password, served.pool.id, client.id, client=served.boto, **secret)


def test_pycognito_proves_its_password(served: Served) -> None:
    served.pool.create_user("pia", PASSWORD)
    assert srp_client(served, "pia", PASSWORD).authenticate_user()["AuthenticationResult"]
    assert srp_client(served, "pia", PASSWORD, client_secret="yes").authenticate_user()["AuthenticationResult"]
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        srp_client(served, "pia", "wrong").authenticate_user()


def test_pycognito_sets_a_new_password(served: Served) -> None:
    served.pool.create_user("tom", PASSWORD, status="FORCE_CHANGE_PASSWORD")
    srp_in = srp_client(served, "tom", PASSWORD)
    with pytest.raises(ForceChangePasswordException):
        srp_in.authenticate_user()
    assert srp_in.set_new_password_challenge(NEW)["AuthenticationResult"]
    assert srp_client(served, "tom", NEW).authenticate_user()["AuthenticationResult"]


def test_boto3_from_sign_up_to_a_changed_password(served: Served) -> None:
    boto, client_id = served.boto, served.pool.create_client().id
    email = [{"Name": "email", "Value": "eve@example.org"}]
    signed_up = boto.sign_up(ClientId=client_id, Username="eve", Password=PASSWORD, UserAttributes=email)
    assert not signed_up["UserConfirmed"]

    def code() -> str:
        message = served.pool.outbox.last("eve")
        assert message is not None
        return message.code

    with pytest.raises(boto.exceptions.CodeMismatchException):
        boto.confirm_sign_up(ClientId=client_id, Username="eve", ConfirmationCode="nope")
    boto.confirm_sign_up(ClientId=client_id, Username="eve", ConfirmationCode=code())
    boto.forgot_password(ClientId=client_id, Username="eve")
    boto.confirm_forgot_password(ClientId=client_id, Username="eve", ConfirmationCode=code(), Password=NEW)
    parameters = {"USERNAME": "eve", "PASSWORD": NEW}
    signed_in = boto.initiate_auth(ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    access = signed_in["AuthenticationResult"]["AccessToken"]
    boto.change_password(AccessToken=access, PreviousPassword=NEW, ProposedPassword=PASSWORD)
    with pytest.raises(boto.exceptions.NotAuthorizedException, match=r"Incorrect username or password."):
        boto.initiate_auth(ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    assert boto.admin_get_user(UserPoolId=served.pool.id, Username="eve")["UserStatus"] == "CONFIRMED"
    boto.delete_user(AccessToken=access)
    with pytest.raises(boto.exceptions.UserNotFoundException):
        boto.admin_get_user(UserPoolId=served.pool.id, Username="eve")


def test_the_key_set_is_where_the_configuration_says(served: Served) -> None:
    configuration = httpx.get(f"{served.url}{served.pool.id}/.well-known/openid-configuration").json()
    assert configuration["jwks_uri"].startswith(served.url)
    assert httpx.get(configuration["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"
