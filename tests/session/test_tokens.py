"""Tokens as services and triggers really make them: fractions, odd types, numbers out of range."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from auth_flow import AuthFlow, Claims, Done, SignIn, Tokens, new_key
from auth_flow.errors import MalformedResponse
from auth_flow.sealing import Sealer
from auth_flow.states._claims import LAST_DATE
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


def test_an_issue_date_out_of_range_says_nothing_about_the_clock() -> None:
    for iat in (HUGE, -HUGE, None):
        result = tokens(AccessToken=jwt(sub=SUBJECT, iat=iat, exp=1_700_003_600))
        from auth_flow.states._replies import AuthenticationResult

        issued = Tokens.issued(
            AuthenticationResult.model_validate(
                {k: v for k, v in result["AuthenticationResult"].items() if k != "TokenType"}
            ),
            "test",
            now=1_700_000_000,
        )
        assert issued.clock_drift == 0


def test_the_header_of_a_request() -> None:
    text = jwt(sub=SUBJECT)
    assert Tokens.read(text).bearer == f"Bearer {text}"


def test_a_clock_difference_is_not_part_of_what_is_stored() -> None:
    assert "clock_drift" not in Tokens.read(jwt(sub=SUBJECT), clock_drift=3600).to_json()
    assert json.dumps(Tokens.read(jwt(sub=SUBJECT)).to_json())
