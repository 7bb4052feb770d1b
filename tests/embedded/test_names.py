"""The names of pools and users, and who answers to them."""

from __future__ import annotations

import re
import time

import pytest

from auth_flow.embedded import EmbeddedCognito, SigningKey, TurnableClock
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio


def test_a_pool_is_named_after_its_region(signing_key: SigningKey) -> None:
    service = EmbeddedCognito(region="us-east-2")
    pools = [service.create_pool(key=signing_key) for _ in range(2)]
    assert all(re.fullmatch("us-east-2_[A-Za-z0-9]{9}", pool.id) for pool in pools)
    assert pools[0].id != pools[1].id
    assert len(pools[0].secret) == 32
    assert pools[0].issuer.startswith("https://cognito-idp.us-east-2.amazonaws.com/")


@pytest.mark.parametrize(
    ("changes", "name", "found"),
    [
        ({}, "bob", True),
        ({}, "BOB", True),
        ({"case_sensitive_usernames": True}, "bob", True),
        ({"case_sensitive_usernames": True}, "BOB", False),
        ({}, "{sub}", True),
        ({}, "bob@example.org", False),
        ({"alias_attributes": ("email",)}, "bob@example.org", True),
        ({"alias_attributes": ("email",)}, "BOB@example.org", True),
        (
            {"alias_attributes": ("email",), "case_sensitive_usernames": True},
            "BOB@example.org",
            False,
        ),
        ({"alias_attributes": ("email",)}, "+15555550199", False),
        ({"alias_attributes": ("phone_number",)}, "+15555550199", False),  # it is not verified
        ({"alias_attributes": ("preferred_username",)}, "bobby", True),
        ({"alias_attributes": ("email",)}, "bobby", False),
        ({"username_attributes": ("phone_number",)}, "+15555550199", True),
        ({"username_attributes": ("email",)}, "bob@example.org", True),
        ({}, "b", False),
    ],
)
async def test_who_answers_to_a_name(
    wire: Wire, changes: dict[str, object], name: str, found: bool
) -> None:
    settings(wire, **changes)
    attributes = {
        "email": "bob@example.org",
        "phone_number": "+15555550199",
        "phone_number_verified": "false",
        "preferred_username": "bobby",
    }
    bob = wire.pool.create_user("bob", PASSWORD, attributes=attributes)
    named = {"UserPoolId": wire.pool.id, "Username": name.format(sub=bob.sub)}
    if found:
        assert (await wire.call("AdminGetUser", **named))["Username"] == "bob"
    else:
        with pytest.raises(Refused, match="UserNotFoundException"):
            await wire.call("AdminGetUser", **named)


async def test_so_many_unknown_names_are_remembered(wire: Wire) -> None:
    pool = wire.pool
    pool.password_attempts(None, "first").wrong = 7
    pool.password_attempts(None, "second").wrong = 8
    for number in range(9_998):
        pool.password_attempts(None, f"nobody-{number}")
    assert pool.password_attempts(None, "FIRST").wrong == 7  # and now it is the newest one
    pool.password_attempts(None, "another")
    assert pool.password_attempts(None, "first").wrong == 7
    assert pool.password_attempts(None, "second").wrong == 0


def test_a_clock_is_turned() -> None:
    clock, before = TurnableClock(), time.time()
    assert 0 <= clock() - before < 60
    clock.turn(days=3, hours=2, minutes=1, seconds=30)
    clock.turn(days=-1)
    ahead = 2 * 86400 + 2 * 3600 + 90
    assert 0 <= clock() - before - ahead < 60
