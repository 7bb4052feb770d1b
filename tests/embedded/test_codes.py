"""A code proves the address that it was sent to, and no other."""

from __future__ import annotations

import re
from typing import Any

import pytest

from auth_flow.embedded import ClientSettings, Message, TurnableClock
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio


def contact(value: str, **more: str) -> list[dict[str, str]]:
    members = {"email": value, **more}
    return [{"Name": name, "Value": member} for name, member in members.items()]


async def change_by_user(wire: Wire, access: str) -> None:
    await wire.call(
        "UpdateUserAttributes", AccessToken=access, UserAttributes=contact("b@example.org")
    )


async def change_by_administrator(wire: Wire, _access: str) -> None:
    await wire.call(
        "AdminUpdateUserAttributes",
        UserPoolId=wire.pool.id,
        Username="ada",
        UserAttributes=contact("b@example.org", email_verified="false"),
    )


async def delete_and_set(wire: Wire, access: str) -> None:
    await wire.call("DeleteUserAttributes", AccessToken=access, UserAttributeNames=["email"])
    await change_by_user(wire, access)


@pytest.mark.parametrize("change", [change_by_user, change_by_administrator, delete_and_set])
@pytest.mark.parametrize("automatic", [True, False])
async def test_a_code_for_the_old_address_does_not_verify_the_new_one(
    wire: Wire, change: Any, automatic: bool
) -> None:
    settings(wire, auto_verified_attributes=("email",) if automatic else ())
    access = (await wire.tokens())["AccessToken"]
    await wire.call("GetUserAttributeVerificationCode", AccessToken=access, AttributeName="email")
    code = wire.code()
    await change(wire, access)
    answer = {"AccessToken": access, "AttributeName": "email"}
    with pytest.raises(Refused, match=r"ExpiredCodeException|CodeMismatchException"):
        await wire.call("VerifyUserAttribute", **answer, Code=code)
    user = wire.pool.user("ada")
    assert user is not None
    assert user.verified("email") is None
    if automatic:
        await wire.call("VerifyUserAttribute", **answer, Code=wire.code())
        assert user.verified("email") == "b@example.org"


@pytest.mark.parametrize("waits", [True, False])
async def test_an_address_that_stays_needs_no_code(wire: Wire, waits: bool) -> None:
    settings(
        wire,
        auto_verified_attributes=("email", "phone_number"),
        verify_before_update=("email",) if waits else (),
    )
    access = (await wire.tokens())["AccessToken"]
    given = contact("ada@example.org", nickname="N")
    reply = await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=given)
    assert reply == {"CodeDeliveryDetailsList": []}
    given = contact("b@example.org", phone_number="+15555550199", nickname="M")
    reply = await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=given)
    assert reply["CodeDeliveryDetailsList"] == [
        {"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "b***@e***"},
        {"AttributeName": "phone_number", "DeliveryMedium": "SMS", "Destination": "+*******0199"},
    ]
    user = wire.pool.user("ada")
    assert user is not None
    assert user.attributes["nickname"] == "M"
    assert user.verified("email") == ("ada@example.org" if waits else None)
    assert user.verified("phone_number") is None
    if waits:  # the present address takes the place of the one that waits
        code = wire.code()
        given = contact("ada@example.org")
        await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=given)
        answer = {"AccessToken": access, "AttributeName": "email", "Code": code}
        with pytest.raises(Refused, match="ExpiredCodeException"):
            await wire.call("VerifyUserAttribute", **answer)


async def test_only_addresses_that_there_are_can_be_verified(wire: Wire) -> None:
    wire.pool.create_user("bob", PASSWORD, attributes={"name": "Bob"})
    access = (await wire.tokens("bob"))["AccessToken"]
    for name in ("name", "email", "phone_number"):
        with pytest.raises(Refused, match=f"Attribute {name} cannot be verified"):
            await wire.call(
                "GetUserAttributeVerificationCode", AccessToken=access, AttributeName=name
            )
        with pytest.raises(Refused, match="ExpiredCodeException"):
            await wire.call(
                "VerifyUserAttribute", AccessToken=access, AttributeName=name, Code="123456"
            )


@pytest.mark.parametrize(
    ("purpose", "seconds"), [("SignUp", 86400), ("ForgotPassword", 3600), ("email", 86400)]
)
@pytest.mark.parametrize("late", [0, 1])
async def test_how_long_a_code_is_valid(
    wire: Wire, clock: TurnableClock, purpose: str, seconds: int, late: int
) -> None:
    client = {"ClientId": wire.client.id}
    wire.client.settings = wire.client.settings.model_copy(update={"access_token_validity": 24 * 2})
    wire.pool.clients.put(wire.client.id, wire.client)
    access = {"AccessToken": (await wire.tokens())["AccessToken"]}
    if purpose == "SignUp":
        bob = {**client, "Username": "bob"}
        given = contact("bob@example.org")
        await wire.call("SignUp", **bob, Password=PASSWORD, UserAttributes=given)
        operation, members = "ConfirmSignUp", {**bob, "ConfirmationCode": wire.code("bob")}
    elif purpose == "ForgotPassword":
        ada = {**client, "Username": "ada"}
        await wire.call("ForgotPassword", **ada)
        code = {"ConfirmationCode": wire.code(), "Password": "New-Horse-Two-2"}
        operation, members = "ConfirmForgotPassword", {**ada, **code}
    else:
        named = {**access, "AttributeName": "email"}
        await wire.call("GetUserAttributeVerificationCode", **named)
        operation, members = "VerifyUserAttribute", {**named, "Code": wire.code()}
    clock.turn(seconds=seconds - 1 + late)
    if late:
        with pytest.raises(Refused, match="ExpiredCodeException"):
            await wire.call(operation, **members)
    else:
        await wire.call(operation, **members)


async def test_a_message_is_complete(wire: Wire) -> None:
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    await wire.sign_in()
    (message,) = wire.pool.outbox.messages
    assert re.fullmatch("[0-9]{6}", message.code)
    assert message == Message(
        pool_id=wire.pool.id,
        username="ada",
        medium="SMS",
        destination="+15555555309",
        purpose="Authentication",
        code=message.code,
        text=f"Your code is {message.code}.",
        sent_at=wire.service.clock(),
    )


async def test_a_user_who_cannot_be_reached_any_more(wire: Wire) -> None:
    asked = await wire.initiate("USER_AUTH", USERNAME="ada")
    ada = {"UserPoolId": wire.pool.id, "Username": "ada"}
    await wire.call("AdminDeleteUserAttributes", **ada, UserAttributeNames=["phone_number"])
    with pytest.raises(Refused, match="CodeDeliveryFailureException: The user has no phone_number"):
        await wire.respond(asked, USERNAME="ada", ANSWER="SMS_OTP")


async def test_where_an_unknown_user_s_code_would_go(wire: Wire) -> None:
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    destinations = set()
    for number in range(12):
        nobody = {"ClientId": wire.client.id, "Username": f"nobody-{number}"}
        details = (await wire.call("ForgotPassword", **nobody))["CodeDeliveryDetails"]
        assert (details["AttributeName"], details["DeliveryMedium"]) == ("email", "EMAIL")
        assert re.fullmatch(r"[a-z]\*\*\*@[a-z]\*\*\*", details["Destination"])
        destinations.add(details["Destination"])
    assert len(destinations) > 6


async def test_a_waiting_address_is_verified_by_its_own_code_only(wire: Wire) -> None:
    settings(wire, verify_before_update=("email",))
    access = (await wire.tokens())["AccessToken"]
    answer = {"AccessToken": access, "AttributeName": "email"}
    codes = []
    for address in ("b@example.org", "c@example.org"):
        await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=contact(address))
        codes.append(wire.code())
    with pytest.raises(Refused, match="CodeMismatchException"):
        await wire.call("VerifyUserAttribute", **answer, Code=codes[0])
    user = wire.pool.user("ada")
    assert user is not None
    assert user.verified("email") == "ada@example.org"
    await wire.call("VerifyUserAttribute", **answer, Code=codes[1])
    assert user.verified("email") == "c@example.org"


async def test_confirm_sign_up_verifies_the_address_of_the_code(wire: Wire) -> None:
    client = {"ClientId": wire.client.id, "Username": "bob"}
    await wire.call(
        "SignUp", **client, Password=PASSWORD, UserAttributes=contact("bob@example.org")
    )
    code = wire.code("bob")
    await wire.call(
        "AdminUpdateUserAttributes",
        UserPoolId=wire.pool.id,
        Username="bob",
        UserAttributes=contact("victim@example.org", email_verified="true"),
    )
    with pytest.raises(Refused, match="ExpiredCodeException"):
        await wire.call("ConfirmSignUp", **client, ConfirmationCode=code)
    await wire.call("ResendConfirmationCode", **client)
    await wire.call("ConfirmSignUp", **client, ConfirmationCode=wire.code("bob"))


async def test_a_reset_code_expires_with_the_address(wire: Wire) -> None:
    client = {"ClientId": wire.client.id, "Username": "ada"}
    access = (await wire.tokens())["AccessToken"]
    await wire.call("ForgotPassword", **client)
    code = wire.code()
    await change_by_user(wire, access)
    with pytest.raises(Refused, match="ExpiredCodeException"):
        await wire.call(
            "ConfirmForgotPassword", **client, ConfirmationCode=code, Password="New-Horse-Two-2"
        )


async def test_a_code_of_a_sign_in_expires_with_the_phone_number(wire: Wire) -> None:
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    asked = await wire.sign_in()
    number = [{"Name": "phone_number", "Value": "+15555550123"}]
    await wire.call(
        "AdminUpdateUserAttributes",
        UserPoolId=wire.pool.id,
        Username="ada",
        UserAttributes=number,
    )
    with pytest.raises(Refused, match="ExpiredCodeException"):
        await wire.respond(asked, USERNAME="ada", SMS_MFA_CODE=wire.code())


async def test_too_many_messages_leave_the_address_alone(wire: Wire) -> None:
    settings(wire, limits={"messages_per_hour": 1})
    access = (await wire.tokens())["AccessToken"]
    await change_by_user(wire, access)
    with pytest.raises(Refused, match="LimitExceededException"):
        await wire.call(
            "UpdateUserAttributes", AccessToken=access, UserAttributes=contact("c@example.org")
        )
    user = wire.pool.user("ada")
    assert user is not None
    assert user.attributes["email"] == "b@example.org"
