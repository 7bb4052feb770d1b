"""amazon-cognito-identity-js on Node against the embedded user pool on a port."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.counterparts.admin import PASSWORD
from tests.counterparts.node import Program, Refused, program
from tests.counterparts.served import TOTP_SECRET, WHAT_IS_BLUE, Served, ServedPool, another_than
from tests.counterparts.totp import code, wrong_code

pytestmark = pytest.mark.counterpart

NEW_PASSWORD = "New-Correct-Horse-2"

AppOf = Callable[[ServedPool], Program]


@pytest.fixture(scope="module")
def identity(node: str) -> Iterator[AppOf]:
    """Makes the library an app of a pool."""
    with program(node, "identity.mjs") as running:
        yield running.configured_for


def step(app: Program, call: str, **given: object) -> str:
    """The name of the callback that a call ends in."""
    return str(app.call(call, **given)["step"])


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
def test_a_right_and_a_wrong_password(served: Served, identity: AppOf, flow: str) -> None:
    pool = served.pool()
    pool.add_ada()
    app = identity(pool)
    with pytest.raises(Refused, match="NotAuthorizedException: Incorrect username or password"):
        app.call("signIn", username="ada", password="Wrong-Horse-1", flow=flow)
    signed_in = app.call("signIn", username="ada", password=PASSWORD, flow=flow)
    assert (signed_in["step"], signed_in["details"]["username"]) == ("onSuccess", "ada")
    assert app.call("attributes")["email"] == "ada@example.org"


def test_a_temporary_password_is_replaced(served: Served, identity: AppOf) -> None:
    pool = served.pool(required_attributes=("given_name",))
    pool.add_ada("Temporary-1!", status="FORCE_CHANGE_PASSWORD")
    app = identity(pool)
    assert step(app, "signIn", username="ada", password="Temporary-1!") == "newPasswordRequired"
    with pytest.raises(Refused, match="InvalidPasswordException"):
        app.call("newPassword", password="tiny", attributes={"given_name": "Ada"})
    assert (
        step(app, "newPassword", password=NEW_PASSWORD, attributes={"given_name": "Ada"})
        == "onSuccess"
    )
    assert app.call("attributes")["given_name"] == "Ada"
    assert step(app, "signIn", username="ada", password=NEW_PASSWORD) == "onSuccess"


def test_a_code_by_sms(served: Served, identity: AppOf) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada(mfa=["SMS_MFA"])
    app = identity(pool)
    assert step(app, "signIn", username="ada", password=PASSWORD) == "mfaRequired"
    with pytest.raises(Refused, match="CodeMismatchException"):
        app.call("sendCode", code=another_than(pool.code()), type="SMS_MFA")
    assert step(app, "sendCode", code=pool.code(), type="SMS_MFA") == "onSuccess"


def test_a_code_of_the_authenticator_app_chosen_among_factors(
    served: Served, identity: AppOf
) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada(mfa=["SMS_MFA", "SOFTWARE_TOKEN_MFA"], totp_secret=TOTP_SECRET)
    app = identity(pool)
    assert step(app, "signIn", username="ada", password=PASSWORD) == "selectMFAType"
    assert step(app, "selectMfa", type="SOFTWARE_TOKEN_MFA") == "totpRequired"
    with pytest.raises(Refused, match="CodeMismatchException"):
        app.call("sendCode", code=wrong_code(TOTP_SECRET), type="SOFTWARE_TOKEN_MFA")
    assert step(app, "sendCode", code=code(TOTP_SECRET), type="SOFTWARE_TOKEN_MFA") == "onSuccess"


def test_an_authenticator_app_is_set_up_during_a_sign_in(served: Served, identity: AppOf) -> None:
    pool = served.pool(mfa_configuration="ON", mfa_factors=("SOFTWARE_TOKEN_MFA",))
    pool.add_ada()
    app = identity(pool)
    assert step(app, "signIn", username="ada", password=PASSWORD) == "mfaSetup"
    associated = app.call("associateToken")
    assert associated["step"] == "associateSecretCode"
    secret = associated["details"]
    with pytest.raises(Refused, match="EnableSoftwareTokenMFAException"):
        app.call("verifyToken", code=wrong_code(secret))
    assert step(app, "verifyToken", code=code(secret)) == "onSuccess"
    assert step(app, "signIn", username="ada", password=PASSWORD) == "totpRequired"


@pytest.mark.parametrize("password", [None, PASSWORD])
def test_a_custom_challenge(served: Served, identity: AppOf, password: str | None) -> None:
    pool = served.pool(triggers=WHAT_IS_BLUE)
    pool.add_ada()
    app = identity(pool)
    asked = app.call("signIn", username="ada", password=password, flow="CUSTOM_AUTH")
    assert (asked["step"], asked["details"]["hint"]) == ("customChallenge", "blue")
    assert step(app, "answerChallenge", answer="sea") == "customChallenge"
    assert step(app, "answerChallenge", answer="sky") == "onSuccess"


def test_from_sign_up_to_a_new_password(served: Served, identity: AppOf) -> None:
    pool = served.pool()
    app = identity(pool)
    signed_up = app.call(
        "signUp", username="zoe", password=PASSWORD, attributes={"email": "zoe@example.org"}
    )
    assert signed_up == {"confirmed": False}
    app.call("resendCode", username="zoe")
    with pytest.raises(Refused, match="CodeMismatchException"):
        app.call("confirmSignUp", username="zoe", code=another_than(pool.code("zoe")))
    assert app.call("confirmSignUp", username="zoe", code=pool.code("zoe")) == "SUCCESS"
    assert step(app, "forgotPassword", username="zoe") == "inputVerificationCode"
    assert step(app, "confirmPassword", code=pool.code("zoe"), password=NEW_PASSWORD) == "onSuccess"
    assert step(app, "signIn", username="zoe", password=NEW_PASSWORD) == "onSuccess"


def test_tokens_are_renewed_until_the_sign_out(served: Served, identity: AppOf) -> None:
    pool = served.pool()
    pool.add_ada()
    app = identity(pool)
    first = app.call("signIn", username="ada", password=PASSWORD)["details"]["jti"]
    assert app.call("refresh")["details"]["jti"] != first
    app.call("globalSignOut")
    with pytest.raises(Refused):
        app.call("attributes")


def test_a_device_is_remembered_on_request_and_spares_the_code(
    served: Served, identity: AppOf
) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL", device_tracking="USER_OPT_IN")
    pool.add_ada(mfa=["SMS_MFA"])
    app = identity(pool)
    sign_in = {"username": "ada", "password": PASSWORD}
    assert step(app, "signIn", **sign_in) == "mfaRequired"
    signed_in = app.call("sendCode", code=pool.code(), type="SMS_MFA")
    assert (signed_in["step"], signed_in["confirm"]) == ("onSuccess", True)
    key = signed_in["details"]["device_key"]

    # Confirmed but not remembered: the code is asked, and then the device proves itself.
    assert step(app, "signIn", **sign_in) == "mfaRequired"
    assert step(app, "sendCode", code=pool.code(), type="SMS_MFA") == "onSuccess"
    assert app.call("rememberDevice") == "SUCCESS"
    again = app.call("signIn", **sign_in)
    assert (again["step"], again["details"]["device_key"]) == ("onSuccess", key)
    assert app.call("getDevice")["Device"]["DeviceKey"] == key
    assert [device["DeviceKey"] for device in app.call("listDevices")["Devices"]] == [key]
    assert app.call("refresh")["details"]["device_key"] == key

    assert app.call("notRememberDevice") == "SUCCESS"
    assert step(app, "signIn", **sign_in) == "mfaRequired"
    assert step(app, "sendCode", code=pool.code(), type="SMS_MFA") == "onSuccess"
    assert app.call("forgetDevice") == "SUCCESS"
    assert step(app, "signIn", **sign_in) == "mfaRequired"
    assert app.call("sendCode", code=pool.code(), type="SMS_MFA")["details"]["device_key"] != key


def test_a_device_that_is_always_remembered(served: Served, identity: AppOf) -> None:
    pool = served.pool(mfa_configuration="ON", device_tracking="ALWAYS", mfa_factors=("SMS_MFA",))
    pool.add_ada()
    app = identity(pool)
    sign_in = {"username": "ada", "password": PASSWORD}
    assert step(app, "signIn", **sign_in) == "mfaRequired"
    signed_in = app.call("sendCode", code=pool.code(), type="SMS_MFA")
    assert signed_in["confirm"] in (None, False)
    again = app.call("signIn", **sign_in)
    assert again["details"]["device_key"] == signed_in["details"]["device_key"]
