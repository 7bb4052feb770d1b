"""aws-amplify and the Authenticator of ui-react in Chromium, straight at the embedded pool."""

from __future__ import annotations

import pytest

from tests.counterparts.admin import PASSWORD
from tests.counterparts.node import Program, Refused
from tests.counterparts.served import Served, ServedPool
from tests.counterparts.totp import code
from tests.counterparts.virtual import VirtualAuthenticator

pytestmark = pytest.mark.counterpart

NEW_PASSWORD = "New-Correct-Horse-2"


def test_amplify_in_a_page(served: Served, browser: Program) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL", device_tracking="USER_OPT_IN")
    app = browser.configured_for(pool)
    options = {"userAttributes": {"email": "zoe@example.org"}, "autoSignIn": True}
    app.call("signUp", username="zoe", password=PASSWORD, options=options)
    app.call("confirmSignUp", username="zoe", confirmationCode=pool.code("zoe"))
    assert app.call("autoSignIn")["isSignedIn"]
    secret = app.call("setUpTOTP")["sharedSecret"]
    app.call("verifyTOTPSetup", code=code(secret))
    app.call("updateMFAPreference", totp="PREFERRED")
    app.call("signOut")

    with pytest.raises(Refused, match="Incorrect username or password"):
        app.call("signIn", username="zoe", password="Wrong-Horse-1")
    step = app.call("signIn", username="zoe", password=PASSWORD)["nextStep"]
    assert step == {"signInStep": "CONFIRM_SIGN_IN_WITH_TOTP_CODE"}
    assert app.call("confirmSignIn", challengeResponse=code(secret, steps_ahead=1))["isSignedIn"]
    assert app.call("fetchUserAttributes")["email_verified"] == "true"
    assert len(app.call("fetchDevices")) == 1
    app.call("rememberDevice")
    app.call("fetchAuthSession", forceRefresh=True)
    app.call("signOut", **{"global": True})


def passkey_sign_in(app: Program) -> bool:
    """Whether ada is signed in by a passkey, and nothing else."""
    options = {"authFlowType": "USER_AUTH", "preferredChallenge": "WEB_AUTHN"}
    return bool(app.call("signIn", username="ada", options=options)["isSignedIn"])


def test_a_passkey_made_in_a_page_signs_in(served: Served, browser: Program) -> None:
    """Chromium's own WebAuthn makes and uses the passkey; the pool is the relying party."""
    pool = served.pool(user_verification="required")
    pool.add_ada()
    app = browser.configured_for(pool)
    VirtualAuthenticator(app)
    app.call("signIn", username="ada", password=PASSWORD)
    app.call("associateWebAuthnCredential")
    (passkey,) = app.call("listWebAuthnCredentials")["credentials"]
    assert passkey["relyingPartyId"] == "localhost"
    app.call("signOut")
    for _ in range(2):
        assert passkey_sign_in(app)
        assert app.call("getCurrentUser")["username"] == "ada"
        app.call("signOut")

    app.call("signIn", username="ada", password=PASSWORD)
    app.call("deleteWebAuthnCredential", credentialId=passkey["credentialId"])
    app.call("signOut")
    assert not passkey_sign_in(app)


def test_a_passkey_satisfies_required_mfa(served: Served, browser: Program) -> None:
    pool = served.pool(
        mfa_configuration="ON",
        mfa_factors=("SMS_MFA",),
        passkey_factor="MULTI_FACTOR_WITH_USER_VERIFICATION",
    )
    pool.add_ada()
    app = browser.configured_for(pool)
    VirtualAuthenticator(app)
    app.call("signIn", username="ada", password=PASSWORD)
    app.call("confirmSignIn", challengeResponse=pool.code())
    app.call("associateWebAuthnCredential")
    app.call("signOut")
    assert passkey_sign_in(app)


def test_a_passkey_is_not_made_without_user_verification(served: Served, browser: Program) -> None:
    pool = served.pool(user_verification="required")
    pool.add_ada()
    app = browser.configured_for(pool)
    VirtualAuthenticator(app, verifies_users=False)
    app.call("signIn", username="ada", password=PASSWORD)
    with pytest.raises(Refused):
        app.call("associateWebAuthnCredential")
    assert app.call("listWebAuthnCredentials")["credentials"] == []


def test_a_page_of_another_relying_party_makes_no_passkey(served: Served, browser: Program) -> None:
    pool = served.pool(relying_party_id="example.org")
    pool.add_ada()
    app = browser.configured_for(pool)
    VirtualAuthenticator(app)
    app.call("signIn", username="ada", password=PASSWORD)
    with pytest.raises(Refused):
        app.call("associateWebAuthnCredential")


def open_authenticator(browser: Program, pool: ServedPool) -> None:
    browser.call("authenticator", pool=pool.pool.id, client=pool.client.id, endpoint=pool.url)


def test_the_authenticator_signs_in_with_a_new_password(served: Served, browser: Program) -> None:
    pool = served.pool()
    pool.add_ada("Temporary-1!", status="FORCE_CHANGE_PASSWORD")
    open_authenticator(browser, pool)
    browser.call("fill", username="ada", password="Temporary-1!")
    browser.call("press", text="Sign in")
    browser.call("see", text="Change Password")
    browser.call("fill", password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    browser.call("press", text="Change Password")
    browser.call("see", text="Hello, ada")


def test_the_authenticator_signs_up_and_recovers(served: Served, browser: Program) -> None:
    pool = served.pool()
    open_authenticator(browser, pool)
    browser.call("press", text="Create Account")
    browser.call(
        "fill", confirm_password=PASSWORD, username="zoe", password=PASSWORD, email="z@example.org"
    )
    browser.call("press", text="Create Account")
    browser.call("see", text="We Emailed You")
    browser.call("fill", confirmation_code=pool.code("zoe"))
    browser.call("press", text="Confirm")
    browser.call("see", text="Hello, zoe")
    browser.call("press", text="Sign out")

    browser.call("press", text="Forgot your password?")
    browser.call("see", text="Send code")
    browser.call("fill", username="zoe")
    browser.call("press", text="Send code")
    browser.call("fill", confirmation_code="0")  # waits for the page, which follows the message
    browser.call(
        "fill",
        confirmation_code=pool.code("zoe"),
        password=NEW_PASSWORD,
        confirm_password=NEW_PASSWORD,
    )
    browser.call("press", text="Submit")
    browser.call("see", text="Forgot your password?")
    browser.call("fill", username="zoe", password=NEW_PASSWORD)
    browser.call("press", text="Sign in")
    browser.call("see", text="Hello, zoe")
