"""aws-amplify on Node against the embedded user pool on a port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.counterparts.admin import PASSWORD
from tests.counterparts.node import Program, Refused, program
from tests.counterparts.served import TOTP_SECRET, WHAT_IS_BLUE, Served, ServedPool, another_than
from tests.counterparts.totp import code, wrong_code

pytestmark = pytest.mark.counterpart

NEW_PASSWORD = "New-Correct-Horse-2"

AppOf = Callable[[ServedPool], Program]


@pytest.fixture(scope="module")
def amplify(node: str) -> Iterator[AppOf]:
    """Makes Amplify an app of a pool."""
    with program(node, "amplify.mjs") as running:
        yield running.configured_for


def sign_in(
    app: Program, password: str | None = PASSWORD, username: str = "ada", **options: str
) -> Any:
    """The next step after signIn."""
    given = {"username": username, "password": password, "options": options}
    return app.call(
        "signIn", **{name: value for name, value in given.items() if value is not None}
    )["nextStep"]


def answer(app: Program, response: str) -> Any:
    """The next step after confirmSignIn."""
    return app.call("confirmSignIn", challengeResponse=response)["nextStep"]


def is_ada(app: Program) -> bool:
    """Whether Amplify holds tokens of ada that the service takes."""
    return app.call("getCurrentUser")["username"] == "ada" and "sub" in app.call(
        "fetchUserAttributes"
    )


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
def test_a_right_and_a_wrong_password(served: Served, amplify: AppOf, flow: str) -> None:
    pool = served.pool()
    pool.add_ada()
    app = amplify(pool)
    with pytest.raises(Refused, match="NotAuthorizedException: Incorrect username or password"):
        sign_in(app, "Wrong-Horse-1", authFlowType=flow)
    with pytest.raises(Refused, match="UserNotFoundException"):
        sign_in(app, username="nobody", authFlowType=flow)
    assert sign_in(app, authFlowType=flow) == {"signInStep": "DONE"}
    assert is_ada(app)


def test_a_temporary_password_is_replaced(served: Served, amplify: AppOf) -> None:
    pool = served.pool(required_attributes=("given_name",))
    pool.add_ada("Temporary-1!", status="FORCE_CHANGE_PASSWORD")
    app = amplify(pool)
    step = sign_in(app, "Temporary-1!")
    assert step == {
        "signInStep": "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED",
        "missingAttributes": ["given_name"],
    }
    options = {"userAttributes": {"given_name": "Ada"}}
    with pytest.raises(Refused, match="InvalidPasswordException"):
        app.call("confirmSignIn", challengeResponse="tiny", options=options)
    assert app.call("confirmSignIn", challengeResponse=NEW_PASSWORD, options=options)["isSignedIn"]
    assert app.call("fetchUserAttributes")["given_name"] == "Ada"


@pytest.mark.parametrize(("factor", "medium"), [("SMS_MFA", "SMS"), ("EMAIL_OTP", "EMAIL")])
def test_a_code_that_was_sent(served: Served, amplify: AppOf, factor: str, medium: str) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada(mfa=[factor])
    app = amplify(pool)
    asked = sign_in(app)
    assert asked["signInStep"] == f"CONFIRM_SIGN_IN_WITH_{medium}_CODE"
    assert asked["codeDeliveryDetails"]["deliveryMedium"] == medium
    with pytest.raises(Refused, match="CodeMismatchException"):
        answer(app, another_than(pool.code()))
    assert answer(app, pool.code()) == {"signInStep": "DONE"}
    assert is_ada(app)


def test_a_code_of_the_authenticator_app_chosen_among_factors(
    served: Served, amplify: AppOf
) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada(mfa=["SMS_MFA", "SOFTWARE_TOKEN_MFA"], totp_secret=TOTP_SECRET)
    app = amplify(pool)
    step = sign_in(app)
    assert step == {
        "signInStep": "CONTINUE_SIGN_IN_WITH_MFA_SELECTION",
        "allowedMFATypes": ["SMS", "TOTP"],
    }
    assert answer(app, "TOTP") == {"signInStep": "CONFIRM_SIGN_IN_WITH_TOTP_CODE"}
    with pytest.raises(Refused, match="CodeMismatchException"):
        answer(app, wrong_code(TOTP_SECRET))
    assert answer(app, code(TOTP_SECRET)) == {"signInStep": "DONE"}
    assert is_ada(app)


def test_an_authenticator_app_is_set_up_during_a_sign_in(served: Served, amplify: AppOf) -> None:
    pool = served.pool(mfa_configuration="ON", mfa_factors=("SOFTWARE_TOKEN_MFA", "EMAIL_OTP"))
    pool.add_ada(attributes={})
    app = amplify(pool)
    step = sign_in(app)
    assert step == {
        "signInStep": "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION",
        "allowedMFATypes": ["TOTP", "EMAIL"],
    }
    step = answer(app, "TOTP")
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
    secret = step["totpSetupDetails"]["sharedSecret"]
    assert answer(app, code(secret)) == {"signInStep": "DONE"}
    app.call("signOut")
    assert sign_in(app) == {"signInStep": "CONFIRM_SIGN_IN_WITH_TOTP_CODE"}
    assert answer(app, code(secret, steps_ahead=1)) == {"signInStep": "DONE"}


def test_an_address_is_set_up_during_a_sign_in(served: Served, amplify: AppOf) -> None:
    pool = served.pool(mfa_configuration="ON", mfa_factors=("EMAIL_OTP",))
    pool.add_ada(attributes={})
    app = amplify(pool)
    assert sign_in(app) == {"signInStep": "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"}
    assert answer(app, "ada@example.net")["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert answer(app, pool.code()) == {"signInStep": "DONE"}


@pytest.mark.parametrize(
    ("flow", "password"), [("CUSTOM_WITHOUT_SRP", None), ("CUSTOM_WITH_SRP", PASSWORD)]
)
def test_a_custom_challenge(
    served: Served, amplify: AppOf, flow: str, password: str | None
) -> None:
    pool = served.pool(triggers=WHAT_IS_BLUE)
    pool.add_ada()
    app = amplify(pool)
    step = sign_in(app, password, authFlowType=flow)
    assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    assert step["additionalInfo"]["hint"] == "blue"
    assert answer(app, "sea")["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    assert answer(app, "sky") == {"signInStep": "DONE"}
    assert is_ada(app)


def test_a_choice_of_first_factors(served: Served, amplify: AppOf) -> None:
    pool = served.pool()
    pool.add_ada()
    app = amplify(pool)
    step = sign_in(app, None, authFlowType="USER_AUTH")
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
    assert set(step["availableChallenges"]) == {"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"}
    assert answer(app, "PASSWORD_SRP") == {"signInStep": "CONFIRM_SIGN_IN_WITH_PASSWORD"}
    assert answer(app, PASSWORD) == {"signInStep": "DONE"}
    app.call("signOut")
    assert sign_in(app, authFlowType="USER_AUTH", preferredChallenge="PASSWORD_SRP") == {
        "signInStep": "DONE"
    }
    app.call("signOut")
    step = sign_in(app, None, authFlowType="USER_AUTH", preferredChallenge="EMAIL_OTP")
    assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert answer(app, pool.code()) == {"signInStep": "DONE"}


def test_from_sign_up_to_a_new_password(served: Served, amplify: AppOf) -> None:
    pool = served.pool()
    app = amplify(pool)
    options = {"userAttributes": {"email": "zoe@example.org"}, "autoSignIn": True}
    step = app.call("signUp", username="zoe", password=PASSWORD, options=options)["nextStep"]
    assert step["signUpStep"] == "CONFIRM_SIGN_UP"
    assert step["codeDeliveryDetails"]["deliveryMedium"] == "EMAIL"
    assert app.call("resendSignUpCode", username="zoe")["attributeName"] == "email"
    confirmed = app.call("confirmSignUp", username="zoe", confirmationCode=pool.code("zoe"))
    assert confirmed["nextStep"] == {"signUpStep": "COMPLETE_AUTO_SIGN_IN"}
    assert app.call("autoSignIn")["isSignedIn"]
    app.call("signOut")

    step = app.call("resetPassword", username="zoe")["nextStep"]
    assert step["resetPasswordStep"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    reset = {"username": "zoe", "newPassword": NEW_PASSWORD}
    with pytest.raises(Refused, match="CodeMismatchException"):
        app.call("confirmResetPassword", **reset, confirmationCode=another_than(pool.code("zoe")))
    app.call("confirmResetPassword", **reset, confirmationCode=pool.code("zoe"))
    with pytest.raises(Refused, match="NotAuthorizedException"):
        sign_in(app, username="zoe")
    assert sign_in(app, NEW_PASSWORD, username="zoe") == {"signInStep": "DONE"}
    app.call("updatePassword", oldPassword=NEW_PASSWORD, newPassword=PASSWORD)
    app.call("deleteUser")
    with pytest.raises(Refused, match="UserNotFoundException"):
        sign_in(app, username="zoe")


def test_an_account_that_has_to_be_brought_in_order_first(served: Served, amplify: AppOf) -> None:
    pool = served.pool()
    pool.add_ada(status="RESET_REQUIRED")
    pool.pool.create_user("eve", PASSWORD, status="UNCONFIRMED")
    app = amplify(pool)
    assert sign_in(app) == {"signInStep": "RESET_PASSWORD"}
    assert sign_in(app, username="eve") == {"signInStep": "CONFIRM_SIGN_UP"}


def test_the_signed_in_half(served: Served, amplify: AppOf) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL", device_tracking="USER_OPT_IN")
    pool.add_ada()
    app = amplify(pool)
    assert sign_in(app) == {"signInStep": "DONE"}
    before = app.call("fetchAuthSession")["tokens"]["accessToken"]["payload"]["jti"]
    after = app.call("fetchAuthSession", forceRefresh=True)["tokens"]["accessToken"]["payload"][
        "jti"
    ]
    assert before != after

    changed = app.call("updateUserAttributes", userAttributes={"email": "ada@example.net"})["email"]
    assert changed["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
    app.call("confirmUserAttribute", userAttributeKey="email", confirmationCode=pool.code())
    assert app.call("fetchUserAttributes")["email_verified"] == "true"

    secret = app.call("setUpTOTP")["sharedSecret"]
    app.call("verifyTOTPSetup", code=code(secret))
    app.call("updateMFAPreference", totp="PREFERRED", sms="ENABLED")
    assert app.call("fetchMFAPreference") == {"preferred": "TOTP", "enabled": ["SMS", "TOTP"]}

    app.call("rememberDevice")
    assert len(app.call("fetchDevices")) == 1
    app.call("forgetDevice")
    assert app.call("fetchDevices") == []
    app.call("signOut", **{"global": True})
    with pytest.raises(Refused, match="UserUnAuthenticatedException"):
        app.call("fetchUserAttributes")


def test_a_remembered_device_proves_itself_instead_of_a_second_factor(
    served: Served, amplify: AppOf
) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL", device_tracking="ALWAYS")
    pool.add_ada(mfa=["SMS_MFA"])
    app = amplify(pool)
    assert sign_in(app)["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert answer(app, pool.code()) == {"signInStep": "DONE"}
    app.call("signOut")
    assert sign_in(app) == {"signInStep": "DONE"}
    assert is_ada(app)


def device_key(pool: ServedPool, app: Program) -> str:
    """The device of the tokens that Amplify holds, as the pool has it."""
    payload = app.call("fetchAuthSession")["tokens"]["accessToken"]["payload"]
    user = pool.pool.user("ada")
    assert user is not None
    assert user.devices[payload["device_key"]].verifier is not None
    return str(payload["device_key"])


def test_a_device_spares_the_code(served: Served, amplify: AppOf) -> None:
    pool = served.pool(mfa_configuration="ON", device_tracking="ALWAYS", mfa_factors=("SMS_MFA",))
    pool.add_ada()
    app = amplify(pool)
    assert sign_in(app)["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert answer(app, pool.code())["signInStep"] == "DONE"
    key = device_key(pool, app)
    app.call("signOut")
    # USER_PASSWORD_AUTH carries the device key of the last user, USER_SRP_AUTH its proof.
    for flow in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH"):
        assert sign_in(app, authFlowType=flow)["signInStep"] == "DONE"
        assert device_key(pool, app) == key
        app.call("fetchAuthSession", forceRefresh=True)
        assert [device["id"] for device in app.call("fetchDevices")] == [key]
        app.call("signOut")


def test_a_device_is_remembered_and_forgotten_on_request(served: Served, amplify: AppOf) -> None:
    pool = served.pool(
        mfa_configuration="ON", device_tracking="USER_OPT_IN", mfa_factors=("SMS_MFA",)
    )
    pool.add_ada()
    app = amplify(pool)
    assert sign_in(app)["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert answer(app, pool.code())["signInStep"] == "DONE"
    key = device_key(pool, app)
    app.call("signOut")
    assert sign_in(app)["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert answer(app, pool.code())["signInStep"] == "DONE"
    app.call("rememberDevice")
    app.call("signOut")
    assert sign_in(app)["signInStep"] == "DONE"
    app.call("forgetDevice")
    app.call("signOut")
    assert sign_in(app)["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert answer(app, pool.code())["signInStep"] == "DONE"
    assert device_key(pool, app) != key


def test_a_device_forgotten_elsewhere_does_not_stop_the_sign_in(
    served: Served, amplify: AppOf
) -> None:
    pool = served.pool(mfa_configuration="ON", device_tracking="ALWAYS", mfa_factors=("SMS_MFA",))
    pool.add_ada()
    app = amplify(pool)
    sign_in(app)
    answer(app, pool.code())
    app.call("signOut")
    user = pool.pool.user("ada")
    assert user is not None
    user.devices.clear()
    assert sign_in(app)["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"


def test_a_passwordless_sign_up_ends_signed_in(served: Served, amplify: AppOf) -> None:
    pool = served.pool()
    app = amplify(pool)
    given = {
        "userAttributes": {"email": "zoe@example.org"},
        "autoSignIn": {"authFlowType": "USER_AUTH"},
    }
    step = app.call("signUp", username="zoe", options=given)["nextStep"]
    assert step["signUpStep"] == "CONFIRM_SIGN_UP"
    step = app.call("confirmSignUp", username="zoe", confirmationCode=pool.code("zoe"))["nextStep"]
    assert step["signUpStep"] == "COMPLETE_AUTO_SIGN_IN"
    assert app.call("autoSignIn")["nextStep"]["signInStep"] == "DONE"
    assert app.call("getCurrentUser")["username"] == "zoe"
