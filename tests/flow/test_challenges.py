"""Each challenge of a sign-in: the step it becomes, and the request that answers it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from auth_flow import (
    Answer,
    AnswerChallenge,
    AuthFlow,
    ChooseFactor,
    ChooseMfa,
    CustomChallenge,
    Done,
    EmailCode,
    EmailSetup,
    EnterCode,
    EnterPassword,
    FirstFactorSelection,
    MfaSelection,
    MfaSetupSelection,
    NewPassword,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    PresentPasskey,
    SetUpEmail,
    SignIn,
    SmsCode,
    Step,
    TotpCode,
    TotpSetup,
)
from auth_flow.errors import (
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    GuardRejected,
    PasskeyCancelled,
)
from auth_flow.states import Event, MfaType
from auth_flow.states._passkeys import RequestOptions
from auth_flow.states.steps import CodeDelivery
from tests.states.webauthn import ASSERTION, REQUEST_OPTIONS

from .scripted import (
    ANYTHING,
    ASSOCIATE,
    SECRET,
    Exchange,
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

BY_SMS = {"CODE_DELIVERY_DESTINATION": "+*******5309", "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS"}
BY_EMAIL = {"CODE_DELIVERY_DESTINATION": "a***@e***", "CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL"}
SMS_STEP = SmsCode(code_delivery=CodeDelivery(destination="+*******5309", medium="SMS"))
EMAIL_STEP = EmailCode(code_delivery=CodeDelivery(destination="a***@e***", medium="EMAIL"))

Asked = Callable[[Json], Awaitable[Step]]


@pytest.fixture
def asked(script: Script, flow: AuthFlow) -> Asked:
    """Sign in as ada, and be answered with this challenge."""

    async def sign_in(reply: Json) -> Step:
        script.expect(initiate("CUSTOM_AUTH", reply, USERNAME="ada"))
        return await flow.send(SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP"))

    return sign_in


# Codes


@pytest.mark.parametrize(
    ("name", "parameters", "step"),
    [
        ("SMS_MFA", BY_SMS, SMS_STEP),
        ("SMS_OTP", BY_SMS, SMS_STEP),
        ("EMAIL_OTP", BY_EMAIL, EMAIL_STEP),
        ("SMS_MFA", {}, SmsCode(code_delivery=CodeDelivery())),
        ("SOFTWARE_TOKEN_MFA", {"FRIENDLY_DEVICE_NAME": "phone"}, TotpCode()),
    ],
)
@pytest.mark.parametrize("event", [EnterCode(code="123456"), Answer(response="123456")])
async def test_a_code(
    script: Script,
    flow: AuthFlow,
    asked: Asked,
    name: str,
    parameters: dict[str, str],
    step: Step,
    event: Event,
) -> None:
    assert await asked(challenge(name, **parameters)) == step
    script.expect(
        respond(name, "session-1", tokens(), USERNAME="ada", **{f"{name}_CODE": "123456"})
    )
    assert isinstance(await flow.send(event), Done)


async def test_a_wrong_code_may_be_followed_by_the_right_one(
    script: Script, flow: AuthFlow, asked: Asked
) -> None:
    step = await asked(challenge("SMS_MFA"))
    script.expect(
        respond(
            "SMS_MFA",
            "session-1",
            refusal("CodeMismatchException"),
            USERNAME="ada",
            SMS_MFA_CODE="1",
        )
    )
    with pytest.raises(CodeMismatchException):
        await flow.send(EnterCode(code="1"))
    assert flow.step == step
    script.expect(respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE="2"))
    await flow.send(EnterCode(code="2"))


# Custom challenge


async def test_custom_challenges_in_many_rounds(
    script: Script, flow: AuthFlow, asked: Asked
) -> None:
    parameters = {"USERNAME": "ada", "question": "Which colour?"}
    step = await asked(challenge("CUSTOM_CHALLENGE", "session-0", **parameters))
    assert step == CustomChallenge(parameters=parameters)
    for round_, said in enumerate((" red", "green ", "ü")):
        follow_up = challenge("CUSTOM_CHALLENGE", f"session-{round_ + 1}", question=f"Not {said}.")
        script.expect(
            respond("CUSTOM_CHALLENGE", f"session-{round_}", follow_up, USERNAME="ada", ANSWER=said)
        )
        assert await flow.send(AnswerChallenge(answer=said)) == CustomChallenge(
            parameters={"question": f"Not {said}."}
        )
    script.expect(
        respond(
            "CUSTOM_CHALLENGE",
            "session-3",
            challenge("SMS_MFA", **BY_SMS),
            USERNAME="ada",
            ANSWER="blue",
        )
    )
    assert await flow.send(Answer(response="blue")) == SMS_STEP


# New password


async def test_a_new_password(script: Script, flow: AuthFlow, asked: Asked) -> None:
    assert await asked(challenge("NEW_PASSWORD_REQUIRED")) == NewPasswordRequired(
        missing_attributes=()
    )
    responses = {"USERNAME": "ada", "NEW_PASSWORD": "new horse"}
    script.expect(
        respond(
            "NEW_PASSWORD_REQUIRED", "session-1", refusal("InvalidPasswordException"), **responses
        ),
    )
    with pytest.raises(Exception, match="No"):
        await flow.send(NewPassword(password="new horse"))
    assert flow.step == NewPasswordRequired()
    script.expect(
        respond(
            "NEW_PASSWORD_REQUIRED",
            "session-1",
            challenge("SMS_MFA", "session-2", **BY_SMS),
            **responses,
        )
    )
    assert await flow.send(Answer(response="new horse")) == SMS_STEP


@pytest.mark.parametrize("event", [NewPassword, Answer])
async def test_a_new_password_with_attributes(
    script: Script, flow: AuthFlow, asked: Asked, event: type[NewPassword | Answer]
) -> None:
    required = json.dumps(["userAttributes.given_name", "userAttributes.custom:pet"])
    step = await asked(
        challenge(
            "NEW_PASSWORD_REQUIRED",
            requiredAttributes=required,
            userAttributes='{"email": "a@b.c"}',
        )
    )
    assert step == NewPasswordRequired(missing_attributes=("given_name", "custom:pet"))
    for attributes in (None, {}, {"given_name": "Ada"}, {"given_name": "Ada", "custom:pet": ""}):
        with pytest.raises(GuardRejected, match="attribute"):
            await flow.send(_new_password(event, attributes))
    responses = {
        "USERNAME": "ada",
        "NEW_PASSWORD": "new horse",
        "userAttributes.given_name": "Ada",
        "userAttributes.custom:pet": "Rex",
    }
    script.expect(respond("NEW_PASSWORD_REQUIRED", "session-1", tokens(), **responses))
    given = {"given_name": "Ada", "custom:pet": "Rex", "nickname": ""}
    assert isinstance(await flow.send(_new_password(event, given)), Done)


def _new_password(event: type[NewPassword | Answer], attributes: dict[str, str] | None) -> Event:
    if event is NewPassword:
        return NewPassword(password="new horse", user_attributes=attributes)
    return Answer(response="new horse", user_attributes=attributes)


# MFA selection


@pytest.mark.parametrize(
    ("mfa", "name"), [("SMS", "SMS_MFA"), ("TOTP", "SOFTWARE_TOKEN_MFA"), ("EMAIL", "EMAIL_OTP")]
)
async def test_choosing_a_second_factor(
    script: Script, flow: AuthFlow, asked: Asked, mfa: MfaType, name: str
) -> None:
    offered = json.dumps(["SMS_MFA", "SOMETHING_NEW", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"])
    step = await asked(challenge("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE=offered))
    assert step == MfaSelection(allowed_mfa_types=("SMS", "TOTP", "EMAIL"))
    script.expect(
        respond(
            "SELECT_MFA_TYPE",
            "session-1",
            challenge(name, "session-2"),
            USERNAME="ada",
            ANSWER=name,
        ),
    )
    step = await flow.send(ChooseMfa(mfa=mfa))
    script.expect(
        respond(name, "session-2", tokens(), USERNAME="ada", **{f"{name}_CODE": "123456"})
    )
    await flow.send(EnterCode(code="123456"))


async def test_only_an_offered_second_factor_can_be_chosen(flow: AuthFlow, asked: Asked) -> None:
    await asked(challenge("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE='["SMS_MFA", "EMAIL_OTP"]'))
    for event in (ChooseMfa(mfa="TOTP"), Answer(response="TOTP"), Answer(response="SMS_MFA")):
        with pytest.raises(GuardRejected):
            await flow.send(event)
    assert flow.step == MfaSelection(allowed_mfa_types=("SMS", "EMAIL"))


# MFA set-up


async def test_setting_up_an_authenticator_app(script: Script, flow: AuthFlow) -> None:
    typed, offered = "ada b@example.org", '["SMS_MFA", "SOFTWARE_TOKEN_MFA"]'
    reply = challenge("MFA_SETUP", MFAS_CAN_SETUP=offered, USERNAME="ada")
    script.expect(initiate("CUSTOM_AUTH", reply, USERNAME=typed), ASSOCIATE)
    step = await flow.send(SignIn(username=typed, auth_flow_type="CUSTOM_WITHOUT_SRP"))
    assert isinstance(step, TotpSetup)
    assert step.shared_secret == SECRET
    label = "auth-flow:ada%20b@example.org"
    assert step.setup_uri == f"otpauth://totp/{label}?secret={SECRET}&issuer=auth-flow"

    script.expect(
        Exchange(
            "VerifySoftwareToken",
            {"UserCode": "000000", "Session": "session-2"},
            {"Status": "ERROR"},
        )
    )
    with pytest.raises(EnableSoftwareTokenMFAException):
        await flow.send(EnterCode(code="000000"))
    assert flow.step == step

    script.expect(
        Exchange(
            "VerifySoftwareToken",
            {"UserCode": "123456", "Session": "session-2", "FriendlyDeviceName": "my phone"},
            {"Status": "SUCCESS", "Session": "session-3"},
        ),
        respond("MFA_SETUP", "session-3", tokens(), USERNAME="ada"),
    )
    await flow.send(EnterCode(code="123456", friendly_device_name="my phone"))
    assert flow.step.name == "DONE"


async def test_a_session_that_is_not_replaced_stays_in_force(
    script: Script, flow: AuthFlow
) -> None:
    reply = challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]')
    session = {"Session": "session-1"}
    script.expect(
        initiate("CUSTOM_AUTH", reply, USERNAME="ada"),
        Exchange("AssociateSoftwareToken", session, {"SecretCode": SECRET}),
    )
    await flow.send(SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP"))
    script.expect(
        Exchange("VerifySoftwareToken", {**session, "UserCode": "123456"}, {"Status": "SUCCESS"}),
        respond("MFA_SETUP", "session-1", tokens(), USERNAME="ada"),
    )
    await flow.send(EnterCode(code="123456"))
    assert flow.step.name == "DONE"


@pytest.mark.parametrize("name", ["EnableSoftwareTokenMFAException", "CodeMismatchException"])
async def test_a_wrong_first_code_keeps_the_set_up(
    script: Script, flow: AuthFlow, name: str
) -> None:
    reply = challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]')
    script.expect(initiate("CUSTOM_AUTH", reply, USERNAME="ada"), ASSOCIATE)
    step = await flow.send(SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP"))
    verify = Exchange(
        "VerifySoftwareToken", {"UserCode": "000000", "Session": "session-2"}, refusal(name)
    )
    for event in (EnterCode(code="000000"), Answer(response="000000")):
        script.expect(verify)
        with pytest.raises(Exception, match="No"):
            await flow.send(event)
        assert flow.step == step


async def test_choosing_to_set_up_an_authenticator_app(
    script: Script, flow: AuthFlow, asked: Asked
) -> None:
    step = await asked(
        challenge("MFA_SETUP", MFAS_CAN_SETUP='["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]')
    )
    assert step == MfaSetupSelection(allowed_mfa_types=("TOTP", "EMAIL"))
    script.expect(ASSOCIATE)
    assert isinstance(await flow.send(Answer(response="totp")), TotpSetup)


async def test_choosing_to_set_up_email(script: Script, flow: AuthFlow, asked: Asked) -> None:
    await asked(challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]'))
    assert await flow.send(ChooseMfa(mfa="EMAIL")) == EmailSetup()
    script.expect(
        respond(
            "MFA_SETUP",
            "session-1",
            challenge("EMAIL_OTP", "session-2", **BY_EMAIL),
            USERNAME="ada",
            EMAIL="ada@e.org",
        )
    )
    assert await flow.send(SetUpEmail(email="ada@e.org")) == EMAIL_STEP
    script.expect(
        respond("EMAIL_OTP", "session-2", tokens(), USERNAME="ada", EMAIL_OTP_CODE="123456")
    )
    await flow.send(EnterCode(code="123456"))


async def test_setting_up_email_where_nothing_else_is_offered(flow: AuthFlow, asked: Asked) -> None:
    assert await asked(challenge("MFA_SETUP", MFAS_CAN_SETUP='["EMAIL_OTP"]')) == EmailSetup()
    for address in ("ada", "@", "a b@c"):
        with pytest.raises(GuardRejected, match="address"):
            await flow.send(Answer(response=address))


# First factors


def selection(*factors: str, session: str = "session-1") -> Json:
    return {**challenge("SELECT_CHALLENGE", session), "AvailableChallenges": list(factors)}


async def test_choosing_a_code_as_first_factor(
    script: Script, flow: AuthFlow, asked: Asked
) -> None:
    step = await asked(selection("EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"))
    assert step == FirstFactorSelection(available_challenges=("EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"))
    reply = challenge("EMAIL_OTP", "session-2", **BY_EMAIL)
    script.expect(
        respond("SELECT_CHALLENGE", "session-1", reply, USERNAME="ada", ANSWER="EMAIL_OTP")
    )
    assert await flow.send(ChooseFactor(factor="EMAIL_OTP")) == EMAIL_STEP


async def test_only_an_offered_first_factor_can_be_chosen(flow: AuthFlow, asked: Asked) -> None:
    await asked(selection("EMAIL_OTP", "A_NEW_ONE"))
    for event in (
        ChooseFactor(factor="PASSWORD"),
        ChooseFactor(factor="SMS_OTP"),
        Answer(response="A_NEW_ONE"),
    ):
        with pytest.raises(GuardRejected):
            await flow.send(event)


async def test_a_selection_that_names_no_factors_offers_all(asked: Asked) -> None:
    step = await asked(challenge("SELECT_CHALLENGE"))
    assert isinstance(step, FirstFactorSelection)
    assert set(step.available_challenges) == {
        "PASSWORD",
        "PASSWORD_SRP",
        "EMAIL_OTP",
        "SMS_OTP",
        "WEB_AUTHN",
        "SOFTWARE_TOKEN",
    }


async def test_the_choice_of_a_password_is_not_sent(
    script: Script, flow: AuthFlow, asked: Asked
) -> None:
    await asked(selection("PASSWORD", "PASSWORD_SRP"))
    assert (
        await flow.send(ChooseFactor(factor="PASSWORD", client_metadata={"lost": "yes"}))
        == PasswordRequired()
    )
    responses = {"USERNAME": "ada", "ANSWER": "PASSWORD", "PASSWORD": "correct horse"}
    script.expect(
        respond(
            "SELECT_CHALLENGE",
            "session-1",
            challenge("SMS_MFA", "session-2", **BY_SMS),
            **responses,
        )
    )
    assert await flow.send(EnterPassword(password="correct horse")) == SMS_STEP


async def test_the_chosen_password_proved_by_srp(
    script: Script, flow: AuthFlow, asked: Asked
) -> None:
    await asked(selection("PASSWORD", "PASSWORD_SRP"))
    assert await flow.send(Answer(response="password_srp")) == PasswordRequired()
    verifier = Verifier()
    script.expect(
        respond(
            "SELECT_CHALLENGE",
            "session-1",
            verifier.pose,
            USERNAME="ada",
            ANSWER="PASSWORD_SRP",
            SRP_A=ANYTHING,
        ),
        verifier.answered(challenge("SMS_MFA", "session-2", **BY_SMS)),
    )
    assert await flow.send(Answer(response="correct horse")) == SMS_STEP


@pytest.mark.parametrize("name", ["PASSWORD", "PASSWORD_SRP"])
async def test_cognito_may_ask_for_the_password_itself(
    script: Script, flow: AuthFlow, asked: Asked, name: str
) -> None:
    assert await asked(challenge(name)) == PasswordRequired()
    secret = {"PASSWORD": "correct horse"} if name == "PASSWORD" else {"SRP_A": ANYTHING}
    script.expect(
        respond("SELECT_CHALLENGE", "session-1", tokens(), USERNAME="ada", ANSWER=name, **secret)
    )
    await flow.send(EnterPassword(password="correct horse"))


# Passkeys


def passkey(session: str = "session-1") -> Json:
    return challenge("WEB_AUTHN", session, CREDENTIAL_REQUEST_OPTIONS=json.dumps(REQUEST_OPTIONS))


@pytest.mark.parametrize(
    "event",
    [PresentPasskey(credential=ASSERTION), Answer(response=json.dumps(ASSERTION, indent=2))],
)
async def test_a_passkey(script: Script, flow: AuthFlow, asked: Asked, event: Event) -> None:
    assert await asked(passkey()) == PasskeyRequired(options=REQUEST_OPTIONS)
    script.expect(respond("WEB_AUTHN", "session-1", tokens(), USERNAME="ada", CREDENTIAL=ANYTHING))
    await flow.send(event)
    assert json.loads(script.requests[-1][1]["ChallengeResponses"]["CREDENTIAL"]) == ASSERTION


@pytest.mark.parametrize(
    "credential",
    [
        "{}",
        '{"id": "aWQ", "type": "public-key"}',
        '{"id": "aWQ", "response": {}}',
        "{no json",
        '{"a":' * 100_000,
    ],
    ids=["empty", "no response", "no type", "no JSON", "too deep"],
)
async def test_what_is_no_assertion(flow: AuthFlow, asked: Asked, credential: str) -> None:
    await asked(passkey())
    with pytest.raises(GuardRejected):
        await flow.send(Answer(response=credential))
    assert flow.step == PasskeyRequired(options=REQUEST_OPTIONS)


async def test_who_cancels_stays_at_the_passkey(
    script: Script, flow: AuthFlow, asked: Asked
) -> None:
    await asked(passkey())
    with pytest.raises(PasskeyCancelled):
        await flow.send(Answer(response='{"error": "NotAllowedError"}'))
    assert flow.step == PasskeyRequired(options=REQUEST_OPTIONS)
    (field,) = flow.form().fields
    assert field.problem
    assert field.problem.code == "passkey_cancelled"
    script.expect(respond("WEB_AUTHN", "session-1", tokens(), USERNAME="ada", CREDENTIAL=ANYTHING))
    await flow.send(PresentPasskey(credential=ASSERTION))


def choice_with_options(options: str) -> Json:
    return {
        **selection("EMAIL_OTP", "WEB_AUTHN"),
        "ChallengeParameters": {"CREDENTIAL_REQUEST_OPTIONS": options},
    }


@pytest.mark.parametrize("way", ["event", "text", "form"])
async def test_a_passkey_that_comes_with_the_choice(
    script: Script, flow: AuthFlow, asked: Asked, way: str
) -> None:
    step = await asked(choice_with_options(json.dumps(REQUEST_OPTIONS)))
    assert isinstance(step, FirstFactorSelection)
    assert step.passkey_options == RequestOptions.model_validate(REQUEST_OPTIONS)
    script.expect(
        respond(
            "SELECT_CHALLENGE",
            "session-1",
            tokens(),
            USERNAME="ada",
            ANSWER="WEB_AUTHN",
            CREDENTIAL=ANYTHING,
        )
    )
    text = json.dumps(ASSERTION)
    match way:
        case "event":
            event: Event = PresentPasskey(credential=ASSERTION)
        case "text":
            event = step.answer(text)
        case _:
            event = flow.fill({"credential": text})
    await flow.send(event)
    assert json.loads(script.requests[-1][1]["ChallengeResponses"]["CREDENTIAL"]) == ASSERTION


@pytest.mark.parametrize("options", ["{}", "{", '{"challenge": "+"}'])
async def test_a_choice_whose_options_cannot_be_read_is_a_choice(
    script: Script, flow: AuthFlow, asked: Asked, options: str
) -> None:
    assert await asked(choice_with_options(options)) == FirstFactorSelection(
        available_challenges=("EMAIL_OTP", "WEB_AUTHN")
    )
    with pytest.raises(GuardRejected, match="choose WEB_AUTHN first"):
        await flow.send(PresentPasskey(credential=ASSERTION))
    reply = challenge("SMS_OTP", "session-2", **BY_SMS)
    script.expect(
        respond("SELECT_CHALLENGE", "session-1", reply, USERNAME="ada", ANSWER="EMAIL_OTP")
    )
    assert await flow.send(ChooseFactor(factor="EMAIL_OTP")) == SMS_STEP


async def test_another_factor_in_place_of_a_passkey(
    script: Script, flow: AuthFlow, asked: Asked
) -> None:
    await asked(passkey())
    reply = challenge("SMS_OTP", "session-2", **BY_SMS)
    script.expect(respond("SELECT_CHALLENGE", "session-1", reply, USERNAME="ada", ANSWER="SMS_OTP"))
    assert await flow.send(ChooseFactor(factor="SMS_OTP")) == SMS_STEP


async def test_the_password_in_place_of_a_passkey(
    script: Script, flow: AuthFlow, asked: Asked
) -> None:
    await asked(passkey())
    assert await flow.send(Answer(response="password")) == PasswordRequired()
    responses = {"USERNAME": "ada", "ANSWER": "PASSWORD", "PASSWORD": "correct horse"}
    script.expect(respond("SELECT_CHALLENGE", "session-1", tokens(), **responses))
    await flow.send(EnterPassword(password="correct horse"))


async def test_fresh_options_for_a_passkey(script: Script, flow: AuthFlow, asked: Asked) -> None:
    await asked(passkey())
    fresh = challenge("WEB_AUTHN", "session-2", CREDENTIAL_REQUEST_OPTIONS='{"challenge": "bmV3"}')
    script.expect(
        respond("SELECT_CHALLENGE", "session-1", fresh, USERNAME="ada", ANSWER="WEB_AUTHN")
    )
    assert await flow.send(ChooseFactor(factor="WEB_AUTHN")) == PasskeyRequired(
        options={"challenge": "bmV3"}
    )
    script.expect(respond("WEB_AUTHN", "session-2", tokens(), USERNAME="ada", CREDENTIAL=ANYTHING))
    await flow.send(PresentPasskey(credential=ASSERTION))
