"""boto3 against the embedded user pool on a port: every sign-in flow it can do, and every reply
held against botocore's model.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import botocore.exceptions
import jwt
import pytest

from auth_flow.embedded import Client, ClientSettings, RefreshTokenRotation
from tests.counterparts.admin import PASSWORD, CounterpartPool, aws_client
from tests.counterparts.served import TOTP_SECRET, WHAT_IS_BLUE, Served, ServedPool, another_than
from tests.counterparts.totp import code, wrong_code
from tests.embedded.wire import misfits

pytestmark = pytest.mark.counterpart

NEW_PASSWORD = "New-Correct-Horse-2"


@pytest.fixture(scope="module")
def cognito(served: Served) -> Iterator[Any]:
    """boto3 for the served pools. It ignores what its model does not have, so the replies are
    looked at before that.
    """

    def check(http_response: Any, model: Any, **_: Any) -> None:
        if http_response.status_code == 200 and model.output_shape:
            assert misfits(model.output_shape, json.loads(http_response.content)) == []

    with aws_client("cognito-idp", served.url, served.service.region) as client:
        client.meta.events.register("after-call", check)
        yield client


@dataclass(frozen=True)
class App:
    """An app that signs users in with boto3."""

    cognito: Any
    client: Client

    def initiate(self, flow: str, **parameters: str) -> Any:
        """InitiateAuth."""
        return self.cognito.initiate_auth(
            ClientId=self.client.id, AuthFlow=flow, AuthParameters=parameters
        )

    def by_password(self, password: str = PASSWORD, username: str = "ada") -> Any:
        """USER_PASSWORD_AUTH."""
        return self.initiate("USER_PASSWORD_AUTH", USERNAME=username, PASSWORD=password)

    def respond(self, asked: Any, **responses: str) -> Any:
        """RespondToAuthChallenge, to the challenge that was asked."""
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client.id,
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "ada", **responses},
        )

    def who(self, reply: Any) -> str:
        """The name that GetUser gives for the tokens of a reply."""
        return str(
            self.cognito.get_user(AccessToken=reply["AuthenticationResult"]["AccessToken"])[
                "Username"
            ]
        )


@pytest.fixture
def app(cognito: Any, served: Served) -> tuple[App, ServedPool]:
    """An app of a pool without MFA, whose user is ada."""
    pool = served.pool()
    pool.add_ada()
    return App(cognito, pool.client), pool


# Password


def test_a_right_and_a_wrong_password(app: tuple[App, ServedPool]) -> None:
    ada, _ = app
    with pytest.raises(
        ada.cognito.exceptions.NotAuthorizedException, match="Incorrect username or password"
    ):
        ada.by_password("Wrong-Horse-1")
    reply = ada.by_password()
    assert ada.who(reply) == "ada"
    assert reply["AuthenticationResult"]["TokenType"] == "Bearer"
    assert reply["AuthenticationResult"]["ExpiresIn"] == 3600


def test_who_and_what_does_not_exist(app: tuple[App, ServedPool], served: Served) -> None:
    ada, pool = app
    with pytest.raises(ada.cognito.exceptions.UserNotFoundException):
        ada.by_password(username="nobody")
    protecting = pool.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    with pytest.raises(ada.cognito.exceptions.NotAuthorizedException):
        App(ada.cognito, protecting).by_password(username="nobody")
    stranger = served.pool().client.model_copy(update={"id": "nosuchclient"})
    with pytest.raises(ada.cognito.exceptions.ResourceNotFoundException):
        App(ada.cognito, stranger).by_password()


def test_a_client_secret_wants_its_hash(cognito: Any, served: Served) -> None:
    pool = served.pool(client=ClientSettings(generate_secret=True))
    pool.add_ada()
    app, secret = App(cognito, pool.client), pool.client.secret or ""
    with pytest.raises(
        cognito.exceptions.NotAuthorizedException, match="SECRET_HASH was not received"
    ):
        app.by_password()
    digest = hmac.digest(secret.encode(), f"ada{pool.client.id}".encode(), hashlib.sha256)
    signed = {
        "USERNAME": "ada",
        "PASSWORD": PASSWORD,
        "SECRET_HASH": base64.b64encode(digest).decode(),
    }
    reply = app.initiate("USER_PASSWORD_AUTH", **signed)
    assert app.who(reply) == "ada"
    refresh = {
        "ClientId": pool.client.id,
        "RefreshToken": reply["AuthenticationResult"]["RefreshToken"],
    }
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        cognito.get_tokens_from_refresh_token(**refresh)
    assert app.who(cognito.get_tokens_from_refresh_token(**refresh, ClientSecret=secret)) == "ada"


def test_a_temporary_password_and_a_missing_attribute(cognito: Any, served: Served) -> None:
    pool = served.pool(required_attributes=("given_name",))
    pool.add_ada("Temporary-1!", status="FORCE_CHANGE_PASSWORD")
    app = App(cognito, pool.client)
    asked = app.by_password("Temporary-1!")
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert json.loads(asked["ChallengeParameters"]["requiredAttributes"]) == [
        "userAttributes.given_name"
    ]
    with pytest.raises(cognito.exceptions.InvalidPasswordException):
        app.respond(asked, NEW_PASSWORD="short", **{"userAttributes.given_name": "Ada"})
    with pytest.raises(cognito.exceptions.InvalidParameterException):
        app.respond(asked, NEW_PASSWORD=NEW_PASSWORD)
    reply = app.respond(asked, NEW_PASSWORD=NEW_PASSWORD, **{"userAttributes.given_name": "Ada"})
    assert app.who(reply) == "ada"
    assert app.who(app.by_password(NEW_PASSWORD)) == "ada"


# Second factors


@pytest.mark.parametrize(("factor", "medium"), [("SMS_MFA", "SMS"), ("EMAIL_OTP", "EMAIL")])
def test_a_code_that_was_sent(cognito: Any, served: Served, factor: str, medium: Any) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada(mfa=[factor])
    app = App(cognito, pool.client)
    asked = app.by_password()
    assert (
        asked["ChallengeName"],
        asked["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"],
    ) == (factor, medium)
    sent = pool.code(medium=medium)
    with pytest.raises(cognito.exceptions.CodeMismatchException):
        app.respond(asked, **{f"{factor}_CODE": another_than(sent)})
    assert app.who(app.respond(asked, **{f"{factor}_CODE": sent})) == "ada"
    with pytest.raises(cognito.exceptions.NotAuthorizedException, match=r"[Ss]ession"):
        app.respond(asked, **{f"{factor}_CODE": sent})


def test_a_code_of_the_authenticator_app(cognito: Any, served: Served) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada(mfa=["SOFTWARE_TOKEN_MFA"], totp_secret=TOTP_SECRET)
    app = App(cognito, pool.client)
    asked = app.by_password()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    with pytest.raises(cognito.exceptions.CodeMismatchException):
        app.respond(asked, SOFTWARE_TOKEN_MFA_CODE=wrong_code(TOTP_SECRET))
    assert app.who(app.respond(asked, SOFTWARE_TOKEN_MFA_CODE=code(TOTP_SECRET))) == "ada"


def test_a_choice_of_second_factors(cognito: Any, served: Served) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada(mfa=["SMS_MFA", "SOFTWARE_TOKEN_MFA"], totp_secret=TOTP_SECRET)
    app = App(cognito, pool.client)
    asked = app.by_password()
    assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == [
        "SMS_MFA",
        "SOFTWARE_TOKEN_MFA",
    ]
    asked = app.respond(asked, ANSWER="SMS_MFA")
    assert asked["ChallengeName"] == "SMS_MFA"
    assert app.who(app.respond(asked, SMS_MFA_CODE=pool.code())) == "ada"


def test_an_authenticator_app_is_set_up_during_a_sign_in(cognito: Any, served: Served) -> None:
    pool = served.pool(mfa_configuration="ON", mfa_factors=("SOFTWARE_TOKEN_MFA",))
    pool.add_ada()
    app = App(cognito, pool.client)
    asked = app.by_password()
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]
    associated = cognito.associate_software_token(Session=asked["Session"])
    secret = associated["SecretCode"]
    with pytest.raises(cognito.exceptions.EnableSoftwareTokenMFAException):
        cognito.verify_software_token(Session=associated["Session"], UserCode=wrong_code(secret))
    verified = cognito.verify_software_token(
        Session=associated["Session"], UserCode=code(secret), FriendlyDeviceName="phone"
    )
    assert verified["Status"] == "SUCCESS"
    assert app.who(app.respond({**asked, "Session": verified["Session"]})) == "ada"
    asked = app.by_password()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert app.who(app.respond(asked, SOFTWARE_TOKEN_MFA_CODE=code(secret, steps_ahead=1))) == "ada"


def test_an_address_is_set_up_during_a_sign_in(cognito: Any, served: Served) -> None:
    pool = served.pool(mfa_configuration="ON", mfa_factors=("EMAIL_OTP",))
    pool.add_ada(attributes={})
    app = App(cognito, pool.client)
    asked = app.by_password()
    assert asked["ChallengeName"] == "MFA_SETUP"
    asked = app.respond(asked, EMAIL="ada@example.net")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert app.who(app.respond(asked, EMAIL_OTP_CODE=pool.code())) == "ada"


def test_an_authenticator_app_is_set_up_and_preferred_afterwards(
    cognito: Any, served: Served
) -> None:
    pool = served.pool(mfa_configuration="OPTIONAL")
    pool.add_ada()
    app = App(cognito, pool.client)
    token = app.by_password()["AuthenticationResult"]["AccessToken"]
    secret = cognito.associate_software_token(AccessToken=token)["SecretCode"]
    assert (
        cognito.verify_software_token(AccessToken=token, UserCode=code(secret))["Status"]
        == "SUCCESS"
    )
    preferred = {"Enabled": True, "PreferredMfa": True}
    cognito.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings=preferred, SMSMfaSettings={"Enabled": True}
    )
    user = cognito.get_user(AccessToken=token)
    assert user["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert set(user["UserMFASettingList"]) == {"SMS_MFA", "SOFTWARE_TOKEN_MFA"}
    assert app.by_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


# Custom challenge


def test_a_custom_challenge(cognito: Any, served: Served) -> None:
    pool = served.pool(triggers=WHAT_IS_BLUE)
    pool.add_ada()
    app = App(cognito, pool.client)
    asked = app.initiate("CUSTOM_AUTH", USERNAME="ada")
    assert (asked["ChallengeName"], asked["ChallengeParameters"]["hint"]) == (
        "CUSTOM_CHALLENGE",
        "blue",
    )
    asked = app.respond(asked, ANSWER="sea")
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert app.who(app.respond(asked, ANSWER="sky")) == "ada"
    asked = app.initiate("CUSTOM_AUTH", USERNAME="ada")
    asked = app.respond(asked, ANSWER="sea")
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        app.respond(asked, ANSWER="eyes")


# Choice of factor


def test_a_choice_of_first_factors(app: tuple[App, ServedPool]) -> None:
    ada, pool = app
    asked = ada.initiate("USER_AUTH", USERNAME="ada")
    assert asked["ChallengeName"] == "SELECT_CHALLENGE"
    assert set(asked["AvailableChallenges"]) == {"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"}
    asked = ada.respond(asked, ANSWER="EMAIL_OTP")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert ada.who(ada.respond(asked, EMAIL_OTP_CODE=pool.code(medium="EMAIL"))) == "ada"
    asked = ada.initiate("USER_AUTH", USERNAME="ada")
    assert ada.who(ada.respond(asked, ANSWER="PASSWORD", PASSWORD=PASSWORD)) == "ada"


def test_a_preferred_first_factor(app: tuple[App, ServedPool]) -> None:
    ada, pool = app
    asked = ada.initiate("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="SMS_OTP")
    assert asked["ChallengeName"] == "SMS_OTP"
    assert ada.who(ada.respond(asked, SMS_OTP_CODE=pool.code(medium="SMS"))) == "ada"
    right = {"USERNAME": "ada", "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD}
    assert ada.who(ada.initiate("USER_AUTH", **right)) == "ada"
    with pytest.raises(ada.cognito.exceptions.NotAuthorizedException):
        ada.initiate("USER_AUTH", **{**right, "PASSWORD": "Wrong-Horse-1"})


# Account and password


def test_sign_up_confirm_and_resend(cognito: Any, served: Served) -> None:
    pool = served.pool()
    app, who = App(cognito, pool.client), {"ClientId": pool.client.id, "Username": "zoe"}
    email = [{"Name": "email", "Value": "zoe@example.org"}]
    with pytest.raises(cognito.exceptions.InvalidPasswordException):
        cognito.sign_up(**who, Password="tiny", UserAttributes=email)
    signed_up = cognito.sign_up(**who, Password=PASSWORD, UserAttributes=email)
    assert signed_up["UserConfirmed"] is False
    assert signed_up["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    with pytest.raises(cognito.exceptions.UsernameExistsException):
        cognito.sign_up(**who, Password=PASSWORD, UserAttributes=email)
    with pytest.raises(cognito.exceptions.UserNotConfirmedException):
        app.by_password(username="zoe")
    first = pool.code("zoe")
    assert (
        cognito.resend_confirmation_code(**who)["CodeDeliveryDetails"]["AttributeName"] == "email"
    )
    second = pool.code("zoe")
    if first != second:
        with pytest.raises(cognito.exceptions.CodeMismatchException):
            cognito.confirm_sign_up(**who, ConfirmationCode=first)
    confirmed = cognito.confirm_sign_up(
        **who, ConfirmationCode=second, Session=signed_up["Session"]
    )
    automatic = cognito.initiate_auth(
        ClientId=pool.client.id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "zoe"},
        Session=confirmed["Session"],
    )
    assert app.who(automatic) == "zoe"
    assert app.who(app.by_password(username="zoe")) == "zoe"
    with pytest.raises(
        cognito.exceptions.NotAuthorizedException, match="Current status is CONFIRMED"
    ):
        cognito.confirm_sign_up(**who, ConfirmationCode=second)


def test_a_forgotten_password(app: tuple[App, ServedPool]) -> None:
    ada, pool = app
    who = {"ClientId": pool.client.id, "Username": "ada"}
    delivery = ada.cognito.forgot_password(**who)["CodeDeliveryDetails"]
    assert delivery == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    sent = pool.code()
    with pytest.raises(ada.cognito.exceptions.CodeMismatchException):
        ada.cognito.confirm_forgot_password(
            **who, ConfirmationCode=another_than(sent), Password=NEW_PASSWORD
        )
    with pytest.raises(ada.cognito.exceptions.InvalidPasswordException):
        ada.cognito.confirm_forgot_password(**who, ConfirmationCode=sent, Password="tiny")
    ada.cognito.confirm_forgot_password(**who, ConfirmationCode=sent, Password=NEW_PASSWORD)
    with pytest.raises(ada.cognito.exceptions.NotAuthorizedException):
        ada.by_password()
    assert ada.who(ada.by_password(NEW_PASSWORD)) == "ada"
    with pytest.raises(ada.cognito.exceptions.ExpiredCodeException):
        ada.cognito.confirm_forgot_password(**who, ConfirmationCode=sent, Password=PASSWORD)


def test_a_forced_reset(app: tuple[App, ServedPool]) -> None:
    ada, pool = app
    ada.cognito.admin_reset_user_password(UserPoolId=pool.pool.id, Username="ada")
    with pytest.raises(ada.cognito.exceptions.PasswordResetRequiredException):
        ada.by_password()


def test_a_user_changes_what_is_hers(app: tuple[App, ServedPool]) -> None:
    ada, pool = app
    token = ada.by_password()["AuthenticationResult"]["AccessToken"]
    ada.cognito.change_password(
        AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEW_PASSWORD
    )
    changed = [
        {"Name": "email", "Value": "ada@example.net"},
        {"Name": "given_name", "Value": "Ada"},
    ]
    sent = ada.cognito.update_user_attributes(AccessToken=token, UserAttributes=changed)[
        "CodeDeliveryDetailsList"
    ]
    assert [one["AttributeName"] for one in sent] == ["email"]
    ada.cognito.verify_user_attribute(AccessToken=token, AttributeName="email", Code=pool.code())
    ada.cognito.delete_user_attributes(AccessToken=token, UserAttributeNames=["given_name"])
    attributes = {
        one["Name"]: one["Value"]
        for one in ada.cognito.get_user(AccessToken=token)["UserAttributes"]
    }
    assert attributes["email"] == "ada@example.net"
    assert attributes["email_verified"] == "true"
    assert "given_name" not in attributes
    ada.cognito.delete_user(AccessToken=token)
    with pytest.raises(ada.cognito.exceptions.UserNotFoundException):
        ada.by_password(NEW_PASSWORD)


# Tokens


def test_tokens_are_renewed_and_revoked(app: tuple[App, ServedPool]) -> None:
    ada, pool = app
    tokens = ada.by_password()["AuthenticationResult"]
    ask = {"ClientId": pool.client.id, "RefreshToken": tokens["RefreshToken"]}
    assert ada.who(ada.cognito.get_tokens_from_refresh_token(**ask)) == "ada"
    assert (
        ada.who(ada.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])) == "ada"
    )
    ada.cognito.revoke_token(ClientId=pool.client.id, Token=tokens["RefreshToken"])
    with pytest.raises(ada.cognito.exceptions.NotAuthorizedException):
        ada.cognito.get_tokens_from_refresh_token(**ask)
    with pytest.raises(ada.cognito.exceptions.NotAuthorizedException):
        ada.cognito.get_user(AccessToken=tokens["AccessToken"])


def test_a_refresh_token_that_rotates_is_good_once(cognito: Any, served: Served) -> None:
    pool = served.pool(
        client=ClientSettings(refresh_token_rotation=RefreshTokenRotation(feature="ENABLED"))
    )
    pool.add_ada()
    old = App(cognito, pool.client).by_password()["AuthenticationResult"]["RefreshToken"]
    new = cognito.get_tokens_from_refresh_token(ClientId=pool.client.id, RefreshToken=old)[
        "AuthenticationResult"
    ]
    assert new["RefreshToken"] != old
    with pytest.raises(cognito.exceptions.RefreshTokenReuseException):
        cognito.get_tokens_from_refresh_token(ClientId=pool.client.id, RefreshToken=old)


def test_a_global_sign_out_ends_all_tokens(app: tuple[App, ServedPool]) -> None:
    ada, pool = app
    here, there = (ada.by_password()["AuthenticationResult"] for _ in range(2))
    ada.cognito.global_sign_out(AccessToken=here["AccessToken"])
    for tokens in (here, there):
        with pytest.raises(ada.cognito.exceptions.NotAuthorizedException):
            ada.cognito.get_user(AccessToken=tokens["AccessToken"])
        with pytest.raises(ada.cognito.exceptions.NotAuthorizedException):
            ada.cognito.get_tokens_from_refresh_token(
                ClientId=pool.client.id, RefreshToken=tokens["RefreshToken"]
            )


# Administration


def test_an_administrator_sets_a_pool_up(cognito: Any, served: Served) -> None:
    pool = CounterpartPool.create(
        cognito, AliasAttributes=["email"], client={"GenerateSecret": True}
    )
    assert cognito.describe_user_pool(UserPoolId=pool.pool_id)["UserPool"]["AliasAttributes"] == [
        "email"
    ]
    assert pool.client_secret
    pool.add_user(
        "eve", "Temporary-1!", temporary=True, email="eve@example.org", email_verified="true"
    )
    assert pool.status_of("eve") == "FORCE_CHANGE_PASSWORD"
    cognito.admin_set_user_password(
        UserPoolId=pool.pool_id, Username="eve", Password=PASSWORD, Permanent=True
    )
    found = cognito.list_users(UserPoolId=pool.pool_id, Filter='email = "eve@example.org"')["Users"]
    assert [(user["Username"], user["UserStatus"]) for user in found] == [("eve", "CONFIRMED")]
    cognito.admin_disable_user(UserPoolId=pool.pool_id, Username="eve")
    assert cognito.admin_get_user(UserPoolId=pool.pool_id, Username="eve")["Enabled"] is False
    cognito.admin_delete_user(UserPoolId=pool.pool_id, Username="eve")
    with pytest.raises(cognito.exceptions.UserNotFoundException):
        pool.status_of("eve")
    cognito.delete_user_pool(UserPoolId=pool.pool_id)
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_user_pool(UserPoolId=pool.pool_id)


def test_an_administrator_signs_a_user_in(app: tuple[App, ServedPool]) -> None:
    ada, pool = app
    reply = ada.cognito.admin_initiate_auth(
        UserPoolId=pool.pool.id,
        ClientId=pool.client.id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    assert ada.who(reply) == "ada"


def test_what_the_service_does_not_do_is_an_error_of_the_service(
    app: tuple[App, ServedPool],
) -> None:
    ada, pool = app
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        ada.cognito.list_user_import_jobs(UserPoolId=pool.pool.id, MaxResults=1)
    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"
    with pytest.raises(ada.cognito.exceptions.InvalidParameterException):
        ada.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A="0")


# Settings that are changed


def test_a_pool_and_a_client_are_updated(cognito: Any, served: Served) -> None:
    pool = served.pool()
    pool.add_ada()
    app, named = App(cognito, pool.client), {"UserPoolId": pool.pool.id}
    cognito.add_custom_attributes(
        **named, CustomAttributes=[{"Name": "team", "AttributeDataType": "String"}]
    )
    cognito.update_user_pool(
        **named, Policies={"PasswordPolicy": {"MinimumLength": 20}}, UserPoolTags={"stage": "test"}
    )
    with pytest.raises(cognito.exceptions.InvalidPasswordException):
        cognito.admin_set_user_password(**named, Username="ada", Password=PASSWORD)
    shown = cognito.describe_user_pool(**named)["UserPool"]
    assert cognito.list_tags_for_resource(ResourceArn=shown["Arn"])["Tags"] == {"stage": "test"}
    assert "custom:team" in [attribute["Name"] for attribute in shown["SchemaAttributes"]]
    cognito.update_user_pool_client(
        **named, ClientId=pool.client.id, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"]
    )
    with pytest.raises(cognito.exceptions.InvalidParameterException, match="not enabled"):
        app.by_password()


def test_groups_and_their_members(app: tuple[App, ServedPool]) -> None:
    ada, pool = app
    named = {"UserPoolId": pool.pool.id, "GroupName": "editors"}
    role = "arn:aws:iam::123456789012:role/editor"
    group = ada.cognito.create_group(**named, Precedence=1, RoleArn=role)["Group"]
    assert (group["GroupName"], group["Precedence"]) == ("editors", 1)
    ada.cognito.admin_add_user_to_group(**named, Username="ada")
    members = ada.cognito.list_users_in_group(**named)["Users"]
    assert [user["Username"] for user in members] == ["ada"]
    of_ada = ada.cognito.admin_list_groups_for_user(UserPoolId=pool.pool.id, Username="ada")
    assert [group["GroupName"] for group in of_ada["Groups"]] == ["editors"]
    ada.cognito.admin_remove_user_from_group(**named, Username="ada")
    ada.cognito.delete_group(**named)
    with pytest.raises(ada.cognito.exceptions.ResourceNotFoundException):
        ada.cognito.get_group(**named)


def test_groups_are_in_the_tokens(cognito: Any, served: Served) -> None:
    pool = served.pool()
    pool.add_ada()
    named = {"UserPoolId": pool.pool.id}
    role = "arn:aws:iam::123456789012:role/editors"
    cognito.create_group(**named, GroupName="editors", RoleArn=role, Precedence=1)
    cognito.admin_add_user_to_group(**named, GroupName="editors", Username="ada")
    listed = cognito.list_users_in_group(**named, GroupName="editors")["Users"]
    assert [user["Username"] for user in listed] == ["ada"]
    reply = App(cognito, pool.client).by_password()["AuthenticationResult"]
    claims = jwt.decode(reply["IdToken"], options={"verify_signature": False})
    assert (claims["cognito:groups"], claims["cognito:roles"]) == (["editors"], [role])
    cognito.admin_remove_user_from_group(**named, GroupName="editors", Username="ada")
    assert cognito.admin_list_groups_for_user(**named, Username="ada")["Groups"] == []
