"""Our library against moto's server: passwords, TOTP codes and accounts. It takes any SRP proof, so
proofs are not its matter.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest

from auth_flow import (
    AuthFlow,
    ConfirmationRequired,
    ConfirmResetPassword,
    Done,
    Idle,
    NewPasswordRequired,
    PasswordResetCode,
    ResetPassword,
    SignIn,
    SignInOptions,
    SignUp,
    SmsCode,
    TotpCode,
)
from auth_flow.errors import (
    CodeMismatchException,
    InvalidPasswordException,
    MalformedResponse,
    NotAuthorizedException,
    UsernameExistsException,
    UserNotFoundException,
)
from auth_flow.transports import CognitoTransport
from tests.counterparts.admin import PASSWORD, CounterpartPool
from tests.counterparts.totp import STEP, code, wrong_code

pytestmark = [pytest.mark.anyio, pytest.mark.counterpart]

TOTP = {"Enabled": True}


@pytest.fixture
def pool(moto: Any) -> CounterpartPool:
    """A pool with the user ada."""
    recovery = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
    pool = CounterpartPool.create(
        moto, AutoVerifiedAttributes=["email"], AccountRecoverySetting=recovery
    )
    pool.add_user("ada", email="ada@example.org")
    return pool


def by_password(username: str, password: str = PASSWORD) -> SignIn:
    return SignIn(username=username, password=password, auth_flow_type="USER_PASSWORD_AUTH")


# Password


async def test_the_right_password_signs_in(pool: CounterpartPool) -> None:
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(by_password("ada"))
        assert isinstance(step, Done)
        attributes = await flow.session.fetch_user_attributes()
        assert (attributes["email"], attributes["sub"]) == ("ada@example.org", step.user_id)


async def test_a_wrong_password_and_an_unknown_user_do_not(pool: CounterpartPool) -> None:
    async with AuthFlow(pool.ours) as flow:
        with pytest.raises(NotAuthorizedException):
            await flow.send(by_password("ada", "Wrong-Horse-1"))
        with pytest.raises(UserNotFoundException):
            await flow.send(by_password("nobody"))
        assert isinstance(flow.step, Idle)


async def test_a_temporary_password_is_replaced_by_one_that_fits_the_policy(
    pool: CounterpartPool,
) -> None:
    pool.add_user("eve", "Temporary-1!", temporary=True)
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(by_password("eve", "Temporary-1!"))
        assert isinstance(step, NewPasswordRequired)
        with pytest.raises(InvalidPasswordException):
            await flow.send(step.answer("short"))
        assert flow.step == step
        assert isinstance(await flow.send(step.answer(PASSWORD)), Done)
    assert pool.status_of("eve") == "CONFIRMED"


async def test_an_srp_sign_in_with_a_client_secret_goes_through(moto: Any) -> None:
    """Moto knows users by their id after PASSWORD_VERIFIER, so it has to be a pool where that is
    their name.
    """
    pool = CounterpartPool.create(
        moto, UsernameAttributes=["email"], client={"GenerateSecret": True}
    )
    pool.add_user("ada@example.org", email="ada@example.org")
    event = SignIn(username="ada@example.org", password=PASSWORD)
    async with AuthFlow(pool.ours) as flow:
        assert isinstance(await flow.send(event), Done)
    async with AuthFlow(
        pool.ours.model_copy(update={"client_secret": "another-secret-of-24-letters"})
    ) as flow:
        with pytest.raises(NotAuthorizedException):
            await flow.send(event)


# Second factors


async def _set_up_totp(flow: AuthFlow) -> str:
    """Give the signed-in user an authenticator app; returns its secret."""
    secret = (await flow.session.set_up_totp()).shared_secret
    with pytest.raises(CodeMismatchException):
        await flow.session.verify_totp_setup(wrong_code(secret))
    await _room_in_this_step()
    await flow.session.verify_totp_setup(code(secret))
    await flow.session.update_mfa_preference(totp="PREFERRED")
    return secret


async def _room_in_this_step() -> None:
    """Moto takes the code of the very step it looks at, so one that is about to end is waited
    out.
    """
    left = STEP - time.time() % STEP
    if left < 2:
        await anyio.sleep(left)


async def test_a_code_of_the_authenticator_app_is_the_second_factor(pool: CounterpartPool) -> None:
    pool.cognito.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration=TOTP
    )
    async with AuthFlow(pool.ours) as flow:
        await flow.send(by_password("ada"))
        secret = await _set_up_totp(flow)
        await flow.session.sign_out()
        step = await flow.send(by_password("ada"))
        assert isinstance(step, TotpCode)
        with pytest.raises(CodeMismatchException):
            await flow.send(step.answer(wrong_code(secret)))
        assert flow.step == step
        await _room_in_this_step()
        assert isinstance(await flow.send(step.answer(code(secret))), Done)


async def test_a_code_by_sms_is_the_second_factor(pool: CounterpartPool) -> None:
    pool.cognito.admin_set_user_mfa_preference(
        UserPoolId=pool.pool_id,
        Username="ada",
        SMSMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(by_password("ada"))
        assert isinstance(step, SmsCode)
        assert step.code_delivery.destination is None  # moto sends nothing, and tells nothing
        assert isinstance(await flow.send(step.answer("123456")), Done)


async def test_an_mfa_set_up_that_is_not_as_cognito_says_is_a_malformed_response(
    pool: CounterpartPool,
) -> None:
    """Moto has a list in MFAS_CAN_SETUP, where the model has a string; the flow stands where it
    stood.
    """
    pool.cognito.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration=TOTP
    )
    pool.add_user("eve", "Temporary-1!", temporary=True)
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(by_password("eve", "Temporary-1!"))
        assert isinstance(step, NewPasswordRequired)
        with pytest.raises(MalformedResponse, match="MFAS_CAN_SETUP"):
            await flow.send(step.answer(PASSWORD))
        assert flow.step == step


# Account and password


class Mail:
    """The newest reset code: moto puts it into a header of its answer to ForgotPassword."""

    code = ""

    async def read(self, response: httpx.Response) -> None:
        self.code = response.headers.get("x-moto-forgot-password-confirmation-code", self.code)


@pytest.fixture
def mail() -> Mail:
    return Mail()


@pytest.fixture
async def transport(pool: CounterpartPool, mail: Mail) -> AsyncIterator[CognitoTransport]:
    """A transport over a client of the caller's, whose hooks read the mail."""
    async with (
        httpx.AsyncClient(event_hooks={"response": [mail.read]}) as client,
        CognitoTransport(pool.endpoint, client=client) as transport,
    ):
        yield transport


async def test_from_sign_up_to_a_new_password_in_one_flow(
    pool: CounterpartPool, transport: CognitoTransport, mail: Mail
) -> None:
    sign_in_options = SignInOptions(auth_flow_type="USER_PASSWORD_AUTH")
    async with AuthFlow(pool.ours, transport=transport) as flow:
        attributes = {"email": "zoe@example.org"}
        step = await flow.send(
            SignUp(
                username="zoe",
                password=PASSWORD,
                user_attributes=attributes,
                auto_sign_in=sign_in_options,
            )
        )
        assert isinstance(step, ConfirmationRequired)
        assert step.code_delivery is not None
        assert step.code_delivery.medium == "EMAIL"
        assert pool.status_of("zoe") == "UNCONFIRMED"
        assert (await flow.run(step.answer("123456"), _nobody)).signed_in
        assert pool.status_of("zoe") == "CONFIRMED"
        await flow.session.sign_out()

        step = await flow.send(ResetPassword(username="zoe"))
        assert isinstance(step, PasswordResetCode)
        assert step.code_delivery is not None
        step = await flow.send(
            ConfirmResetPassword(code=mail.code, new_password="New-Correct-Horse-2")
        )
        assert isinstance(step, Done)
        assert not step.signed_in
        with pytest.raises(NotAuthorizedException):
            await flow.send(by_password("zoe"))
        step = await flow.send(by_password("zoe", "New-Correct-Horse-2"))
        assert isinstance(step, Done)
        assert step.signed_in


async def test_an_unconfirmed_user_is_confirmed_and_signed_in(pool: CounterpartPool) -> None:
    async with AuthFlow(pool.ours) as flow:
        await flow.send(SignUp(username="zoe", password=PASSWORD))
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(by_password("zoe"))
        assert isinstance(step, ConfirmationRequired)
        step = await flow.send(step.answer("123456"))
        assert isinstance(step, Done)
        assert step.signed_in


async def test_a_name_is_taken_once_and_a_password_has_to_fit(pool: CounterpartPool) -> None:
    async with AuthFlow(pool.ours) as flow:
        with pytest.raises(UsernameExistsException):
            await flow.send(SignUp(username="ada", password=PASSWORD))
        with pytest.raises(InvalidPasswordException):
            await flow.send(SignUp(username="zoe", password="tiny"))
        assert isinstance(flow.step, Idle)


# Tokens


async def test_a_session_is_refreshed_the_older_way(pool: CounterpartPool) -> None:
    """Moto does not know GetTokensFromRefreshToken, and answers it with an HTML page and status
    500.
    """
    async with AuthFlow(pool.ours) as flow:
        await flow.send(by_password("ada"))
        before = flow.session.tokens
        for _ in range(2):
            after = await flow.session.fresh_tokens(force=True)
            assert after.access_token.claims.subject == before.access_token.claims.subject
        assert after is not before
        assert after.refresh_token == before.refresh_token
        assert (await flow.session.fetch_user_attributes())["email"] == "ada@example.org"


async def _nobody(step: object) -> str:
    raise AssertionError(f"nobody should have been asked at {step!r}")
