"""Our library against ministack: it truly checks SRP proofs, their timestamps, TOTP codes and
secret hashes.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.request import urlopen

import anyio
import pytest

from auth_flow import (
    AuthFlow,
    ConfirmationRequired,
    CustomChallenge,
    Done,
    Idle,
    NewPassword,
    NewPasswordRequired,
    PasswordResetCode,
    PasswordResetRequired,
    ResendCode,
    ResetPassword,
    SignIn,
    SignInOptions,
    SignUp,
    TotpCode,
)
from auth_flow.errors import (
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    NotAuthorizedException,
    NotSignedIn,
    SessionEnded,
    UserNotFoundException,
)
from auth_flow.states import AuthFlowType, ConfirmResetPassword
from auth_flow.transports import CognitoTransport
from tests.counterparts.admin import PASSWORD, CounterpartPool, aws_client
from tests.counterparts.totp import code, wrong_code

pytestmark = [pytest.mark.anyio, pytest.mark.counterpart]

PASSWORD_FLOWS: tuple[AuthFlowType, ...] = ("USER_SRP_AUTH", "USER_PASSWORD_AUTH")


@pytest.fixture
def pool(ministack: Any) -> CounterpartPool:
    """A pool with the user ada."""
    pool = CounterpartPool.create(ministack)
    pool.add_user("ada", email="ada@example.org")
    return pool


@pytest.fixture
def code_sent_to(ministack_url: str) -> Callable[[str], str]:
    """The newest code in the mail of an address."""

    def newest(address: str) -> str:
        with urlopen(f"{ministack_url}/_ministack/ses/messages", timeout=5) as response:
            accounts = json.load(response)["messages"]
        letters = [
            letter for account in accounts.values() for letter in account if address in letter["To"]
        ]
        found = re.search(r"\d{6}", letters[-1]["BodyText"])
        assert found is not None
        return found[0]

    return newest


# Password


@pytest.mark.parametrize("way", PASSWORD_FLOWS)
async def test_the_right_password_signs_in(pool: CounterpartPool, way: AuthFlowType) -> None:
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(SignIn(username="ada", password=PASSWORD, auth_flow_type=way))
        assert isinstance(step, Done)
        assert (step.signed_in, step.username) == (True, "ada")
        assert (await flow.session.fetch_user_attributes())["email"] == "ada@example.org"


@pytest.mark.parametrize("way", PASSWORD_FLOWS)
async def test_a_wrong_password_does_not(pool: CounterpartPool, way: AuthFlowType) -> None:
    async with AuthFlow(pool.ours) as flow:
        with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
            await flow.send(SignIn(username="ada", password="Wrong-Horse-1", auth_flow_type=way))
        assert isinstance(flow.step, Idle)
        assert isinstance(
            await flow.send(SignIn(username="ada", password=PASSWORD, auth_flow_type=way)), Done
        )


@pytest.mark.parametrize("password", ["ünïcödé-Höřše-1", '한국어 \\ "Pass" 1'])
async def test_passwords_are_hashed_as_utf_8(pool: CounterpartPool, password: str) -> None:
    pool.add_user("gülşen", password)
    async with AuthFlow(pool.ours) as flow:
        assert isinstance(await flow.send(SignIn(username="gülşen", password=password)), Done)


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 9, 2, 9, 5, 7, tzinfo=UTC), datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)],
    ids=str,
)
async def test_the_proof_is_over_the_timestamp_as_the_service_writes_it(
    pool: CounterpartPool, moment: datetime
) -> None:
    """The service signs its own writing of the time: a padded day or another weekday than the
    date's fails the proof.
    """
    async with AuthFlow(pool.ours, clock=moment.timestamp) as flow:
        assert isinstance(await flow.send(SignIn(username="ada", password=PASSWORD)), Done)


async def test_an_alias_signs_in_and_the_proof_is_for_the_user_it_stands_for(
    ministack: Any,
) -> None:
    pool = CounterpartPool.create(
        ministack, UsernameAttributes=["email"], client={"GenerateSecret": True}
    )
    pool.add_user("ada@example.org", email="ada@example.org")
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(SignIn(username="ada@example.org", password=PASSWORD))
        assert isinstance(step, Done)
        assert step.username == step.user_id


@pytest.mark.parametrize("protection", ["LEGACY", "ENABLED"])
async def test_an_unknown_user_is_told_only_where_the_pool_tells(
    ministack: Any, protection: str
) -> None:
    pool = CounterpartPool.create(ministack, client={"PreventUserExistenceErrors": protection})
    error = UserNotFoundException if protection == "LEGACY" else NotAuthorizedException
    async with AuthFlow(pool.ours) as flow:
        with pytest.raises(error):
            await flow.send(SignIn(username="nobody", password=PASSWORD))
        assert isinstance(flow.step, Idle)


async def test_many_flows_share_one_transport(pool: CounterpartPool) -> None:
    signed_in: list[Done] = []

    async def sign_in(transport: CognitoTransport) -> None:
        async with AuthFlow(pool.ours, transport=transport) as flow:
            step = await flow.send(SignIn(username="ada", password=PASSWORD))
            assert isinstance(step, Done)
            signed_in.append(step)

    async with CognitoTransport(pool.endpoint) as transport, anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(sign_in, transport)
    assert len(signed_in) == 4


# Client secret


@pytest.mark.parametrize("way", PASSWORD_FLOWS)
async def test_every_request_of_a_client_with_a_secret_is_signed(
    ministack: Any, way: AuthFlowType
) -> None:
    pool = CounterpartPool.create(ministack, client={"GenerateSecret": True})
    pool.add_user("ada", "Temporary-1!", temporary=True)
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(SignIn(username="ada", password="Temporary-1!", auth_flow_type=way))
        assert isinstance(step, NewPasswordRequired)
        assert isinstance(await flow.send(NewPassword(password=PASSWORD)), Done)


async def test_a_wrong_client_secret_is_refused(ministack: Any) -> None:
    pool = CounterpartPool.create(ministack, client={"GenerateSecret": True})
    pool.add_user("ada")
    async with AuthFlow(
        pool.ours.model_copy(update={"client_secret": "another-secret-of-24-letters"})
    ) as flow:
        with pytest.raises(NotAuthorizedException, match="secret hash"):
            await flow.send(SignIn(username="ada", password=PASSWORD))


# Challenges


@pytest.mark.parametrize("way", PASSWORD_FLOWS)
async def test_a_temporary_password_is_replaced(pool: CounterpartPool, way: AuthFlowType) -> None:
    pool.add_user("eve", "Temporary-1!", temporary=True)
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(SignIn(username="eve", password="Temporary-1!", auth_flow_type=way))
        assert isinstance(step, NewPasswordRequired)
        assert isinstance(await flow.send(step.answer(PASSWORD)), Done)
    assert pool.status_of("eve") == "CONFIRMED"
    async with AuthFlow(pool.ours) as flow:
        assert isinstance(
            await flow.send(SignIn(username="eve", password=PASSWORD, auth_flow_type=way)), Done
        )


def allow_totp(pool: CounterpartPool) -> None:
    """Let the users of a pool have an authenticator app."""
    pool.cognito.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )


async def set_up_totp(flow: AuthFlow) -> str:
    """Give the signed-in user an authenticator app; returns its secret."""
    registration = await flow.session.set_up_totp()
    with pytest.raises(EnableSoftwareTokenMFAException):
        await flow.session.verify_totp_setup(wrong_code(registration.shared_secret))
    await flow.session.verify_totp_setup(
        code(registration.shared_secret), friendly_device_name="phone"
    )
    await flow.session.update_mfa_preference(totp="PREFERRED")
    return registration.shared_secret


@pytest.mark.parametrize("way", PASSWORD_FLOWS)
async def test_a_code_of_the_authenticator_app_is_the_second_factor(
    pool: CounterpartPool, way: AuthFlowType
) -> None:
    allow_totp(pool)
    async with AuthFlow(pool.ours) as flow:
        await flow.send(SignIn(username="ada", password=PASSWORD))
        secret = await set_up_totp(flow)
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(SignIn(username="ada", password=PASSWORD, auth_flow_type=way))
        assert isinstance(step, TotpCode)
        with pytest.raises(CodeMismatchException):
            await flow.send(step.answer(wrong_code(secret)))
        assert flow.step == step
        assert isinstance(await flow.send(step.answer(code(secret))), Done)


# Custom challenge

TRIGGERS = """
def handler(event, context):
    request, response = event["request"], event["response"]
    past = request["session"]
    kind = event["triggerSource"].partition("_")[0]
    if kind == "DefineAuthChallenge":
        response["failAuthentication"] = any(one["challengeResult"] is False for one in past)
        response["issueTokens"] = len(past) == 3 and not response["failAuthentication"]
        begins = [one["challengeName"] for one in past] == ["SRP_A"]
        response["challengeName"] = "PASSWORD_VERIFIER" if begins else "CUSTOM_CHALLENGE"
    elif kind == "CreateAuthChallenge":
        response["publicChallengeParameters"] = {"round": str(len(past) + 1)}
        response["privateChallengeParameters"] = {"answer": "answer %d" % (len(past) + 1)}
    else:
        expected = request["privateChallengeParameters"]["answer"]
        response["answerCorrect"] = request["challengeAnswer"] == expected
    return event
"""


@pytest.fixture(scope="module")
def custom_pool(ministack: Any, ministack_url: str) -> CounterpartPool:
    """A pool whose triggers, run by ministack, want three challenges: SRP, where it is used, is the
    first two of them.
    """
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("triggers.py", TRIGGERS)
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    with aws_client("iam", ministack_url) as iam, aws_client("lambda", ministack_url) as functions:
        role = iam.create_role(
            RoleName="triggers",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        function = functions.create_function(
            FunctionName="triggers",
            Runtime="python3.13",
            Handler="triggers.handler",
            Role=role["Role"]["Arn"],
            Code={"ZipFile": package.getvalue()},
        )
    names = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
    pool = CounterpartPool.create(
        ministack, LambdaConfig=dict.fromkeys(names, function["FunctionArn"])
    )
    pool.add_user("ada")
    return pool


@pytest.mark.parametrize(
    ("way", "password", "rounds"),
    [("CUSTOM_WITH_SRP", PASSWORD, ("3",)), ("CUSTOM_WITHOUT_SRP", None, ("1", "2", "3"))],
)
async def test_a_custom_challenge_takes_as_many_rounds_as_the_triggers_want(
    custom_pool: CounterpartPool, way: AuthFlowType, password: str | None, rounds: tuple[str, ...]
) -> None:
    async with AuthFlow(custom_pool.ours) as flow:
        step = await flow.send(SignIn(username="ada", password=password, auth_flow_type=way))
        for number in rounds:
            assert isinstance(step, CustomChallenge)
            assert step.parameters["round"] == number
            step = await flow.send(step.answer(f"answer {number}"))
        assert isinstance(step, Done)


async def test_the_triggers_end_it_after_a_wrong_answer(custom_pool: CounterpartPool) -> None:
    async with AuthFlow(custom_pool.ours) as flow:
        step = await flow.send(SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP"))
        assert isinstance(step, CustomChallenge)
        with pytest.raises(NotAuthorizedException):
            await flow.send(step.answer("no idea"))
        assert isinstance(flow.step, Idle)


async def test_no_question_is_posed_after_a_wrong_password(custom_pool: CounterpartPool) -> None:
    async with AuthFlow(custom_pool.ours) as flow:
        with pytest.raises(NotAuthorizedException):
            await flow.send(
                SignIn(username="ada", password="Wrong-Horse-1", auth_flow_type="CUSTOM_WITH_SRP")
            )
        assert isinstance(flow.step, Idle)


# Account and password


async def test_a_sign_up_is_confirmed_and_goes_on_to_sign_in(
    pool: CounterpartPool, code_sent_to: Callable[[str], str]
) -> None:
    async with AuthFlow(pool.ours) as flow:
        event = SignUp(
            username="zoe",
            password=PASSWORD,
            user_attributes={"email": "zoe@example.org"},
            auto_sign_in=SignInOptions(),
        )
        step = await flow.send(event)
        assert isinstance(step, ConfirmationRequired)
        assert step.code_delivery is not None
        assert step.code_delivery.medium == "EMAIL"
        with pytest.raises(CodeMismatchException):
            await flow.send(step.answer("000000"))
        assert flow.step == step
        step = await flow.run(step.answer(code_sent_to("zoe@example.org")), _nobody)
        assert step.signed_in


async def test_an_unconfirmed_user_is_confirmed_and_signed_in(
    pool: CounterpartPool, code_sent_to: Callable[[str], str]
) -> None:
    async with AuthFlow(pool.ours) as flow:
        await flow.send(
            SignUp(username="zoe", password=PASSWORD, user_attributes={"email": "zoe@example.org"})
        )
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(SignIn(username="zoe", password=PASSWORD))
        assert isinstance(step, ConfirmationRequired)
        step = await flow.send(ResendCode())
        assert isinstance(step, ConfirmationRequired)
        step = await flow.send(step.answer(code_sent_to("zoe@example.org")))
        assert isinstance(step, Done)
        assert step.signed_in


async def test_a_forced_reset_ends_signed_in(
    pool: CounterpartPool, code_sent_to: Callable[[str], str]
) -> None:
    pool.cognito.admin_reset_user_password(UserPoolId=pool.pool_id, Username="ada")
    async with AuthFlow(pool.ours) as flow:
        assert isinstance(
            await flow.send(SignIn(username="ada", password=PASSWORD)), PasswordResetRequired
        )
        assert isinstance(await flow.send(ResetPassword()), PasswordResetCode)
        answer = ConfirmResetPassword(
            code=code_sent_to("ada@example.org"), new_password="New-Correct-Horse-2"
        )
        step = await flow.send(answer)
        assert isinstance(step, Done)
        assert step.signed_in


async def test_from_sign_up_to_a_new_password_in_one_flow(
    pool: CounterpartPool, code_sent_to: Callable[[str], str]
) -> None:
    allow_totp(pool)
    address = {"email": "zoe@example.org"}
    async with AuthFlow(pool.ours) as flow:
        step = await flow.send(
            SignUp(username="zoe", password=PASSWORD, user_attributes=address, auto_sign_in=True)
        )
        assert isinstance(step, ConfirmationRequired)
        assert (await flow.run(step.answer(code_sent_to("zoe@example.org")), _nobody)).signed_in
        secret = await set_up_totp(flow)
        await flow.session.sign_out()

        assert isinstance(await flow.send(ResetPassword(username="zoe")), PasswordResetCode)
        reset = ConfirmResetPassword(
            code=code_sent_to("zoe@example.org"), new_password="New-Correct-Horse-2"
        )
        assert await flow.send(reset) == Done(signed_in=False, username="zoe")

        with pytest.raises(NotAuthorizedException):
            await flow.send(SignIn(username="zoe", password=PASSWORD))
        step = await flow.send(SignIn(username="zoe", password="New-Correct-Horse-2"))
        assert isinstance(step, TotpCode)
        assert isinstance(await flow.send(step.answer(code(secret))), Done)
        await flow.session.update_password(PASSWORD, old_password="New-Correct-Horse-2")
        await flow.session.delete_user()
        with pytest.raises(UserNotFoundException):
            await flow.send(SignIn(username="zoe", password=PASSWORD))


# Tokens


@pytest.mark.parametrize("secret", [False, True])
async def test_tokens_are_renewed_until_they_are_revoked(ministack: Any, secret: bool) -> None:
    pool = CounterpartPool.create(ministack, client={"GenerateSecret": secret})
    pool.add_user("ada")
    async with AuthFlow(pool.ours) as flow:
        await flow.send(SignIn(username="ada", password=PASSWORD))
        session, first = flow.session, flow.session.access_token
        assert (await session.fresh_tokens(force=True)).access_token != first
        await session.fetch_user_attributes()
        assert await session.revoke()
        with pytest.raises(NotSignedIn):
            await session.fresh_tokens(force=True)
        assert isinstance(flow.step, Idle)


async def test_a_global_sign_out_ends_the_other_session(pool: CounterpartPool) -> None:
    async with AuthFlow(pool.ours) as here, AuthFlow(pool.ours) as there:
        for flow in (here, there):
            await flow.send(SignIn(username="ada", password=PASSWORD))
        other = there.session
        assert (await here.session.sign_out(global_=True)).revoked
        assert isinstance(here.step, Idle)
        with pytest.raises(NotAuthorizedException, match="revoked"):
            await other.fetch_user_attributes()
        with pytest.raises(SessionEnded):
            await other.fetch_user_attributes()
        assert not other.active


async def _nobody(step: object) -> str:
    raise AssertionError(f"nobody should have been asked at {step!r}")
