"""pycognito against the embedded user pool on a port: SRP as another library does it, and tokens
verified by PyJWT.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pycognito import Cognito
from pycognito.aws_srp import AWSSRP, generate_hash_device
from pycognito.exceptions import (
    ForceChangePasswordException,
    SMSMFAChallengeException,
    SoftwareTokenMFAChallengeException,
)

from auth_flow.embedded import ClientSettings
from tests.counterparts.admin import PASSWORD, aws_client
from tests.counterparts.served import TOTP_SECRET, Served, ServedPool, another_than
from tests.counterparts.totp import code, wrong_code

pytestmark = [
    pytest.mark.counterpart,
    # pycognito writes its timestamps with it.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

NEW_PASSWORD = "New-Correct-Horse-2"


@pytest.fixture(scope="module")
def cognito(served: Served) -> Iterator[Any]:
    """The boto3 client that pycognito speaks through."""
    with aws_client("cognito-idp", served.url, served.service.region) as client:
        yield client


class OneClient:
    """A session of boto3 that knows one client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str, **_: Any) -> Any:
        assert service == self._client.meta.service_model.service_name
        return self._client


@pytest.fixture
def user(cognito: Any) -> Any:
    """Makes pycognito's user of a pool. It is given the pool's keys, which it would else fetch from
    AWS.
    """

    def make(served: ServedPool, username: str = "ada") -> Cognito:
        user = Cognito(
            served.pool.id,
            served.client.id,
            username=username,
            client_secret=served.client.secret,
            session=OneClient(cognito),
        )
        user.pool_jwk = httpx.get(f"{served.url}/{served.pool.id}/.well-known/jwks.json").json()
        return user

    return make


@pytest.mark.parametrize("with_secret", [False, True])
def test_the_right_password_signs_in(served: Served, user: Any, with_secret: bool) -> None:
    pool = served.pool(client=ClientSettings(generate_secret=with_secret))
    pool.add_ada()
    ada = user(pool)
    ada.authenticate(PASSWORD)
    assert ada.access_claims["username"] == "ada"
    assert ada.id_claims["email"] == "ada@example.org"
    assert ada.get_user().sub == ada.access_claims["sub"]


@pytest.mark.parametrize("with_secret", [False, True])
def test_a_wrong_password_does_not(served: Served, user: Any, with_secret: bool) -> None:
    pool = served.pool(client=ClientSettings(generate_secret=with_secret))
    pool.add_ada()
    ada = user(pool)
    with pytest.raises(
        ada.client.exceptions.NotAuthorizedException, match="Incorrect username or password"
    ):
        ada.authenticate("Wrong-Horse-1")


def test_a_wrong_client_secret_does_not(served: Served, user: Any) -> None:
    pool = served.pool(client=ClientSettings(generate_secret=True))
    pool.add_ada()
    ada = user(pool)
    ada.client_secret = "another-secret-of-24-letters"
    with pytest.raises(ada.client.exceptions.NotAuthorizedException, match="secret hash"):
        ada.authenticate(PASSWORD)


@pytest.mark.parametrize("with_secret", [False, True])
def test_a_temporary_password_is_replaced(served: Served, user: Any, with_secret: bool) -> None:
    pool = served.pool(client=ClientSettings(generate_secret=with_secret))
    pool.add_ada("Temporary-1!", status="FORCE_CHANGE_PASSWORD")
    ada = user(pool)
    with pytest.raises(ForceChangePasswordException):
        ada.authenticate("Temporary-1!")
    ada.new_password_challenge("Temporary-1!", NEW_PASSWORD)
    assert ada.access_claims["username"] == "ada"
    user(pool).authenticate(NEW_PASSWORD)


@pytest.mark.parametrize("with_secret", [False, True])
def test_a_code_of_the_authenticator_app_is_the_second_factor(
    served: Served, user: Any, with_secret: bool
) -> None:
    pool = served.pool(
        mfa_configuration="OPTIONAL", client=ClientSettings(generate_secret=with_secret)
    )
    pool.add_ada(mfa=["SOFTWARE_TOKEN_MFA"], totp_secret=TOTP_SECRET)
    ada = user(pool)
    with pytest.raises(SoftwareTokenMFAChallengeException):
        ada.authenticate(PASSWORD)
    with pytest.raises(ada.client.exceptions.CodeMismatchException):
        ada.respond_to_software_token_mfa_challenge(wrong_code(TOTP_SECRET))
    ada.respond_to_software_token_mfa_challenge(code(TOTP_SECRET))
    assert ada.access_claims["username"] == "ada"


def test_a_code_by_sms_is_the_second_factor(served: Served, user: Any) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada(mfa=["SMS_MFA"])
    ada = user(pool)
    with pytest.raises(SMSMFAChallengeException):
        ada.authenticate(PASSWORD)
    with pytest.raises(ada.client.exceptions.CodeMismatchException):
        ada.respond_to_sms_mfa_challenge(another_than(pool.code()))
    ada.respond_to_sms_mfa_challenge(pool.code())
    assert ada.access_claims["username"] == "ada"


def test_an_authenticator_app_is_set_up_and_preferred(served: Served, user: Any) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada()
    ada = user(pool)
    ada.authenticate(PASSWORD)
    secret = ada.associate_software_token()
    assert ada.verify_software_token(code(secret), "phone")
    ada.set_user_mfa_preference(sms_mfa=False, software_token_mfa=True, preferred="SOFTWARE_TOKEN")
    with pytest.raises(SoftwareTokenMFAChallengeException):
        user(pool).authenticate(PASSWORD)


def test_tokens_are_renewed_until_the_sign_out(served: Served, user: Any) -> None:
    pool = served.pool(client=ClientSettings(generate_secret=True))
    pool.add_ada()
    ada = user(pool)
    ada.authenticate(PASSWORD)
    first = ada.access_token
    ada.renew_access_token()
    assert ada.access_token != first
    refresh = ada.refresh_token
    ada.logout()
    ada.refresh_token = refresh
    with pytest.raises(ada.client.exceptions.NotAuthorizedException):
        ada.renew_access_token()


def test_from_sign_up_to_a_new_password(served: Served, user: Any) -> None:
    pool = served.pool(client=ClientSettings(generate_secret=True))
    zoe = user(pool, "zoe")
    zoe.set_base_attributes(email="zoe@example.org")
    assert zoe.register("zoe", PASSWORD)["UserConfirmed"] is False
    zoe.resend_confirmation_code("zoe")
    zoe.confirm_sign_up(pool.code("zoe"))
    zoe.authenticate(PASSWORD)
    zoe.initiate_forgot_password()
    zoe.confirm_forgot_password(pool.code("zoe"), NEW_PASSWORD)
    again = user(pool, "zoe")
    again.authenticate(NEW_PASSWORD)
    again.change_password(NEW_PASSWORD, PASSWORD)
    user(pool, "zoe").authenticate(PASSWORD)


def test_a_remembered_device_proves_itself(served: Served, cognito: Any) -> None:
    """Although pycognito sends no Session with a device's answers."""
    pool = served.pool(device_tracking="ALWAYS", mfa_configuration="OPTIONAL")
    pool.add_ada()
    who = {
        "username": "ada",
        "password": PASSWORD,
        "pool_id": pool.pool.id,
        "client_id": pool.client.id,
        "client": cognito,
    }
    result = AWSSRP(**who).authenticate_user()["AuthenticationResult"]
    key, group = (
        result["NewDeviceMetadata"]["DeviceKey"],
        result["NewDeviceMetadata"]["DeviceGroupKey"],
    )
    password, verifier = generate_hash_device(group, key)
    cognito.confirm_device(
        AccessToken=result["AccessToken"], DeviceKey=key, DeviceSecretVerifierConfig=verifier
    )

    device = {"device_key": key, "device_group_key": group, "device_password": password}
    again = AWSSRP(**who, **device).authenticate_user()["AuthenticationResult"]
    assert "NewDeviceMetadata" not in again
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        AWSSRP(**who, **{**device, "device_password": "another"}).authenticate_user()
