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
    with pytest.raises(Refused, match="InternalErrorException"):
        await wire.sign_in("ada", PASSWORD)


async def test_revoking_for_a_client_that_cannot_be_vouched_for(wire: Wire) -> None:
    confidential = wire.pool.create_client(ClientSettings(generate_secret=True))
    with pytest.raises(
        Refused, match="UnauthorizedException: User pool client nope does not exist"
    ):
        await wire.call("RevokeToken", Token="any", ClientId="nope")
    with pytest.raises(Refused, match="UnauthorizedException: Invalid client secret"):
        await wire.call("RevokeToken", Token="any", ClientId=confidential.id, ClientSecret="x" * 24)
