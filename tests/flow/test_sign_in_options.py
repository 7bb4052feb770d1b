"""How a sign-in begins: the requests of each flow, in order and whole."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from auth_flow import (
    AuthFlow,
    ChooseFactor,
    Done,
    EnterCode,
    FirstFactorSelection,
    SignIn,
    SmsCode,
    TotpCode,
)
from auth_flow.errors import (
    GuardRejected,
    MalformedResponse,
    NotAuthorizedException,
    UserNotFoundException,
)
from auth_flow.states import AuthFlowType, Factor
from auth_flow.states.steps import CodeDelivery

from .scripted import (
    ANYTHING,
    SMS,
    SUBJECT,
    Json,
    Script,
    challenge,
    initiate,
    refusal,
    respond,
    tokens,
)
from .verifier import Verifier

pytestmark = pytest.mark.anyio

SMS_STEP = SmsCode(code_delivery=CodeDelivery(destination="+*******5309", medium="SMS"))


@pytest.mark.parametrize(
    ("sign_in_options", "auth_flow", "parameters"),
    [
        ({}, "USER_SRP_AUTH", {}),
        ({"auth_flow_type": "USER_SRP_AUTH"}, "USER_SRP_AUTH", {}),
        ({"auth_flow_type": "CUSTOM_WITH_SRP"}, "CUSTOM_AUTH", {"CHALLENGE_NAME": "SRP_A"}),
        (
            {"auth_flow_type": "USER_AUTH", "preferred_challenge": "PASSWORD_SRP"},
            "USER_AUTH",
            {"PREFERRED_CHALLENGE": "PASSWORD_SRP"},
        ),
    ],
)
async def test_srp_proves_the_password(
    script: Script,
    flow: AuthFlow,
    sign_in_options: Json,
    auth_flow: str,
    parameters: dict[str, str],
) -> None:
    verifier = Verifier()
    script.expect(
        initiate(auth_flow, verifier.pose, USERNAME="ada", SRP_A=ANYTHING, **parameters),
        verifier.answered(tokens()),
    )
    step = await flow.send(SignIn(username="ada", password="correct horse", **sign_in_options))
    assert step == Done(signed_in=True, username="ada", user_id=SUBJECT)
    assert (
        flow.session.access_token.text.get_secret_value()
        == tokens()["AuthenticationResult"]["AccessToken"]
    )


async def test_srp_a_is_lower_case_hex_and_new_each_time(script: Script, flow: AuthFlow) -> None:
    for _ in range(2):
        script.expect(
            initiate(
                "USER_SRP_AUTH", refusal("UserNotFoundException"), USERNAME="ada", SRP_A=ANYTHING
            )
        )
        with pytest.raises(UserNotFoundException):
            await flow.send(SignIn(username="ada", password="x"))
    first, second = (body["AuthParameters"]["SRP_A"] for _, body in script.requests)
    assert first != second
    assert set(first) <= set("0123456789abcdef")


async def test_srp_with_the_wrong_password(script: Script, flow: AuthFlow) -> None:
    verifier = Verifier()
    script.expect(
        initiate("USER_SRP_AUTH", verifier.pose, USERNAME="ada", SRP_A=ANYTHING),
        verifier.answered(tokens()),
    )
    with pytest.raises(NotAuthorizedException):
        await flow.send(SignIn(username="ada", password="wrong"))
    assert flow.step.name == "IDLE"


async def test_srp_may_lead_to_a_challenge(script: Script, flow: AuthFlow) -> None:
    verifier = Verifier("uid-1", "correct horse", USERNAME="the-name")
    script.expect(
        initiate("USER_SRP_AUTH", verifier.pose, USERNAME="ada", SRP_A=ANYTHING),
        verifier.answered(SMS),
    )
    assert await flow.send(SignIn(username="ada", password="correct horse")) == SMS_STEP
    script.expect(respond("SMS_MFA", "session-1", tokens(), USERNAME="the-name", SMS_MFA_CODE="1"))
    await flow.send(EnterCode(code="1"))


async def test_a_verifier_without_a_user_id_is_malformed(script: Script, flow: AuthFlow) -> None:
    script.expect(
        initiate("USER_SRP_AUTH", challenge("PASSWORD_VERIFIER"), USERNAME="ada", SRP_A=ANYTHING)
    )
    with pytest.raises(MalformedResponse, match=r"^InitiateAuth: .*USER_ID_FOR_SRP"):
        await flow.send(SignIn(username="ada", password="x"))


@pytest.mark.parametrize("member", ["SRP_B", "SALT", "SECRET_BLOCK"])
@pytest.mark.parametrize("value", [None, "§"])
async def test_a_verifier_that_cannot_be_answered(
    script: Script, flow: AuthFlow, member: str, value: str | None
) -> None:
    given = {
        "USER_ID_FOR_SRP": "u",
        "SRP_B": "5",
        "SALT": "a1",
        "SECRET_BLOCK": "c2VjcmV0",
        member: value,
    }
    parameters = {name: text for name, text in given.items() if text is not None}
    script.expect(
        initiate(
            "USER_SRP_AUTH",
            challenge("PASSWORD_VERIFIER", **parameters),
            USERNAME="ada",
            SRP_A=ANYTHING,
        )
    )
    with pytest.raises(MalformedResponse, match=f"^InitiateAuth: {member} "):
        await flow.send(SignIn(username="ada", password="x"))
    assert flow.step.name == "IDLE"


async def test_srp_may_be_answered_with_another_challenge(script: Script, flow: AuthFlow) -> None:
    selection = {**challenge("SELECT_CHALLENGE"), "AvailableChallenges": ["EMAIL_OTP"]}
    parameters = {"USERNAME": "ada", "SRP_A": ANYTHING, "PREFERRED_CHALLENGE": "PASSWORD_SRP"}
    script.expect(initiate("USER_AUTH", selection, **parameters))
    event = SignIn(
        username="ada", password="x", auth_flow_type="USER_AUTH", preferred_challenge="PASSWORD_SRP"
    )
    assert await flow.send(event) == FirstFactorSelection(available_challenges=("EMAIL_OTP",))


@pytest.mark.parametrize("app", ["SOFTWARE_TOKEN", "SOFTWARE_TOKEN_MFA"])
@pytest.mark.parametrize("operation", ["InitiateAuth", "RespondToAuthChallenge"])
async def test_either_reply_may_name_the_factors_and_an_app_is_one(
    script: Script, flow: AuthFlow, operation: str, app: str
) -> None:
    selection = {
        **challenge("SELECT_CHALLENGE"),
        "AvailableChallenges": [app, "WEB_AUTHN"],
    }
    if operation == "InitiateAuth":
        script.expect(initiate("USER_AUTH", selection, USERNAME="ada"))
    else:
        script.expect(
            initiate("USER_AUTH", SMS, USERNAME="ada"),
            respond("SMS_MFA", "session-1", selection, USERNAME="ada", SMS_MFA_CODE="123456"),
        )
    step = await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    if operation != "InitiateAuth":
        step = await flow.send(EnterCode(code="123456"))
    assert step == FirstFactorSelection(available_challenges=(app, "WEB_AUTHN"))
    script.expect(
        respond(
            "SELECT_CHALLENGE",
            "session-1",
            challenge("SOFTWARE_TOKEN_MFA"),
            USERNAME="ada",
            ANSWER=app,
        ),
        respond(
            "SOFTWARE_TOKEN_MFA",
            "session-1",
            tokens(),
            USERNAME="ada",
            SOFTWARE_TOKEN_MFA_CODE="123456",
        ),
    )
    assert isinstance(await flow.send(ChooseFactor(factor="SOFTWARE_TOKEN")), TotpCode)
    assert isinstance(await flow.send(EnterCode(code="123456")), Done)


@pytest.mark.parametrize(
    ("event", "exchange"),
    [
        (
            {"password": "correct horse", "auth_flow_type": "USER_PASSWORD_AUTH"},
            ("USER_PASSWORD_AUTH", {"PASSWORD": "correct horse"}),
        ),
        ({"auth_flow_type": "CUSTOM_WITHOUT_SRP"}, ("CUSTOM_AUTH", {})),
        ({"auth_flow_type": "USER_AUTH"}, ("USER_AUTH", {})),
        (
            {"auth_flow_type": "USER_AUTH", "acr_values": "b a", "max_age": 0, "access_token": "t"},
            ("USER_AUTH", {"TARGET_ACR_VALUES": "b a", "MAX_AGE": "0", "ACCESS_TOKEN": "t"}),
        ),
        (
            {
                "auth_flow_type": "USER_AUTH",
                "preferred_challenge": "PASSWORD",
                "password": "correct horse",
            },
            ("USER_AUTH", {"PASSWORD": "correct horse", "PREFERRED_CHALLENGE": "PASSWORD"}),
        ),
        *[
            (
                {"auth_flow_type": "USER_AUTH", "preferred_challenge": factor, **password},
                ("USER_AUTH", {"PREFERRED_CHALLENGE": factor}),
            )
            for factor in ("EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN")
            for password in ({}, {"password": "ignored"})
        ],
    ],
)
async def test_sign_ins_of_one_request(
    script: Script, flow: AuthFlow, event: Json, exchange: tuple[str, Json]
) -> None:
    auth_flow, parameters = exchange
    script.expect(initiate(auth_flow, SMS, USERNAME="ada", **parameters))
    assert await flow.send(SignIn(username="ada", **event)) == SMS_STEP


@pytest.mark.parametrize(
    ("kind", "factor", "password"),
    [
        ("USER_SRP_AUTH", None, None),
        ("USER_SRP_AUTH", None, ""),
        ("USER_PASSWORD_AUTH", None, None),
        ("CUSTOM_WITH_SRP", None, None),
        ("USER_AUTH", "PASSWORD", None),
        ("USER_AUTH", "PASSWORD_SRP", ""),
        ("CUSTOM_WITHOUT_SRP", None, "given"),
    ],
)
async def test_the_password_has_to_fit_the_options(
    flow: AuthFlow, kind: AuthFlowType, factor: Factor | None, password: str | None
) -> None:
    with pytest.raises(GuardRejected, match="password"):
        await flow.send(
            SignIn(
                username="ada", password=password, auth_flow_type=kind, preferred_challenge=factor
            )
        )
    assert flow.step.name == "IDLE"


@pytest.mark.parametrize(
    "options",
    [
        {"preferred_challenge": "EMAIL_OTP"},
        {"acr_values": "a"},
        {"auth_flow_type": "CUSTOM_WITHOUT_SRP", "acr_values": "a"},
        {"auth_flow_type": "USER_AUTH", "max_age": 5},
        {"auth_flow_type": "USER_AUTH", "access_token": "t"},
        {"auth_flow_type": "USER_AUTH", "acr_values": "a", "max_age": -1},
    ],
)
def test_options_that_do_not_go_together_are_refused(options: Json) -> None:
    with pytest.raises(ValidationError) as caught:
        SignIn(username="ada", **options)
    assert [problem["loc"] for problem in caught.value.errors()] == [(list(options)[-1],)]


@pytest.mark.parametrize(
    ("event", "told", "used"),
    [
        ({"auth_flow_type": "USER_PASSWORD_AUTH", "password": "x"}, {}, "ada@example.com"),
        ({"auth_flow_type": "USER_PASSWORD_AUTH", "password": "x"}, {"USERNAME": "ada"}, "ada"),
        (
            {"auth_flow_type": "USER_PASSWORD_AUTH", "password": "x"},
            {"USER_ID_FOR_SRP": "uid"},
            "uid",
        ),
        (
            {"auth_flow_type": "USER_PASSWORD_AUTH", "password": "x"},
            {"USERNAME": "ada", "USER_ID_FOR_SRP": "uid"},
            "ada",
        ),
        ({"auth_flow_type": "CUSTOM_WITHOUT_SRP"}, {"USERNAME": "ada"}, "ada"),
        ({"auth_flow_type": "CUSTOM_WITHOUT_SRP"}, {}, "ada@example.com"),
    ],
)
async def test_later_requests_carry_the_name_that_the_service_has(
    script: Script, flow: AuthFlow, event: dict[str, Any], told: dict[str, str], used: str
) -> None:
    password = {"PASSWORD": "x"} if "password" in event else {}
    kind = "USER_PASSWORD_AUTH" if password else "CUSTOM_AUTH"
    script.expect(
        initiate(
            kind, challenge("SOFTWARE_TOKEN_MFA", **told), USERNAME="ada@example.com", **password
        )
    )
    await flow.send(SignIn(username="ada@example.com", **event))
    script.expect(
        respond(
            "SOFTWARE_TOKEN_MFA",
            "session-1",
            tokens(),
            USERNAME=used,
            SOFTWARE_TOKEN_MFA_CODE="123456",
        )
    )
    await flow.send(EnterCode(code="123456"))


async def test_a_new_sign_in_replaces_an_unfinished_one(script: Script, flow: AuthFlow) -> None:
    script.expect(initiate("USER_PASSWORD_AUTH", SMS, USERNAME="ada", PASSWORD="x"))
    await flow.send(SignIn(username="ada", password="x", auth_flow_type="USER_PASSWORD_AUTH"))
    script.expect(
        initiate("USER_AUTH", challenge("SOFTWARE_TOKEN_MFA", "session-b"), USERNAME="bob")
    )
    await flow.send(SignIn(username="bob", auth_flow_type="USER_AUTH"))
    script.expect(
        respond(
            "SOFTWARE_TOKEN_MFA",
            "session-b",
            tokens(),
            USERNAME="bob",
            SOFTWARE_TOKEN_MFA_CODE="123456",
        )
    )
    await flow.send(EnterCode(code="123456"))
