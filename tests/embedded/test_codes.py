"""A code proves the address that it was sent to, and no other."""

from __future__ import annotations

from typing import Any

import pytest

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
