"""Operations on one user come one after the other, and what else is kept in order."""

from __future__ import annotations

import gc
import stat
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from auth_flow.embedded import EmbeddedCognito, Triggers
from auth_flow.embedded._turns import Turns
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio


async def outcomes(count: int, call: Callable[[], Awaitable[Any]]) -> list[str]:
    """Make the same call so many times at once, and return how each ended."""
    ended: list[str] = []

    async def one() -> None:
        try:
            await call()
            ended.append("done")
        except Refused as refused:
            ended.append(refused.name)

    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(one)
    return sorted(ended)


async def test_the_same_sign_up_at_once_succeeds_once(wire: Wire) -> None:
    members = {"ClientId": wire.client.id, "Username": "zoe", "Password": PASSWORD}
    email = [{"Name": "email", "Value": "zoe@example.org"}]
    ended = await outcomes(3, lambda: wire.call("SignUp", **members, UserAttributes=email))
    assert ended == ["UsernameExistsException", "UsernameExistsException", "done"]


async def test_the_same_sign_up_at_once_beside_a_trigger(wire: Wire) -> None:
    async def slow(_: dict[str, Any]) -> None:
        await anyio.sleep(0.01)

    wire.pool.triggers = Triggers(pre_sign_up=slow)
    members = {"ClientId": wire.client.id, "Username": "zoe", "Password": PASSWORD}
    ended = await outcomes(3, lambda: wire.call("SignUp", **members))
    assert ended == ["UsernameExistsException", "UsernameExistsException", "done"]


async def test_a_reset_code_is_used_once(wire: Wire) -> None:
    who = {"ClientId": wire.client.id, "Username": "ada"}
    await wire.call("ForgotPassword", **who)
    reset = {**who, "ConfirmationCode": wire.code(), "Password": "New-Correct-Horse-2"}
    ended = await outcomes(3, lambda: wire.call("ConfirmForgotPassword", **reset))
    assert ended == ["ExpiredCodeException", "ExpiredCodeException", "done"]


async def test_a_password_is_changed_once(wire: Wire) -> None:
    """The access token names the user."""
    access = (await wire.tokens())["AccessToken"]
    change = {"PreviousPassword": PASSWORD, "ProposedPassword": "New-Correct-Horse-2"}
    ended = await outcomes(3, lambda: wire.call("ChangePassword", AccessToken=access, **change))
    assert ended == ["NotAuthorizedException", "NotAuthorizedException", "done"]


async def test_a_user_is_made_once(wire: Wire) -> None:
    """The pool and the name say who it is, in whatever spelling."""
    names = iter(["zoe", "ZOE", "Zoe"])

    async def make() -> None:
        named = {"UserPoolId": wire.pool.id, "Username": next(names)}
        await wire.call("AdminCreateUser", **named)

    assert await outcomes(3, make) == ["UsernameExistsException", "UsernameExistsException", "done"]


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "USER_AUTH", None])
async def test_wrong_passwords_at_once_are_counted(wire: Wire, flow: str | None) -> None:
    settings(wire, limits={"wrong_passwords": 2})
    named = {"USERNAME": "ada", "PASSWORD": "Wrong-Horse-1"}
    asked = [await wire.initiate("USER_AUTH", USERNAME="ada") for _ in range(4)]
    messages: list[str] = []

    async def wrong() -> None:
        try:
            if flow is None:
                await wire.respond(asked.pop(), **named, ANSWER="PASSWORD")
            else:
                await wire.initiate(flow, **named, PREFERRED_CHALLENGE="PASSWORD")
        except Refused as refused:
            messages.append(refused.message)

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(wrong)
    wrong_one, locked = "Incorrect username or password.", "Password attempts exceeded"
    assert sorted(messages) == [wrong_one, wrong_one, locked, locked]


async def test_a_trigger_may_call_the_service_about_its_user(wire: Wire) -> None:
    async def call_back(event: dict[str, Any]) -> None:
        await wire.call(
            "AdminUpdateUserAttributes",
            UserPoolId=wire.pool.id,
            Username=event["userName"],
            UserAttributes=[{"Name": "nickname", "Value": "countess"}],
        )

    wire.pool.triggers = Triggers(post_authentication=call_back)
    with anyio.fail_after(30):
        await wire.tokens()
    user = wire.pool.user("ada")
    assert user is not None
    assert user.attributes["nickname"] == "countess"


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize(
    "name", ["pre_authentication", "post_authentication", "pre_token_generation"]
)
async def test_a_user_who_is_deleted_while_a_trigger_runs_stays_deleted(
    wire: Wire, name: str, replaced: bool
) -> None:
    async def delete(event: dict[str, Any]) -> None:
        named = {"UserPoolId": event["userPoolId"], "Username": event["userName"]}
        await wire.call("AdminDeleteUser", **named)
        if replaced:  # by somebody else
            wire.pool.create_user(event["userName"], "Other-Horse-1")

    wire.pool.triggers = Triggers(**{name: delete})
    with pytest.raises(Refused, match="UserNotFoundException: User does not exist"):
        await wire.tokens()
    user = wire.pool.user("ada")
    assert (user is not None) == replaced
    assert user is None or user.attributes == {}
    assert len(wire.pool.grants) == 0


async def test_nothing_is_kept_of_a_turn_that_is_over() -> None:
    class Subject:
        pass

    turns, subject = Turns(), Subject()
    kept = weakref.ref(subject)
    async with turns.of(subject):
        pass
    del subject
    gc.collect()
    assert kept() is None


async def test_a_cancelled_operation_gives_its_turn_back(wire: Wire) -> None:
    async def never(_: dict[str, Any]) -> None:
        await anyio.sleep_forever()

    wire.pool.triggers = Triggers(post_authentication=never)
    with anyio.move_on_after(0.2) as scope:
        await wire.tokens()
    assert scope.cancelled_caught
    wire.pool.triggers = Triggers()
    with anyio.fail_after(30):
        assert "AccessToken" in await wire.tokens()


async def test_a_session_is_no_option_of_a_command(wire: Wire) -> None:
    for _ in range(200):
        asked = await wire.initiate("USER_AUTH", USERNAME="ada")
        assert asked["Session"][0].isalnum()
        assert 20 <= len(asked["Session"]) <= 4096


async def test_a_device_proves_itself_without_the_session(wire: Wire) -> None:
    """pycognito sends DEVICE_SRP_AUTH without the Session that it was asked with."""
    with pytest.raises(Refused, match="Missing required parameter Session"):
        await wire.call(
            "RespondToAuthChallenge",
            ClientId=wire.client.id,
            ChallengeName="DEVICE_SRP_AUTH",
            ChallengeResponses={"USERNAME": "ada", "DEVICE_KEY": "eu-west-1_0", "SRP_A": "a0"},
        )


def test_a_database_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "cognito.sqlite"
    with EmbeddedCognito(storage=file) as service:
        service.create_pool()
        for kept in tmp_path.iterdir():
            assert stat.S_IMODE(kept.stat().st_mode) == 0o600
