"""Tokens as services and triggers really make them: fractions, odd types, numbers out of range."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from auth_flow import AuthFlow, Claims, Done, SignIn, Tokens, new_key
from auth_flow.errors import MalformedResponse
from auth_flow.sealing import Sealer
from auth_flow.states._claims import LAST_DATE
from auth_flow.states._replies import AuthenticationResult
from auth_flow.states._tokens import LEEWAY
from tests.flow.scripted import POOL, SUBJECT, Clock, Script, initiate, jwt, tokens

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")
HUGE = 10**400


def raw_jwt(payload: str) -> str:
    part = base64.urlsafe_b64encode(payload.encode()).rstrip(b"=").decode()
    return f"e30.{part}.c2ln"


def claims(**given: Any) -> Claims:
    return Claims.of(jwt(sub=SUBJECT, **given), "test")


def test_numeric_dates_may_have_a_fraction() -> None:
    read = claims(exp=1_700_000_000.75, iat=1_700_000_000.25)
    assert (read.expires_at, read.issued_at) == (1_700_000_000.75, 1_700_000_000.25)


@pytest.mark.parametrize("value", [HUGE, 1e300, 10**15, float("inf")])
def test_a_date_after_the_last_one_is_the_last_one(value: float) -> None:
    assert claims(exp=value).expires_at == LAST_DATE
    assert datetime.fromtimestamp(LAST_DATE, UTC).year == 9999


@pytest.mark.parametrize("value", [float("nan"), True, "1700000000", None, [1], {}])
def test_what_is_not_a_date_counts_as_absent(value: object) -> None:
    assert claims(exp=value).expires_at is None


@pytest.mark.parametrize("value", [2**53 + 1, 10**399])
def test_whole_numbers_stay_whole(value: int) -> None:
    extra = claims(level=value).model_extra
    assert extra
    assert extra["level"] == value


@pytest.mark.parametrize("value", [0, -1, -HUGE, -1e300, float("-inf")])
def test_a_date_before_the_first_one_is_the_first_one(value: float) -> None:
    assert claims(exp=value).expires_at == 0


def test_more_digits_than_python_converts() -> None:
    read = Claims.of(raw_jwt(f'{{"sub": "{SUBJECT}", "exp": {"9" * 5000}}}'), "test")
    assert read.expires_at == LAST_DATE


@pytest.mark.parametrize(
    "payload",
    ["[" * 100_000, "{}", "[]", "null", '{"sub": 5}', '{"sub": "\\ud800"}', '{"sub": ', "\udcff"],
)
def test_what_is_not_a_jwt_with_a_subject(payload: str) -> None:
    part = base64.urlsafe_b64encode(payload.encode("utf-8", "surrogateescape")).decode()
    with pytest.raises(MalformedResponse, match="subject"):
        Claims.of(f"e30.{part}.c2ln", "test")


def test_what_a_verifier_needs() -> None:
    read = claims(
        **{"cognito:groups": ["admins", "staff", 5]},
        scope="openid orders/read",
        acr="aal2",
        amr=["pwd", "otp"],
        auth_time=5,
        aud="https://api.example.org",
        client_id="1example",
    )
    assert read.groups == ("admins", "staff")
    assert read.scopes == {"openid", "orders/read"}
    assert (read.acr, read.amr, read.auth_time) == ("aal2", ("pwd", "otp"), 5)
    assert (read.audience, read.client_id) == (("https://api.example.org",), "1example")


def test_a_claim_of_a_trigger_with_the_name_of_a_field_is_a_claim_of_its_own() -> None:
    read = claims(issuer="a trigger", groups="a trigger", exp=5)
    assert read.issuer is None
    assert read.groups == ()


ODD: list[dict[str, Any]] = [
    {"scope": ["openid"], "username": 42, "aud": 7, "auth_time": "yesterday"},
    {"cognito:username": 42, "origin_jti": [], "token_use": None, "iss": False},
    {"iat": HUGE, "exp": HUGE},
    {"iat": -HUGE, "exp": -HUGE},
    {"iat": 1_700_000_000.5, "exp": 1_700_003_600.5},
    {"nickname": "\ud800", "cognito:username": "\ud800"},
    {"cognito:groups": {"admins": True}, "amr": "pwd"},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
async def test_claims_that_a_trigger_has_changed_fail_no_sign_in(odd: dict[str, Any]) -> None:
    script = Script()
    result = {
        "AccessToken": jwt(**{"sub": SUBJECT, "username": "ada", **odd}),
        "IdToken": jwt(**{"sub": SUBJECT, **odd}),
    }
    script.expect(
        initiate("USER_PASSWORD_AUTH", tokens(**result), USERNAME="ada", PASSWORD="correct horse")
    )
    flow = AuthFlow(POOL, transport=script, clock=Clock())
    assert isinstance(await flow.send(SIGN_IN), Done)
    assert AuthFlow.resume(
        flow.park(sealer := Sealer([new_key()])), POOL, sealer=sealer, transport=script
    )
    held = flow.session.tokens
    assert Tokens.read(**held.to_json()).access_token == held.access_token
    if held.expires_at is not None:
        datetime.fromtimestamp(held.expires_at, UTC)


def result(**given: Any) -> AuthenticationResult:
    return AuthenticationResult.model_validate(
        {"AccessToken": jwt(sub=SUBJECT, iat=1_700_000_060, exp=1_700_003_600), **given}
    )


@pytest.mark.parametrize(
    ("iat", "drift"),
    [
        (1_700_000_060, 60.0),
        (1_699_999_940.5, -59.5),
        (1, -1_699_999_999.0),
        *((said, None) for said in (HUGE, -HUGE, 0, LAST_DATE, "now", None)),
    ],
)
def test_the_issue_date_is_the_time_of_the_services_clock(iat: Any, drift: float | None) -> None:
    issued = result(AccessToken=jwt(sub=SUBJECT, iat=iat, exp=1_700_003_600))
    before = Tokens.read(jwt(sub=SUBJECT), clock_drift=-7.0)
    for known, unless in ((None, 0.0), (before, -7.0)):
        read = Tokens.issued(issued, "test", now=1_700_000_000, before=known)
        assert read.clock_drift == (unless if drift is None else drift)
        assert read.expires_at == 1_700_003_600 - read.clock_drift


@pytest.mark.parametrize("hosted", [False, True])
def test_a_refresh_keeps_what_it_does_not_bring(hosted: bool) -> None:
    first = Tokens.issued(
        result(IdToken=jwt(sub=SUBJECT), RefreshToken="r-1"), "test", now=0, hosted=hosted
    )
    assert first.id_token
    assert first.hosted == hosted
    second = Tokens.issued(result(), "test", now=0, before=first)
    assert (second.refresh_token, second.id_token) == (SecretStr("r-1"), None)
    assert second.hosted == hosted
    third = Tokens.issued(result(RefreshToken="r-2"), "test", now=0, before=second)
    assert third.refresh_token == SecretStr("r-2")
    assert Tokens.issued(result(), "test", now=0).refresh_token is None


@pytest.mark.parametrize(
    ("id_token", "refresh_token", "hosted"),
    [(None, None, False), (jwt(sub=SUBJECT, exp=7), "r-1", False), (jwt(sub=SUBJECT), "r-1", True)],
)
def test_tokens_come_back_as_they_were_stored(
    id_token: str | None, refresh_token: str | None, hosted: bool
) -> None:
    access_token = jwt(sub=SUBJECT, exp=1_700_003_600)
    stored = Tokens.read(access_token, id_token, refresh_token, hosted=hosted).to_json()
    assert stored == {
        "access_token": access_token,
        "id_token": id_token,
        "refresh_token": refresh_token,
        **({"hosted": True} if hosted else {}),
    }
    assert Tokens.read(**stored).to_json() == stored


@pytest.mark.parametrize("texts", [("opaque",), (jwt(sub=SUBJECT), "opaque")])
def test_what_is_no_token_is_refused_where_it_is_restored(texts: tuple[str, ...]) -> None:
    with pytest.raises(MalformedResponse) as caught:
        Tokens.read(*texts)
    assert caught.value.operation == "restore_session"


@pytest.mark.parametrize(
    ("end", "id_end", "fresh"),
    [
        (100, None, True),
        (99, None, False),
        (None, None, False),
        (100, 100, True),
        (100, 99, False),
        (99, 100, False),
    ],
)
def test_tokens_are_fresh_until_shortly_before_the_first_ends(
    end: int | None, id_end: int | None, fresh: bool
) -> None:
    id_token = None if id_end is None else jwt(sub=SUBJECT, exp=id_end)
    held = Tokens.read(jwt(sub=SUBJECT, exp=end), id_token)
    assert held.fresh_at(100 - LEEWAY) is fresh
    assert held.expires_at == end


def test_an_expiry_is_a_date_by_this_machines_clock() -> None:
    token = jwt(sub=SUBJECT, exp=1_000)
    assert Tokens.read(token, clock_drift=2_000.0).expires_at == 0
    assert Tokens.read(token, clock_drift=-LAST_DATE).expires_at == LAST_DATE


def test_the_user_has_the_name_that_the_id_token_says() -> None:
    access = jwt(sub=SUBJECT, username="ada")
    assert Tokens.read(access).username == "ada"
    assert Tokens.read(access, jwt(sub=SUBJECT)).username == "ada"
    assert Tokens.read(access, jwt(sub=SUBJECT, **{"cognito:username": "eve"})).username == "eve"


def test_tokens_show_neither_their_text_nor_their_claims() -> None:
    token = jwt(sub=SUBJECT)
    shown = repr(Tokens.read(token, token, "r-1"))
    assert not [text for text in (token, SUBJECT, "r-1") if text in shown]


def test_a_clock_difference_does_not_make_tokens_others() -> None:
    token = jwt(sub=SUBJECT)
    held = Tokens.read(token, clock_drift=60.0)
    assert held == Tokens.read(token) == Tokens(held.access_token)


def test_the_header_of_a_request() -> None:
    text = jwt(sub=SUBJECT)
    assert Tokens.read(text).bearer == f"Bearer {text}"


def test_a_clock_difference_is_not_part_of_what_is_stored() -> None:
    assert "clock_drift" not in Tokens.read(jwt(sub=SUBJECT), clock_drift=3600).to_json()
    assert json.dumps(Tokens.read(jwt(sub=SUBJECT)).to_json())
