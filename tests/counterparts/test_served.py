"""Our library against the embedded user pool on a port: both halves of this project, with a socket
between them.
"""

from __future__ import annotations

import pytest

from auth_flow import (
    AuthFlow,
    AutoSignIn,
    AutoSignInReady,
    ConfirmationRequired,
    ConfirmResetPassword,
    Done,
    EmailCode,
    FirstFactorSelection,
    Idle,
    MfaSetupSelection,
    NewPasswordRequired,
    PasswordRequired,
    PasswordResetCode,
    ResetPassword,
    SignIn,
    SignUp,
    TotpCode,
    TotpSetup,
)
from auth_flow.embedded import ClientSettings
from auth_flow.errors import NotAuthorizedException
from tests.counterparts.admin import PASSWORD
from tests.counterparts.served import Served
from tests.counterparts.totp import code

pytestmark = pytest.mark.anyio

NEW_PASSWORD = "New-Correct-Horse-2"


async def test_from_sign_up_to_a_new_password_in_one_flow(served: Served) -> None:
    pool = served.pool(
        mfa_configuration="ON",
        mfa_factors=("SOFTWARE_TOKEN_MFA", "EMAIL_OTP"),
        auto_verified_attributes=("phone_number",),
        recovery=("phone_number",),
    )
    contacts = {"phone_number": "+15555555309"}
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(
            SignUp(username="zoe", password=PASSWORD, user_attributes=contacts, auto_sign_in=True)
        )
        assert isinstance(step, ConfirmationRequired)
        assert step.code_delivery is not None
        assert (step.code_delivery.medium, step.code_delivery.destination) == (
            "SMS",
            "+*******5309",
        )
        assert isinstance(await flow.send(step.answer(pool.code("zoe"))), AutoSignInReady)
        step = await flow.send(AutoSignIn())
        assert isinstance(step, MfaSetupSelection)
        step = await flow.send(step.answer("TOTP"))
        assert isinstance(step, TotpSetup)
        secret = step.shared_secret
        assert isinstance(await flow.send(step.answer(code(secret))), Done)
        assert (await flow.session.fetch_user_attributes())["phone_number_verified"] == "true"
        await flow.session.sign_out()

        assert isinstance(await flow.send(ResetPassword(username="zoe")), PasswordResetCode)
        reset = ConfirmResetPassword(code=pool.code("zoe"), new_password=NEW_PASSWORD)
        assert await flow.send(reset) == Done(signed_in=False, username="zoe")
        with pytest.raises(NotAuthorizedException):
            await flow.send(SignIn(username="zoe", password=PASSWORD))
        step = await flow.send(SignIn(username="zoe", password=NEW_PASSWORD))
        assert isinstance(step, TotpCode)
        assert isinstance(await flow.send(step.answer(code(secret, steps_ahead=1))), Done)


async def test_a_client_with_a_secret_and_a_temporary_password(served: Served) -> None:
    pool = served.pool(
        client=ClientSettings(generate_secret=True), required_attributes=("given_name",)
    )
    pool.add_ada("Temporary-1!", status="FORCE_CHANGE_PASSWORD")
    async with AuthFlow(pool.ours) as flow:
        with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
            await flow.send(SignIn(username="ada", password=PASSWORD))
        assert isinstance(flow.step, Idle)
        step = await flow.send(SignIn(username="ada", password="Temporary-1!"))
        assert isinstance(step, NewPasswordRequired)
        assert step.missing_attributes == ("given_name",)
        step = await flow.send(step.answer(NEW_PASSWORD, user_attributes={"given_name": "Ada"}))
        assert isinstance(step, Done)
        first = flow.session.access_token
        assert (await flow.session.fresh_tokens(force=True)).access_token != first


async def test_a_choice_of_first_factors(served: Served) -> None:
    pool = served.pool()
    pool.add_ada()
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
        assert isinstance(step, FirstFactorSelection)
        step = await flow.send(step.answer("email_otp"))
        assert isinstance(step, EmailCode)
        assert isinstance(await flow.send(step.answer(pool.code(medium="EMAIL"))), Done)
        await flow.session.sign_out()
        step = await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
        assert isinstance(step, FirstFactorSelection)
        step = await flow.send(step.answer("PASSWORD_SRP"))
        assert isinstance(step, PasswordRequired)
        assert isinstance(await flow.send(step.answer(PASSWORD)), Done)
