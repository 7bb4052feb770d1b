"""What a request that is refused leaves behind: nothing. And what no request, trigger or time can
do: break the service.
"""

from __future__ import annotations

from typing import Any

import pytest

from auth_flow.embedded import ClientSettings, Triggers
from auth_flow.states import _srp as srp
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio


async def test_no_account_of_a_refused_password(wire: Wire) -> None:
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    contact = [
        {"Name": "email", "Value": "bob@example.org"},
        {"Name": "email_verified", "Value": "true"},
    ]
    with pytest.raises(Refused, match="InvalidPasswordException"):
        await wire.call(
            "AdminCreateUser", **bob, UserAttributes=contact, TemporaryPassword="weakweak"
        )
    with pytest.raises(Refused, match="UserNotFoundException"):
        await wire.call("AdminGetUser", **bob)


async def test_an_invitation_is_sent_again_only_while_it_is_one(wire: Wire) -> None:
    with pytest.raises(Refused, match="UnsupportedUserStateException"):
        await wire.call(
            "AdminCreateUser", UserPoolId=wire.pool.id, Username="ada", MessageAction="RESEND"
        )
    assert await wire.tokens()


async def test_attributes_change_all_or_not_at_all(wire: Wire) -> None:
    settings(wire, username_attributes=("email",), required_attributes=("email",))
    wire.pool.create_user("bob", attributes={"email": "bob@example.org"})
    access = (await wire.tokens())["AccessToken"]
    change = [{"Name": "nickname", "Value": "N"}, {"Name": "email", "Value": "bob@example.org"}]
    with pytest.raises(Refused, match="AliasExistsException"):
        await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=change)
    await wire.call(
        "UpdateUserAttributes",
        AccessToken=access,
        UserAttributes=[{"Name": "given_name", "Value": "Ada"}],
    )
    with pytest.raises(Refused, match="required attribute email"):
        await wire.call(
            "DeleteUserAttributes", AccessToken=access, UserAttributeNames=["given_name", "email"]
        )
    user = wire.pool.user("ada")
    assert user is not None
    assert (user.attributes.get("nickname"), user.attributes.get("given_name")) == (None, "Ada")


@pytest.mark.parametrize(
    "member",
    [
        {"publicChallengeParameters": [1]},
        {"publicChallengeParameters": {"q": 2}},
        {"publicChallengeParameters": {"q": b"2"}},
        {"privateChallengeParameters": {"answer": 42}},
    ],
    ids=repr,
)
async def test_what_triggers_return_is_checked(wire: Wire, member: dict[str, Any]) -> None:
    def define(event: dict[str, Any]) -> None:
        event["response"] = {"challengeName": "CUSTOM_CHALLENGE"}

    def create(event: dict[str, Any]) -> None:
        event["response"] = member

    wire.pool.triggers = Triggers(define_auth_challenge=define, create_auth_challenge=create)
    with pytest.raises(Refused, match="InvalidLambdaResponseException"):
        await wire.initiate("CUSTOM_AUTH", USERNAME="ada")


async def test_a_trigger_that_returns_no_event(wire: Wire) -> None:
    wire.pool.triggers = Triggers(define_auth_challenge=lambda _: "x")  # type: ignore[arg-type, return-value]
    with pytest.raises(Refused, match="InvalidLambdaResponseException"):
        await wire.initiate("CUSTOM_AUTH", USERNAME="ada")


async def test_a_time_that_no_calendar_has(wire: Wire) -> None:
    asked = await wire.initiate(
        "USER_SRP_AUTH", USERNAME="ada", SRP_A=srp.ClientKeys.generate().public_hex
    )
    answer = {
        "USERNAME": "ada",
        "PASSWORD_CLAIM_SECRET_BLOCK": asked["ChallengeParameters"]["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": "c2ln",
        "TIMESTAMP": "Wed Sep 2 09:05:07 UTC 99999999999",
    }
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.respond(asked, **answer)


async def test_a_fault_of_our_own_is_answered_as_the_service_would(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(wire.pool), "user", lambda *_: 1 // 0)
    with pytest.raises(Refused, match="InternalErrorException: Internal error"):
        await wire.sign_in("ada", PASSWORD)
    headers = {"x-amz-target": "AWSCognitoIdentityProviderService.AdminGetUser"}
    members = {"UserPoolId": wire.pool.id, "Username": "ada"}
    reply = await wire.http.post("/", json=members, headers=headers)
    assert reply.status_code == 500


async def test_revoking_for_a_client_that_cannot_be_vouched_for(wire: Wire) -> None:
    confidential = wire.pool.create_client(ClientSettings(generate_secret=True))
    with pytest.raises(
        Refused, match="UnauthorizedException: User pool client nope does not exist"
    ):
        await wire.call("RevokeToken", Token="any", ClientId="nope")
    with pytest.raises(Refused, match="UnauthorizedException: Invalid client secret"):
        await wire.call("RevokeToken", Token="any", ClientId=confidential.id, ClientSecret="x" * 24)


async def test_no_account_of_a_taken_phone_number(wire: Wire) -> None:
    settings(wire, alias_attributes=("email", "phone_number"))
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    attributes = {
        "email": "bob@example.org",
        "email_verified": "true",
        "phone_number": "+15555555309",
        "phone_number_verified": "true",
    }
    given = [{"Name": name, "Value": value} for name, value in attributes.items()]
    with pytest.raises(Refused, match="AliasExistsException"):
        await wire.call("AdminCreateUser", **bob, UserAttributes=given)
    assert wire.pool.user("bob") is None
    assert wire.pool.user("bob@example.org") is None


async def test_a_taken_preferred_username_is_refused(wire: Wire) -> None:
    settings(wire, alias_attributes=("preferred_username",))
    wire.pool.create_user("bob", attributes={"preferred_username": "bobby"})
    access = (await wire.tokens())["AccessToken"]
    change = [{"Name": "preferred_username", "Value": "Bobby"}]
    with pytest.raises(Refused, match="AliasExistsException"):
        await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=change)
    with pytest.raises(Refused, match="UsernameExistsException"):
        await wire.call(
            "SignUp",
            ClientId=wire.client.id,
            Username="eve",
            Password=PASSWORD,
            UserAttributes=change,
        )
    assert wire.pool.user("eve") is None


async def test_null_is_as_good_as_absent(wire: Wire) -> None:
    reply = await wire.call(
        "InitiateAuth",
        ClientId=wire.client.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD, "DEVICE_KEY": None},
        ClientMetadata=None,
        Session=None,
    )
    access = reply["AuthenticationResult"]["AccessToken"]
    await wire.call("ListDevices", AccessToken=access, Limit=None, PaginationToken=None)
    with pytest.raises(Refused, match="Value null at 'authFlow' failed to satisfy constraint"):
        await wire.call("InitiateAuth", ClientId=wire.client.id, AuthFlow=None)


async def test_names_that_no_user_has_are_locked_out_too(wire: Wire) -> None:
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))

    async def messages(username: str) -> list[str]:
        found = []
        for _ in range(7):
            with pytest.raises(Refused) as refused:
                await wire.sign_in(username, "Wrong-Horse-1")
            found.append(str(refused.value))
        return found

    of_ada = await messages("ada")
    assert of_ada[-1].endswith("Password attempts exceeded")
    assert await messages("nobody") == of_ada


async def test_an_expired_session_is_reported_as_such_even_later(wire: Wire, clock: Any) -> None:
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    answer = {"USERNAME": "ada", "ANSWER": "EMAIL_OTP"}
    clock.turn(minutes=4)
    await wire.initiate("USER_AUTH", USERNAME="ada")
    for _ in range(2):
        with pytest.raises(Refused, match="session is expired"):
            await wire.respond(asked, **answer)


async def test_wrong_codes_of_a_software_token_are_counted(wire: Wire) -> None:
    access = (await wire.tokens())["AccessToken"]
    await wire.call("AssociateSoftwareToken", AccessToken=access)
    wrong = {"AccessToken": access, "UserCode": "000000"}
    for _ in range(5):
        with pytest.raises(Refused, match="EnableSoftwareTokenMFAException"):
            await wire.call("VerifySoftwareToken", **wrong)
    with pytest.raises(Refused, match="SoftwareTokenMFANotFoundException"):
        await wire.call("VerifySoftwareToken", **wrong)


async def test_passwords_of_the_history_are_refused(wire: Wire) -> None:
    settings(wire, password_policy={"password_history_size": 2})
    access = (await wire.tokens())["AccessToken"]
    second, third = "Second-Horse-2", "Third-Horse-3"

    async def change(before: str, after: str) -> None:
        await wire.call(
            "ChangePassword", AccessToken=access, PreviousPassword=before, ProposedPassword=after
        )

    await change(PASSWORD, second)
    for used in (PASSWORD, second):
        with pytest.raises(Refused, match="PasswordHistoryPolicyViolationException"):
            await change(second, used)
    await change(second, third)
    await change(third, PASSWORD)
    wire.pool.create_user("bob", attributes={"email": "bob@example.org"})
    first = {"UserPoolId": wire.pool.id, "Username": "bob", "Password": PASSWORD}
    await wire.call("AdminSetUserPassword", **first, Permanent=True)
    assert await wire.tokens("bob")


async def test_only_an_administrator_resets_passwords(wire: Wire) -> None:
    settings(wire, recovery=("admin_only",))
    with pytest.raises(Refused, match="Contact administrator to reset password"):
        await wire.call("ForgotPassword", ClientId=wire.client.id, Username="ada")
    await wire.call("AdminResetUserPassword", UserPoolId=wire.pool.id, Username="ada")
    await wire.call(
        "ConfirmForgotPassword",
        ClientId=wire.client.id,
        Username="ada",
        ConfirmationCode=wire.code(),
        Password="New-Horse-Two-2",
    )


async def test_a_protected_pool_is_not_deleted(wire: Wire) -> None:
    settings(wire, deletion_protection=True)
    with pytest.raises(Refused, match=r"InvalidParameterException: .*deletion protection"):
        await wire.call("DeleteUserPool", UserPoolId=wire.pool.id)
    assert await wire.tokens()
