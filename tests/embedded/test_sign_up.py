from __future__ import annotations

import pytest

from auth_flow.embedded import ClientSettings, Triggers, TurnableClock
from auth_flow.embedded._fault import Fault
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio


def attributes(**values: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


async def sign_up(wire: Wire, username: str = "bob", **more: object) -> dict:
    members = {"Password": PASSWORD, "UserAttributes": attributes(email="bob@example.org"), **more}
    return await wire.call("SignUp", ClientId=wire.client.id, Username=username, **members)


async def confirm(wire: Wire, code: str, username: str = "bob", **more: object) -> dict:
    return await wire.call(
        "ConfirmSignUp", ClientId=wire.client.id, Username=username, ConfirmationCode=code, **more
    )


async def test_sign_up_and_confirm(wire: Wire) -> None:
    reply = await sign_up(wire)
    assert not reply["UserConfirmed"]
    assert reply["CodeDeliveryDetails"] == {
        "AttributeName": "email",
        "DeliveryMedium": "EMAIL",
        "Destination": "b***@e***",
    }
    with pytest.raises(Refused, match="UserNotConfirmedException"):
        await wire.sign_in("bob")
    with pytest.raises(
        Refused, match="CodeMismatchException: Invalid verification code provided, please try again"
    ):
        await confirm(wire, "nope")
    await confirm(wire, wire.code("bob"))
    user = await wire.call("GetUser", AccessToken=(await wire.tokens("bob"))["AccessToken"])
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
    assert {"Name": "sub", "Value": reply["UserSub"]} in user["UserAttributes"]
    with pytest.raises(
        Refused,
        match=r"NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED",
    ):
        await confirm(wire, "123456")


async def test_the_session_of_a_sign_up_signs_in_without_a_password(wire: Wire) -> None:
    reply = await sign_up(wire)
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.initiate("USER_AUTH", USERNAME="bob", session=reply["Session"])
    reply = await sign_up(wire, "bill", UserAttributes=attributes(email="bill@example.org"))
    confirmed = await confirm(wire, wire.code("bill"), "bill", Session=reply["Session"])
    signed_in = await wire.initiate("USER_AUTH", USERNAME="bill", session=confirmed["Session"])
    assert "AuthenticationResult" in signed_in


async def test_the_session_of_a_sign_up_is_its_user_s_and_its_client_s(wire: Wire) -> None:
    from pycognito.aws_srp import AWSSRP

    secret = wire.client = wire.pool.create_client(ClientSettings(generate_secret=True))

    def named(username: str) -> dict[str, str]:
        proof = AWSSRP.get_secret_hash(username, secret.id, secret.secret)
        return {"Username": username, "SecretHash": proof}

    async def sign_in(session: str, username: str = "bob", **parameters: str) -> dict:
        return await wire.call(
            "InitiateAuth",
            ClientId=secret.id,
            AuthFlow="USER_AUTH",
            AuthParameters={"USERNAME": username, **parameters},
            Session=session,
        )

    contact = attributes(email="bob@example.org")
    client = {"ClientId": secret.id}
    await wire.call("SignUp", **client, **named("bob"), Password=PASSWORD, UserAttributes=contact)
    code = {"ConfirmationCode": wire.code("bob")}
    session = (await wire.call("ConfirmSignUp", **client, **named("bob"), **code))["Session"]
    bob, ada = named("bob")["SecretHash"], named("ada")["SecretHash"]
    with pytest.raises(Refused, match="SECRET_HASH was not received"):
        await sign_in(session)
    with pytest.raises(Refused, match="Unable to verify secret hash"):
        await sign_in(session, SECRET_HASH=ada)
    assert "AuthenticationResult" in await sign_in(session, SECRET_HASH=bob)

    asked = await wire.call(
        "InitiateAuth",
        **client,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "ada", "SECRET_HASH": ada},
    )
    for not_signed_up in (asked["Session"], session):
        with pytest.raises(Refused, match="NotAuthorizedException: Invalid session for the user"):
            await sign_in(not_signed_up, "ada", SECRET_HASH=ada)


@pytest.mark.parametrize("deleted", [True, False])
async def test_the_session_of_a_sign_up_signs_nobody_else_in(wire: Wire, deleted: bool) -> None:
    await sign_up(wire)
    session = (await confirm(wire, wire.code("bob")))["Session"]
    if deleted:
        await wire.call("AdminDeleteUser", UserPoolId=wire.pool.id, Username="bob")
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid session for the user"):
        await wire.initiate("USER_AUTH", USERNAME="bob" if deleted else "ada", session=session)


async def test_sign_up_without_a_password(wire: Wire) -> None:
    await sign_up(wire, Password=None)
    await confirm(wire, wire.code("bob"))
    asked = await wire.initiate("USER_AUTH", USERNAME="bob")
    assert asked["AvailableChallenges"] == ["EMAIL_OTP"]
    with pytest.raises(Refused, match="NotAuthorizedException: Incorrect username or password"):
        await wire.srp_sign_in("bob")
    settings(wire, first_factors=("PASSWORD",))
    with pytest.raises(
        Refused, match=r"InvalidParameterException: .*'password'.*Member must not be null"
    ):
        await wire.call("SignUp", ClientId=wire.client.id, Username="bill")


async def test_a_name_is_taken(wire: Wire) -> None:
    with pytest.raises(Refused, match="UsernameExistsException: User already exists"):
        await sign_up(wire, "ADA")


async def test_codes_expire_and_can_be_sent_again(wire: Wire, clock: TurnableClock) -> None:
    await sign_up(wire)
    old = wire.code("bob")
    clock.turn(hours=25)
    with pytest.raises(
        Refused, match="ExpiredCodeException: Invalid code provided, please request a code again"
    ):
        await confirm(wire, old)
    await wire.call("ResendConfirmationCode", ClientId=wire.client.id, Username="bob")
    await confirm(wire, wire.code("bob"))
    with pytest.raises(Refused, match="InvalidParameterException: User is already confirmed"):
        await wire.call("ResendConfirmationCode", ClientId=wire.client.id, Username="bob")


@pytest.mark.parametrize("verified", [["email", "phone_number"], ["email"], ["phone_number"], []])
@pytest.mark.parametrize("given", [["email", "phone_number"], ["email"], []])
async def test_where_a_code_of_a_sign_up_goes(
    wire: Wire, verified: list[str], given: list[str]
) -> None:
    """A phone number is preferred."""
    settings(wire, auto_verified_attributes=verified)
    contact = {"email": "bob@example.org", "phone_number": "+15555550199"}
    reply = await sign_up(
        wire, UserAttributes=attributes(**{name: contact[name] for name in given})
    )
    again = {"ClientId": wire.client.id, "Username": "bob"}
    expected = [name for name in ("phone_number", "email") if name in verified and name in given]
    if not expected:
        assert "CodeDeliveryDetails" not in reply
        assert not wire.pool.outbox.messages
        with pytest.raises(Refused, match="InvalidParameterException: Cannot resend codes"):
            await wire.call("ResendConfirmationCode", **again)
        return
    details = {
        "email": {"DeliveryMedium": "EMAIL", "Destination": "b***@e***"},
        "phone_number": {"DeliveryMedium": "SMS", "Destination": "+*******0199"},
    }
    name = expected[0]
    assert reply["CodeDeliveryDetails"] == {"AttributeName": name, **details[name]}
    resent = await wire.call("ResendConfirmationCode", **again)
    assert resent == {"CodeDeliveryDetails": reply["CodeDeliveryDetails"]}
    await confirm(wire, wire.code("bob"))
    bob = wire.pool.user("bob")
    assert bob is not None
    assert [bob.verified(attribute) for attribute in contact] == [
        contact[attribute] if attribute == name else None for attribute in contact
    ]


async def test_a_confirmation_takes_the_session_of_its_own_sign_up(wire: Wire) -> None:
    bob = await sign_up(wire)
    bill = await sign_up(wire, "bill", UserAttributes=attributes(email="bill@example.org"))
    other = await wire.initiate("USER_AUTH", USERNAME="ada")
    for session in (bill["Session"], other["Session"], "x" * 20):
        with pytest.raises(Refused, match="NotAuthorizedException: Invalid session"):
            await confirm(wire, wire.code("bob"), Session=session)
    with pytest.raises(Refused, match="CodeMismatchException"):
        await confirm(wire, "nope", Session=bob["Session"])
    confirmed = await confirm(wire, wire.code("bob"), Session=bob["Session"])
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid session"):
        await confirm(wire, wire.code("bill"), "bill", Session=confirmed["Session"])


async def test_too_many_wrong_codes(wire: Wire) -> None:
    await sign_up(wire)
    for _ in range(5):
        with pytest.raises(Refused, match="CodeMismatchException"):
            await confirm(wire, "nope")
    with pytest.raises(Refused, match="TooManyFailedAttemptsException"):
        await confirm(wire, wire.code("bob"))


async def test_too_many_messages(wire: Wire, clock: TurnableClock) -> None:
    await sign_up(wire)
    for _ in range(9):
        await wire.call("ResendConfirmationCode", ClientId=wire.client.id, Username="bob")
    with pytest.raises(
        Refused, match="LimitExceededException: Attempt limit exceeded, please try after some time"
    ):
        await wire.call("ResendConfirmationCode", ClientId=wire.client.id, Username="bob")
    clock.turn(hours=1)
    await wire.call("ResendConfirmationCode", ClientId=wire.client.id, Username="bob")


async def test_the_shortest_password(wire: Wire) -> None:
    await sign_up(wire, Password="aA1!5678")


@pytest.mark.parametrize("password", ["aaaaaaaa", "AAAAAAAA"])
async def test_a_policy_that_asks_for_no_kind_of_character(wire: Wire, password: str) -> None:
    kinds = ("uppercase", "lowercase", "numbers", "symbols")
    settings(wire, password_policy={f"require_{kind}": False for kind in kinds})
    await sign_up(wire, Password=password)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("aA1!567", "not long enough"),
        ("correct-horse-1", "uppercase"),
        ("CORRECT-HORSE-1", "lowercase"),
        ("Correct-Horse", "numeric"),
        ("CorrectHorse1", "symbol"),
    ],
)
async def test_password_policy(wire: Wire, password: str, reason: str) -> None:
    with pytest.raises(
        Refused, match=f"InvalidPasswordException: Password did not conform with policy: .*{reason}"
    ):
        await sign_up(wire, Password=password)


async def test_required_attributes(wire: Wire) -> None:
    settings(wire, required_attributes=("name",))
    for given in ({}, {"name": ""}):
        with pytest.raises(
            Refused,
            match="InvalidParameterException: Attributes did not conform to the schema: name",
        ):
            await sign_up(wire, UserAttributes=attributes(**given))
    await sign_up(wire, UserAttributes=attributes(name="Bob"))


async def test_an_alias_belongs_to_one_user(wire: Wire) -> None:
    settings(wire, alias_attributes=("email",))
    taken = attributes(email="ada@example.org")
    await sign_up(wire, UserAttributes=taken)
    code = wire.code("bob")
    with pytest.raises(
        Refused, match="AliasExistsException: An account with the email already exists"
    ):
        await confirm(wire, code)
    assert await wire.tokens("ada@example.org")
    await confirm(wire, code, ForceAliasCreation=True)
    identity = await wire.tokens("ada@example.org")
    user = await wire.call("GetUser", AccessToken=identity["AccessToken"])
    assert user["Username"] == "bob"
    with pytest.raises(Refused, match="Username cannot be of email format"):
        await sign_up(wire, "x@example.org")


async def test_addresses_as_usernames(wire: Wire) -> None:
    settings(wire, username_attributes=("email",))
    with pytest.raises(Refused, match="InvalidParameterException: Username should be an email"):
        await sign_up(wire)
    reply = await sign_up(wire, "bob@example.org")
    await confirm(wire, wire.code(reply["UserSub"]), "bob@example.org")
    user = await wire.call(
        "GetUser", AccessToken=(await wire.tokens("bob@example.org"))["AccessToken"]
    )
    assert user["Username"] == reply["UserSub"]
    assert "AuthenticationResult" in await wire.srp_sign_in("bob@example.org")
    with pytest.raises(
        Refused, match="UsernameExistsException: An account with the given email already exists"
    ):
        await sign_up(wire, "bob@example.org")


@pytest.mark.parametrize(
    ("changes", "username", "refusal"),
    [
        ({"username_attributes": ("email",)}, "bob", "Username should be an email."),
        ({"username_attributes": ("email",)}, "+15555550199", "Username should be an email."),
        ({"username_attributes": ("phone_number",)}, "bob", "Username should be a phone number."),
        (
            {"username_attributes": ("email", "phone_number")},
            "bob",
            "Username should be an email or a phone number.",
        ),
        (
            {"username_attributes": ("phone_number", "email")},
            "+1555555x199",
            "Username should be a phone number or an email.",
        ),
        (
            {"alias_attributes": ("email",)},
            "b@example.org",
            "Username cannot be of email format, since user pool is configured for email alias.",
        ),
        (
            {"alias_attributes": ("phone_number",)},
            "+15555550199",
            (
                "Username cannot be of phone number format, since user pool is configured for "
                "phone number alias."
            ),
        ),
        ({"alias_attributes": ("email",)}, "+15555550199", None),
        ({"alias_attributes": ("phone_number",)}, "b@example.org", None),
        ({"username_attributes": ("email", "phone_number")}, "+15555550199", None),
        ({"username_attributes": ("email", "phone_number")}, "b@example.org", None),
        ({}, "b@example.org", None),
    ],
)
async def test_names_that_a_pool_takes(
    wire: Wire, changes: dict[str, tuple[str, ...]], username: str, refusal: str | None
) -> None:
    settings(wire, auto_verified_attributes=(), **changes)
    given = {"UserAttributes": attributes(name="Bob")}
    if refusal is not None:
        with pytest.raises(Refused) as refused:
            await sign_up(wire, username, **given)
        assert str(refused.value) == f"InvalidParameterException: {refusal}"
        return
    reply = await sign_up(wire, username, **given)
    user = wire.pool.user(username)
    assert user is not None
    named = user.attributes.get("email") or user.attributes.get("phone_number")
    assert named == (username if "username_attributes" in changes else None)
    assert (user.username == reply["UserSub"]) == ("username_attributes" in changes)


async def test_confirmation_by_link(wire: Wire) -> None:
    settings(wire, email_confirmation="CONFIRM_WITH_LINK")
    await sign_up(wire)
    message = wire.pool.outbox.last("bob")
    assert message is not None
    await wire.service.click(message)
    assert await wire.tokens("bob")
    with pytest.raises(Fault):
        await wire.service.click(message)


async def test_pre_sign_up_may_confirm_or_refuse(wire: Wire) -> None:
    confirmed: list[str] = []

    def decide(event: dict) -> None:
        if event["request"]["validationData"].get("invited") != "yes":
            raise PermissionError("by invitation only")
        event["response"] |= {"autoConfirmUser": True, "autoVerifyEmail": True}

    wire.pool.triggers = Triggers(
        pre_sign_up=decide, post_confirmation=lambda event: confirmed.append(event["userName"])
    )
    with pytest.raises(
        Refused,
        match="UserLambdaValidationException: PreSignUp failed with error by invitation only",
    ):
        await sign_up(wire)
    reply = await sign_up(wire, ValidationData=attributes(invited="yes"))
    assert reply["UserConfirmed"]
    assert "CodeDeliveryDetails" not in reply
    assert not wire.pool.outbox.messages
    assert confirmed == ["bob"]
    signed_in = await wire.initiate("USER_AUTH", USERNAME="bob", session=reply["Session"])
    user = await wire.call("GetUser", AccessToken=signed_in["AuthenticationResult"]["AccessToken"])
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]


async def test_only_administrators_make_users(wire: Wire) -> None:
    settings(wire, admin_create_only=True)
    with pytest.raises(
        Refused, match="NotAuthorizedException: SignUp is not permitted for this user pool"
    ):
        await sign_up(wire)


async def test_unknown_users_are_not_told_apart_where_users_are_protected(wire: Wire) -> None:
    with pytest.raises(Refused, match="UserNotFoundException"):
        await wire.call("ResendConfirmationCode", ClientId=wire.client.id, Username="nobody")
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    for operation in ("ResendConfirmationCode", "ForgotPassword"):
        first = await wire.call(operation, ClientId=wire.client.id, Username="nobody")
        assert first == await wire.call(operation, ClientId=wire.client.id, Username="nobody")
        assert first["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    assert not wire.pool.outbox.messages
    with pytest.raises(Refused, match="ExpiredCodeException"):
        await confirm(wire, "123456", "nobody")
    ada = await wire.call("ForgotPassword", ClientId=wire.client.id, Username="ada")
    assert ada["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    assert len(wire.pool.outbox.messages) == 1
    await wire.call("AdminDisableUser", UserPoolId=wire.pool.id, Username="ada")
    unverified = {"email": "b@c.org", "email_verified": "false"}
    wire.pool.create_user("bob", PASSWORD, attributes=unverified)
    for name in ("ada", "bob"):  # disabled, and without an address to send a code to
        reply = await wire.call("ForgotPassword", ClientId=wire.client.id, Username=name)
        assert reply["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    assert len(wire.pool.outbox.messages) == 1
    with pytest.raises(Refused, match="CodeMismatchException"):
        await wire.call(
            "ConfirmForgotPassword",
            ClientId=wire.client.id,
            Username="nobody",
            ConfirmationCode="1",
            Password=PASSWORD,
        )


async def test_custom_messages(wire: Wire) -> None:
    def word(event: dict) -> None:
        event["response"]["emailMessage"] = (
            f"Hello {{username}}, {event['triggerSource']}: {event['request']['codeParameter']}"
        )

    wire.pool.triggers = Triggers(custom_message=word)
    await sign_up(wire)
    message = await wire.pool.outbox.receive("bob", medium="EMAIL")
    assert message.text == f"Hello bob, CustomMessage_SignUp: {message.code}"
    assert message.destination == "bob@example.org"
    assert message.code not in repr(message)


async def test_forgotten_password(wire: Wire, clock: TurnableClock) -> None:
    new = "Another-Horse-2"
    reset = {"ClientId": wire.client.id, "Username": "ada", "Password": new}
    delivered = await wire.call("ForgotPassword", ClientId=wire.client.id, Username="ada")
    assert delivered["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    old = wire.code()
    clock.turn(minutes=61)
    with pytest.raises(Refused, match="ExpiredCodeException"):
        await wire.call("ConfirmForgotPassword", ConfirmationCode=old, **reset)
    await wire.call("ForgotPassword", ClientId=wire.client.id, Username="ada")
    with pytest.raises(Refused, match="CodeMismatchException"):
        await wire.call("ConfirmForgotPassword", ConfirmationCode="nope", **reset)
    with pytest.raises(Refused, match="InvalidPasswordException"):
        await wire.call(
            "ConfirmForgotPassword", ConfirmationCode=wire.code(), **{**reset, "Password": "short"}
        )
    await wire.call("ConfirmForgotPassword", ConfirmationCode=wire.code(), **reset)
    assert await wire.tokens(password=new)
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.sign_in()


async def test_an_administrator_demands_a_new_password(wire: Wire) -> None:
    await wire.call("AdminResetUserPassword", UserPoolId=wire.pool.id, Username="ada")
    with pytest.raises(Refused, match="PasswordResetRequiredException"):
        await wire.srp_sign_in()
    await wire.call(
        "ConfirmForgotPassword",
        ClientId=wire.client.id,
        Username="ada",
        ConfirmationCode=wire.code(),
        Password=PASSWORD,
    )
    assert "AuthenticationResult" in await wire.srp_sign_in()


@pytest.mark.parametrize(
    ("recovery", "unverified", "sent_to"),
    [
        (("email", "phone_number"), [], "email"),
        (("phone_number", "email"), [], "phone_number"),
        (("phone_number",), ["email"], "phone_number"),
        (("email", "phone_number"), ["email"], "phone_number"),
        (("email", "phone_number"), ["email", "phone_number"], None),
        (("email",), ["email"], None),
    ],
)
async def test_where_a_reset_code_goes(
    wire: Wire, recovery: tuple[str, ...], unverified: list[str], sent_to: str | None
) -> None:
    settings(wire, recovery=recovery)
    marks = {f"{name}_verified": "false" for name in unverified}
    contact = {"email": "bob@example.org", "phone_number": "+15555550199"}
    wire.pool.create_user("bob", PASSWORD, attributes={**contact, **marks})
    bob = {"ClientId": wire.client.id, "Username": "bob"}
    if sent_to is None:
        with pytest.raises(Refused, match="no registered/verified email or phone_number"):
            await wire.call("ForgotPassword", **bob)
        return
    reply = await wire.call("ForgotPassword", **bob)
    assert reply["CodeDeliveryDetails"]["AttributeName"] == sent_to
    message = wire.pool.outbox.last("bob")
    assert message is not None
    assert message.destination == contact[sent_to]


async def test_no_recovery_of_a_temporary_password(wire: Wire) -> None:
    wire.pool.create_user(
        "bob", PASSWORD, attributes={"email": "b@c.org"}, status="FORCE_CHANGE_PASSWORD"
    )
    refusal = "NotAuthorizedException: User password cannot be reset in the current state"
    with pytest.raises(Refused, match=refusal):
        await wire.call("ForgotPassword", ClientId=wire.client.id, Username="bob")


async def test_no_recovery_of_a_user_who_does_not_exist(wire: Wire) -> None:
    nobody = {"ClientId": wire.client.id, "Username": "nobody"}
    for operation, members in (
        ("ForgotPassword", {}),
        ("ConfirmForgotPassword", {"ConfirmationCode": "1", "Password": PASSWORD}),
    ):
        with pytest.raises(
            Refused, match="UserNotFoundException: Username/client id combination not found"
        ):
            await wire.call(operation, **nobody, **members)


async def test_a_reset_code_confirms_a_password_and_not_a_user(wire: Wire) -> None:
    wire.pool.create_user("bob", PASSWORD, attributes={"email": "b@c.org"}, status="UNCONFIRMED")
    bob = {"ClientId": wire.client.id, "Username": "bob"}
    await wire.call("ForgotPassword", **bob)
    reset = {**bob, "ConfirmationCode": wire.code("bob"), "Password": "New-Horse-Two-2"}
    await wire.call("ConfirmForgotPassword", **reset)
    shown = await wire.call("AdminGetUser", UserPoolId=wire.pool.id, Username="bob")
    assert shown["UserStatus"] == "UNCONFIRMED"
    with pytest.raises(Refused, match="ExpiredCodeException"):
        await wire.call("ConfirmForgotPassword", **reset)


async def test_no_way_to_recover(wire: Wire) -> None:
    wire.pool.create_user(
        "bob", PASSWORD, attributes={"email": "b@c.org", "email_verified": "false"}
    )
    with pytest.raises(
        Refused,
        match="InvalidParameterException: Cannot reset password for the user as there is no "
        "registered",
    ):
        await wire.call("ForgotPassword", ClientId=wire.client.id, Username="bob")


async def test_amplify_s_passwordless_auto_sign_in_ends_in_tokens(wire: Wire) -> None:
    """Amplify sends no Session with ConfirmSignUp, and passes on the one in its reply."""
    client = {"ClientId": wire.client.id}
    await wire.call(
        "SignUp",
        **client,
        Username="bob",
        UserAttributes=[{"Name": "email", "Value": "bob@example.org"}],
    )
    confirmed = await wire.call(
        "ConfirmSignUp", **client, Username="bob", ConfirmationCode=wire.code("bob")
    )
    reply = await wire.initiate("USER_AUTH", USERNAME="bob", session=confirmed["Session"])
    assert "AuthenticationResult" in reply


async def test_clients_without_user_auth_get_no_session(wire: Wire) -> None:
    wire.client = wire.pool.create_client(
        ClientSettings(explicit_auth_flows=("ALLOW_USER_SRP_AUTH",))
    )
    client = {"ClientId": wire.client.id, "Username": "bob"}
    contact = [{"Name": "email", "Value": "bob@example.org"}]
    signed_up = await wire.call("SignUp", **client, Password=PASSWORD, UserAttributes=contact)
    confirmed = await wire.call("ConfirmSignUp", **client, ConfirmationCode=wire.code("bob"))
    assert "Session" not in signed_up
    assert "Session" not in confirmed
