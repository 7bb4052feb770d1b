"""Each operation of a signed-in user: what is asked, whole, checked against the service model, and
what is made of the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.validate import ParamValidator
from pydantic import BaseModel

from auth_flow import Tokens
from auth_flow.errors import (
    EnableSoftwareTokenMFAException,
    GuardRejected,
    InvalidParameterException,
    MalformedResponse,
)
from auth_flow.session import (
    AttributeUpdate,
    CurrentUser,
    MfaPreference,
    RememberedDevice,
    Session,
    SignOutResult,
    report_sign_in,
)
from auth_flow.states._passkeys import CreationOptions
from auth_flow.states.steps import CodeDelivery
from tests.embedded.wire import service_model
from tests.flow.scripted import POOL, SECRET, SUBJECT, Clock, Exchange, Json, Script, jwt, refusal
from tests.states.webauthn import CREATION_OPTIONS, REGISTRATION

from .service import USER, TokenService

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.anyio

MINE = RememberedDevice(key="eu-west-1_mine", group_key="-group", password="device password")
EMAIL = {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
TO_EMAIL = CodeDelivery(destination="a***@e***", medium="EMAIL", attribute="email")


class Case(NamedTuple):
    """A call of the session, the request it makes (without the access token), the answer, and the
    result.
    """

    call: Callable[[Session], Awaitable[Any]]
    operation: str
    members: Json
    reply: Json
    result: Any = None


def _members_of(
    call: Callable[[Session], Awaitable[BaseModel]],
) -> Callable[[Session], Awaitable[Any]]:
    """Make a call return the members of its result."""

    async def members(session: Session) -> Json:
        return (await call(session)).model_dump()

    return members


CASES = {
    "update_password": Case(
        lambda s: s.update_password("new Secret-1", old_password="old Secret-1"),
        "ChangePassword",
        {"PreviousPassword": "old Secret-1", "ProposedPassword": "new Secret-1"},
        {},
    ),
    "fetch_user": Case(
        _members_of(lambda s: s.fetch_user()),
        "GetUser",
        {},
        {
            "Username": USER,
            "UserAttributes": [{"Name": "sub", "Value": SUBJECT}],
            "PreferredMfaSetting": "SMS_MFA",
            "UserMFASettingList": ["SMS_MFA", "WEB_AUTHN"],
        },
        {
            "username": USER,
            "attributes": {"sub": SUBJECT},
            "preferred_mfa": "SMS_MFA",
            "mfa": ["SMS_MFA", "WEB_AUTHN"],
        },
    ),
    "fetch_user_of_whom_little_is_known": Case(
        _members_of(lambda s: s.fetch_user()),
        "GetUser",
        {},
        {"Username": USER},
        {"username": USER, "attributes": {}, "preferred_mfa": None, "mfa": []},
    ),
    "first_password": Case(
        lambda s: s.update_password("new Secret-1"),
        "ChangePassword",
        {"ProposedPassword": "new Secret-1"},
        {},
    ),
    "fetch_user_attributes": Case(
        lambda s: s.fetch_user_attributes(),
        "GetUser",
        {},
        {
            "Username": USER,
            "UserAttributes": [
                {"Name": "sub", "Value": SUBJECT},
                {"Name": "custom:x", "Value": ""},
                {"Name": "y"},
            ],
        },
        {"sub": SUBJECT, "custom:x": ""},
    ),
    "update_user_attributes": Case(
        lambda s: s.update_user_attributes(
            {"email": "ada@example.org", "name": "Ada"}, client_metadata={"a": "1"}
        ),
        "UpdateUserAttributes",
        {
            "UserAttributes": [
                {"Name": "email", "Value": "ada@example.org"},
                {"Name": "name", "Value": "Ada"},
            ],
            "ClientMetadata": {"a": "1"},
        },
        {"CodeDeliveryDetailsList": [EMAIL]},
        {"email": AttributeUpdate(TO_EMAIL), "name": AttributeUpdate()},
    ),
    "update_user_attributes_that_need_no_code": Case(
        lambda s: s.update_user_attributes({"name": "Ada"}),
        "UpdateUserAttributes",
        {"UserAttributes": [{"Name": "name", "Value": "Ada"}]},
        {},
        {"name": AttributeUpdate()},
    ),
    "confirm_user_attribute": Case(
        lambda s: s.confirm_user_attribute("email", "123456"),
        "VerifyUserAttribute",
        {"AttributeName": "email", "Code": "123456"},
        {},
    ),
    "send_user_attribute_verification_code": Case(
        lambda s: s.send_user_attribute_verification_code("email", client_metadata={"a": "1"}),
        "GetUserAttributeVerificationCode",
        {"AttributeName": "email", "ClientMetadata": {"a": "1"}},
        {"CodeDeliveryDetails": EMAIL},
        TO_EMAIL,
    ),
    "delete_user_attributes": Case(
        lambda s: s.delete_user_attributes(("name", "custom:x")),
        "DeleteUserAttributes",
        {"UserAttributeNames": ["name", "custom:x"]},
        {},
    ),
    "fetch_mfa_preference": Case(
        lambda s: s.fetch_mfa_preference(),
        "GetUser",
        {},
        {
            "Username": USER,
            "UserAttributes": [],
            "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
            "UserMFASettingList": ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "SOMETHING_NEW"],
        },
        MfaPreference("TOTP", ("SMS", "TOTP", "EMAIL")),
    ),
    "no_mfa_preference": Case(
        lambda s: s.fetch_mfa_preference(),
        "GetUser",
        {},
        {"Username": USER, "UserAttributes": []},
        MfaPreference(None, ()),
    ),
    "update_mfa_preference": Case(
        lambda s: s.update_mfa_preference(
            sms="NOT_PREFERRED", totp="PREFERRED", email="DISABLED", passkey=True
        ),
        "SetUserMFAPreference",
        {
            "SMSMfaSettings": {"Enabled": True, "PreferredMfa": False},
            "SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True},
            "EmailMfaSettings": {"Enabled": False},
            "WebAuthnMfaSettings": {"Enabled": True},
        },
        {},
    ),
    "update_one_mfa_preference": Case(
        lambda s: s.update_mfa_preference(email="ENABLED"),
        "SetUserMFAPreference",
        {"EmailMfaSettings": {"Enabled": True}},
        {},
    ),
    "verify_totp_setup": Case(
        lambda s: s.verify_totp_setup("123456", friendly_device_name="phone"),
        "VerifySoftwareToken",
        {"UserCode": "123456", "FriendlyDeviceName": "phone"},
        {"Status": "SUCCESS"},
    ),
    "fetch_auth_factors": Case(
        _members_of(lambda s: s.fetch_auth_factors()),
        "GetUserAuthFactors",
        {},
        {
            "Username": USER,
            "ConfiguredUserAuthFactors": ["PASSWORD", "WEB_AUTHN"],
            "PreferredMfaSetting": "SMS_MFA",
            "UserMFASettingList": ["SMS_MFA"],
        },
        {
            "username": USER,
            "configured": ["PASSWORD", "WEB_AUTHN"],
            "preferred_mfa": "SMS_MFA",
            "mfa": ["SMS_MFA"],
        },
    ),
    "fetch_auth_factors_of_whom_little_is_known": Case(
        _members_of(lambda s: s.fetch_auth_factors()),
        "GetUserAuthFactors",
        {},
        {"Username": USER},
        {"username": USER, "configured": [], "preferred_mfa": None, "mfa": []},
    ),
    "set_user_settings": Case(
        lambda s: s.set_user_settings({"phone_number": "SMS"}),
        "SetUserSettings",
        {"MFAOptions": [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]},
        {},
    ),
    "remember_device": Case(
        lambda s: s.remember_device(),
        "UpdateDeviceStatus",
        {"DeviceKey": MINE.key, "DeviceRememberedStatus": "remembered"},
        {},
    ),
    "stop_remembering_device": Case(
        lambda s: s.stop_remembering_device("eu-west-1_0a"),
        "UpdateDeviceStatus",
        {"DeviceKey": "eu-west-1_0a", "DeviceRememberedStatus": "not_remembered"},
        {},
    ),
    "forget_device": Case(lambda s: s.forget_device(), "ForgetDevice", {"DeviceKey": MINE.key}, {}),
    "start_passkey_registration": Case(
        lambda s: s.start_passkey_registration(),
        "StartWebAuthnRegistration",
        {},
        {"CredentialCreationOptions": CREATION_OPTIONS},
        CreationOptions.model_validate(CREATION_OPTIONS),
    ),
    "complete_passkey_registration": Case(
        lambda s: s.complete_passkey_registration(REGISTRATION),
        "CompleteWebAuthnRegistration",
        {"Credential": REGISTRATION},
        {},
    ),
    "delete_passkey": Case(
        lambda s: s.delete_passkey("credential"),
        "DeleteWebAuthnCredential",
        {"CredentialId": "credential"},
        {},
    ),
    "delete_user": Case(lambda s: s.delete_user(), "DeleteUser", {}, {}),
    "sign_out_everywhere": Case(
        lambda s: s.sign_out(global_=True), "GlobalSignOut", {}, {}, SignOutResult(revoked=True)
    ),
}


@pytest.fixture
def session(script: Script, clock: Clock, service: TokenService) -> Session:
    return Session(
        POOL,
        service.tokens(),
        transport=script,
        clock=clock,
        devices={USER: MINE},
        login_id="ada@example.org",
    )


def with_token(session: Session, members: Json) -> Json:
    return {"AccessToken": session.access_token.text.get_secret_value(), **members}


def assert_modelled(operation: str, body: Json) -> None:
    report = ParamValidator().validate(body, service_model().operation_model(operation).input_shape)
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("name", CASES)
async def test_operation(script: Script, session: Session, name: str) -> None:
    case = CASES[name]
    body = with_token(session, case.members)
    assert_modelled(case.operation, body)
    script.expect(Exchange(case.operation, body, case.reply))
    assert await case.call(session) == case.result


# More than one exchange


@pytest.mark.parametrize(
    ("preferred", "asked", "sent"),
    [
        (
            "SOFTWARE_TOKEN_MFA",
            {"sms": "ENABLED"},
            {"sms": True, "totp": {"Enabled": True, "PreferredMfa": True}},
        ),
        (
            "SOFTWARE_TOKEN_MFA",
            {"totp": "ENABLED"},
            {"totp": {"Enabled": True, "PreferredMfa": True}},
        ),
        (
            "SOFTWARE_TOKEN_MFA",
            {"sms": "ENABLED", "totp": "DISABLED"},
            {"sms": True, "totp": {"Enabled": False}},
        ),
        (
            "SOFTWARE_TOKEN_MFA",
            {"totp": "NOT_PREFERRED"},
            {"totp": {"Enabled": True, "PreferredMfa": False}},
        ),
        (None, {"sms": "ENABLED"}, {"sms": True}),
    ],
)
async def test_the_present_preference_is_kept_where_that_is_asked_for(
    script: Script, session: Session, preferred: str | None, asked: Json, sent: Json
) -> None:
    user = {
        "Username": USER,
        "UserAttributes": [],
        **({"PreferredMfaSetting": preferred} if preferred else {}),
    }
    members = {
        **({"SMSMfaSettings": {"Enabled": True}} if "sms" in sent else {}),
        **({"SoftwareTokenMfaSettings": sent["totp"]} if "totp" in sent else {}),
    }
    script.expect(
        Exchange("GetUser", with_token(session, {}), user),
        Exchange("SetUserMFAPreference", with_token(session, members), {}),
    )
    await session.update_mfa_preference(**asked, keep_preferred=True)


async def test_another_preference_needs_no_look_at_the_present_one(
    script: Script, session: Session
) -> None:
    members = {"EmailMfaSettings": {"Enabled": True, "PreferredMfa": True}}
    script.expect(Exchange("SetUserMFAPreference", with_token(session, members), {}))
    await session.update_mfa_preference(email="PREFERRED", keep_preferred=True)


async def test_an_authenticator_app(script: Script, session: Session) -> None:
    script.expect(
        Exchange("AssociateSoftwareToken", with_token(session, {}), {"SecretCode": SECRET})
    )
    registration = await session.set_up_totp(issuer="Example & Co", account="ada@example.org")
    assert registration.shared_secret == SECRET
    assert registration.setup_uri == (
        f"otpauth://totp/Example%20%26%20Co:ada@example.org?secret={SECRET}&issuer=Example%20%26%20Co"
    )
    assert SECRET not in repr(registration)


async def test_an_authenticator_app_shows_the_pool_and_the_user(
    script: Script, clock: Clock, service: TokenService
) -> None:
    pool = POOL.model_copy(update={"issuer": "Example"})
    session = Session(pool, service.tokens(), transport=script, clock=clock)
    script.expect(
        Exchange("AssociateSoftwareToken", with_token(session, {}), {"SecretCode": SECRET})
    )
    assert (await session.set_up_totp()).setup_uri == (
        f"otpauth://totp/Example:{USER}?secret={SECRET}&issuer=Example"
    )


async def test_a_wrong_totp_code_is_an_error_whatever_the_status_line_says(
    script: Script, session: Session
) -> None:
    script.expect(
        Exchange(
            "VerifySoftwareToken", with_token(session, {"UserCode": "000000"}), {"Status": "ERROR"}
        )
    )
    with pytest.raises(EnableSoftwareTokenMFAException):
        await session.verify_totp_setup("000000")


async def test_devices_on_all_pages(script: Script, session: Session) -> None:
    laptop = {
        "DeviceKey": MINE.key,
        "DeviceAttributes": [{"Name": "device_name", "Value": "laptop"}],
        "DeviceCreateDate": 1700000000.5,
        "DeviceLastModifiedDate": 1700000001,
        "DeviceLastAuthenticatedDate": 1700000002,
    }
    script.expect(
        Exchange(
            "ListDevices",
            with_token(session, {"Limit": 60}),
            {"Devices": [laptop], "PaginationToken": "more"},
        ),
        Exchange(
            "ListDevices",
            with_token(session, {"Limit": 60, "PaginationToken": "more"}),
            {"Devices": [{}], "PaginationToken": "last"},
        ),
        Exchange("ListDevices", with_token(session, {"Limit": 60, "PaginationToken": "last"}), {}),
    )
    first, second = await session.fetch_devices()
    assert (first.device_key, first.name, first.remembered) == (MINE.key, "laptop", None)
    assert (first.created_at, first.last_modified_at, first.last_authenticated_at) == (
        datetime(2023, 11, 14, 22, 13, 20, 500_000, UTC),
        datetime(2023, 11, 14, 22, 13, 21, tzinfo=UTC),
        datetime(2023, 11, 14, 22, 13, 22, tzinfo=UTC),
    )
    assert (second.device_key, second.name, second.created_at, second.attributes) == (
        "",
        None,
        None,
        {},
    )


async def test_one_device(script: Script, session: Session) -> None:
    script.expect(
        Exchange(
            "GetDevice",
            with_token(session, {"DeviceKey": MINE.key}),
            {"Device": {"DeviceKey": MINE.key}},
        )
    )
    assert (await session.get_device()).device_key == MINE.key


async def test_a_forgotten_device_is_forgotten_here_too(script: Script, session: Session) -> None:
    for key, kept in (("eu-west-1_other", MINE), (MINE.key, None)):
        script.expect(Exchange("ForgetDevice", with_token(session, {"DeviceKey": key}), {}))
        await session.forget_device(key)
        assert session.device == kept
    for name in ("forget_device", "remember_device", "stop_remembering_device", "get_device"):
        with pytest.raises(GuardRejected, match="device_key") as caught:
            await getattr(session, name)()
        found = caught.value
        assert (found.state, found.event, found.code) == (
            "DONE",
            name,
            "device_is_remembered",
        )


async def test_an_empty_device_key_does_not_mean_this_device(
    script: Script, session: Session
) -> None:
    refused = refusal("InvalidParameterException", "deviceKey")
    script.expect(Exchange("ForgetDevice", with_token(session, {"DeviceKey": ""}), refused))
    with pytest.raises(InvalidParameterException):
        await session.forget_device("")
    assert session.device == MINE


async def test_passkeys_by_pages(script: Script, session: Session) -> None:
    passkey = {
        "CredentialId": "one",
        "FriendlyCredentialName": "iCloud Keychain",
        "RelyingPartyId": "localhost",
        "AuthenticatorAttachment": "platform",
        "AuthenticatorTransports": ["internal"],
        "CreatedAt": 1700000000,
    }
    request = with_token(session, {"MaxResults": 1})
    script.expect(
        Exchange(
            "ListWebAuthnCredentials", request, {"Credentials": [passkey], "NextToken": "more"}
        )
    )
    page = await session.list_passkeys(page_size=1)
    assert page.next_token == "more"
    assert [one.model_dump() for one in page.credentials] == [
        {
            "credential_id": "one",
            "friendly_name": "iCloud Keychain",
            "relying_party_id": "localhost",
            "authenticator_attachment": "platform",
            "authenticator_transports": ["internal"],
            "created_at": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        }
    ]
    request = with_token(session, {"NextToken": "more"})
    script.expect(
        Exchange("ListWebAuthnCredentials", request, {"Credentials": [{"CredentialId": "two"}]}),
        Exchange("ListWebAuthnCredentials", request, {}),
    )
    page = await session.list_passkeys(next_token="more")
    assert [one.model_dump() for one in page.credentials] == [
        {
            "credential_id": "two",
            "friendly_name": None,
            "relying_party_id": None,
            "authenticator_attachment": None,
            "authenticator_transports": [],
            "created_at": None,
        }
    ]
    assert page.next_token is None
    assert (await session.list_passkeys(next_token="more")).credentials == []


@pytest.mark.parametrize("missing", ["rp", "user", "challenge", "pubKeyCredParams"])
async def test_creation_options_without_what_an_authenticator_needs(
    script: Script, session: Session, missing: str
) -> None:
    options = {name: value for name, value in CREATION_OPTIONS.items() if name != missing}
    script.expect(
        Exchange(
            "StartWebAuthnRegistration",
            with_token(session, {}),
            {"CredentialCreationOptions": options},
        )
    )
    with pytest.raises(MalformedResponse, match=missing):
        await session.start_passkey_registration()


@pytest.mark.parametrize(
    ("update", "updated", "next_step"),
    [
        (AttributeUpdate(), True, "DONE"),
        (AttributeUpdate(TO_EMAIL), False, "CONFIRM_ATTRIBUTE_WITH_CODE"),
    ],
)
def test_an_update_says_what_comes_next(
    update: AttributeUpdate, updated: bool, next_step: str
) -> None:
    assert (update.updated, update.next_step) == (updated, next_step)


async def test_any_operation_of_the_future(script: Script, session: Session) -> None:
    script.expect(Exchange("PaintTheUserBlue", with_token(session, {"Shade": 3}), {"Done": True}))
    assert await session.call("PaintTheUserBlue", Shade=3, Hue=None) == {"Done": True}


async def test_who_is_signed_in_needs_no_request(session: Session) -> None:
    assert session.get_current_user() == CurrentUser(USER, SUBJECT, "ada@example.org")


@pytest.mark.parametrize(
    ("claims", "login_id", "username"),
    [
        ({"username": USER}, "ada@example.org", USER),
        ({}, "ada@example.org", "ada@example.org"),
        ({}, None, SUBJECT),
    ],
)
async def test_a_user_whose_token_has_no_name(
    script: Script, claims: Json, login_id: str | None, username: str
) -> None:
    tokens = Tokens.read(jwt(sub=SUBJECT, **claims))
    session = Session(POOL, tokens, transport=script, login_id=login_id)
    assert session.get_current_user() == CurrentUser(username, SUBJECT, login_id)


@pytest.mark.parametrize(("mine", "value"), [(True, "Valid"), (False, "Invalid")])
async def test_an_answer_to_a_security_notice(script: Script, mine: bool, value: str) -> None:
    body = {
        "UserPoolId": POOL.user_pool_id,
        "Username": USER,
        "EventId": "event",
        "FeedbackToken": "token",
        "FeedbackValue": value,
    }
    assert_modelled("UpdateAuthEventFeedback", body)
    script.expect(Exchange("UpdateAuthEventFeedback", body, {}))
    await report_sign_in(
        POOL, script, username=USER, event_id="event", feedback_token="token", mine=mine
    )


def test_every_operation_that_needs_no_aws_signature_is_there() -> None:
    model = service_model()
    public = {
        name for name in model.operation_names if model.operation_model(name).auth_type == "none"
    }
    assert len(public) >= 32
    source = "".join(
        file.read_text()
        for wing in ("auth_flow", "states")
        for file in (ROOT / wing).rglob("*.py")
        if "embedded" not in file.parts
    )
    assert {name for name in public if f'"{name}"' not in source} == set()
