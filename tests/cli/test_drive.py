"""`auth-flow drive`: one line out for each line in, as docs/drive.md says."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from auth_flow import AuthFlow, UserPool
from auth_flow._cli.drive import answer
from tests.cli.fuzz_lines import feed
from tests.flow.scripted import (
    Clock,
    Exchange,
    Script,
    challenge,
    initiate,
    refusal,
    respond,
    tokens,
)

pytestmark = pytest.mark.anyio

SMS = challenge(
    "SMS_MFA", CODE_DELIVERY_DELIVERY_MEDIUM="SMS", CODE_DELIVERY_DESTINATION="+*******0100"
)
SIGN_IN = {
    "event": "sign_in",
    "username": "ada",
    "password": "correct horse",
    "auth_flow_type": "USER_PASSWORD_AUTH",
}


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def flow(script: Script) -> AuthFlow:
    return AuthFlow(
        UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example"),
        transport=script,
        clock=Clock(),
    )


async def told(flow: AuthFlow, line: Mapping[str, Any] | str) -> dict[str, Any]:
    return await answer(flow, line if isinstance(line, str) else json.dumps(line))


def begun(reply: Any) -> Any:
    return initiate("USER_PASSWORD_AUTH", reply, USERNAME="ada", PASSWORD="correct horse")


async def test_an_event_is_answered_by_the_step_and_what_it_takes(
    flow: AuthFlow, script: Script
) -> None:
    script.expect(begun(SMS))
    assert await told(flow, SIGN_IN) == {
        "next_step": {
            "name": "CONFIRM_SIGN_IN_WITH_SMS_CODE",
            "code_delivery": {"destination": "+*******0100", "medium": "SMS", "attribute": None},
        },
        "accepts": ["answer", "sign_in", "sign_in_with_redirect", "enter_code", "cancel"],
    }
    script.expect(respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE="123456"))
    done = await told(flow, {"event": "answer", "response": " 123 456 "})
    assert done["next_step"]["name"] == "DONE"
    assert done["next_step"]["signed_in"] is True
    assert done["accepts"] == []


async def test_an_error_tells_where_the_flow_stands_now(flow: AuthFlow, script: Script) -> None:
    script.expect(begun(SMS))
    standing = await told(flow, SIGN_IN)
    wrong = refusal("CodeMismatchException", "Invalid code or auth state for the user.")
    script.expect(respond("SMS_MFA", "session-1", wrong, USERNAME="ada", SMS_MFA_CODE="000000"))
    assert await told(flow, {"event": "enter_code", "code": "000000"}) == {
        "error": {
            "name": "CodeMismatchException",
            "message": "Invalid code or auth state for the user.",
            "retryable": False,
        },
        **standing,
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"parallel":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ("[]", "not a JSON object"),
        ("{}", "event"),
        ({"event": "fly"}, "'fly'"),
        ({"event": ["sign_in"]}, "sign_in"),
        ({"call": "fly"}, "'fly'"),
        ({"event": "sign_in"}, "username"),
        ({"event": "sign_in", "username": 5}, "username"),
        ({"event": "sign_in", "username": "ada", "colour": "blue"}, "colour"),
        ({"event": "cancel", "call": "sign_out"}, "call"),
        ({"call": "confirm_user_attribute", "attribute": "email"}, "code"),
        ({"parallel": [], "event": "cancel"}, "parallel"),
    ],
)
async def test_what_is_no_line_changes_nothing(
    flow: AuthFlow, line: Mapping[str, Any] | str, words: str
) -> None:
    reply = await told(flow, line)
    assert reply["error"]["name"] == "InvalidLine"
    assert words in reply["error"]["message"]
    assert reply["next_step"] == {"name": "IDLE"}


async def test_what_was_typed_is_not_in_the_complaint(flow: AuthFlow) -> None:
    reply = await told(flow, {"event": "sign_in", "username": "ada", "password": {"a": "hunter2"}})
    assert reply["error"]["name"] == "InvalidLine"
    assert "hunter2" not in json.dumps(reply)


async def test_lines_in_parallel_are_answered_in_their_order(flow: AuthFlow) -> None:
    reply = await told(
        flow, {"parallel": [{"call": "get_current_user"}, {"event": "cancel"}, "nonsense"]}
    )
    names = [result.get("error", {}).get("name") for result in reply["results"]]
    assert names == ["NotSignedIn", None, "InvalidLine"]


async def test_the_form_of_a_step_is_filled_in(flow: AuthFlow, script: Script) -> None:
    form = (await told(flow, {"call": "form"}))["result"]
    assert [field["name"] for field in form["fields"]] == ["username", "password"]
    reply = await told(flow, {"event": "fill", "values": {"username": "ada"}})
    assert reply["error"]["name"] == "GuardRejected"
    assert reply["error"]["message"] == "Password: this is required."
    assert reply["error"]["problems"]["password"]["code"] == "required"
    assert reply["next_step"] == {"name": "IDLE"}
    script.expect(begun(SMS))
    await told(flow, SIGN_IN)
    form = (await told(flow, {"call": "form"}))["result"]
    assert (form["name"], form["title"]["text"]) == (
        "CONFIRM_SIGN_IN_WITH_SMS_CODE",
        "Check your phone",
    )
    mfa = respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE="123456")
    script.expect(mfa)
    done = await told(flow, {"event": "fill", "values": {"code": "123 456"}})
    assert done["next_step"]["name"] == "DONE"
    reply = await told(flow, {"event": "fill", "values": {}})
    assert reply["error"]["name"] == "EventNotAccepted"


async def test_a_form_of_an_idle_flow_is_chosen_by_name(flow: AuthFlow, script: Script) -> None:
    form = (await told(flow, {"call": "form", "form": "FORGOT_PASSWORD"}))["result"]
    assert form["name"] == "FORGOT_PASSWORD"
    script.expect(
        Exchange(
            "ForgotPassword",
            {"ClientId": "1example", "Username": "ada", "ClientMetadata": {"a": "1"}},
            {"CodeDeliveryDetails": {"Destination": "a***", "DeliveryMedium": "EMAIL"}},
        )
    )
    line = {"event": "fill", "form": "FORGOT_PASSWORD", "values": {"username": "ada"}}
    reply = await told(flow, {**line, "client_metadata": {"a": "1"}})
    assert reply["next_step"]["name"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    for wrong in ({"form": "DONE"}, {"values": []}, {"action": 5}, {"colour": "blue"}):
        reply = await told(flow, {"event": "fill", **wrong})
        assert reply["error"]["name"] == "InvalidLine"


async def test_the_secrets_of_a_wrong_form_are_not_in_the_answer(flow: AuthFlow) -> None:
    values = {"username": "a" * 200, "password": "hunter2", "colour": "hunter2"}
    for action in ("submit", "fly"):
        reply = await told(flow, {"event": "fill", "values": values, "action": action})
        assert reply["error"]["name"] == "GuardRejected"
        assert "hunter2" not in json.dumps(reply)


@pytest.mark.parametrize("line", [b"\xff", b'{"event": "cancel\xe9"}', b"\xfe\xff\x00{"])
async def test_a_line_that_is_not_utf8_is_answered(flow: AuthFlow, line: bytes) -> None:
    assert (await answer(flow, line))["error"]["message"] == "The line is not UTF-8."
    assert "error" not in await answer(flow, b'\xef\xbb\xbf{"event": "cancel"}')


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
async def test_only_json_is_json(flow: AuthFlow, constant: str) -> None:
    line = '{"event": "present_passkey", "credential": {"id": %s}}' % constant  # noqa: UP031
    assert (await told(flow, line))["error"]["name"] == "InvalidLine"


async def test_malformed_lines_are_answered() -> None:
    assert 0 < await feed(700, seed=20261126) < 700


async def test_a_token_that_expires_after_the_last_date_is_no_obstacle(flow: AuthFlow) -> None:
    token = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({}, {"sub": "u", "username": "ada", "exp": 253_402_300_800}, {})
    )
    reply = await told(flow, {"call": "restore_session", "access_token": token})
    assert reply == {"result": None}
    session = (await told(flow, {"call": "fetch_auth_session"}))["result"]
    assert session["signed_in"] is True
    assert session["access_token_expires_at"].startswith("9999-12-31")


# As a program


def drive(*arguments: str, lines: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it as a program whose locale is not UTF-8, which must not matter."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AUTH_FLOW_")}
    return subprocess.run(
        [sys.executable, "-m", "auth_flow._cli", "drive", *arguments],
        input=lines,
        capture_output=True,
        encoding="utf-8",
        env={**clean, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"} | environment,
        check=False,
        timeout=60,
    )


def test_without_a_pool_the_embedded_one_is_used() -> None:
    lines = [
        {"event": "sign_in", "username": "ada", "password": "Correct-Horse-1"},
        {"call": "fetch_user_attributes"},
        "{",
    ]
    finished = drive(
        lines="\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    )
    assert finished.returncode == 0
    signed_in, attributes, nonsense = map(json.loads, finished.stdout.splitlines())
    assert signed_in["next_step"]["signed_in"] is True
    assert attributes["result"]["email"] == "ada@example.org"
    assert nonsense["error"]["name"] == "InvalidLine"
    assert "An embedded user pool" in finished.stderr


def test_it_speaks_utf8_whatever_the_locale() -> None:
    sign_up = {"event": "sign_up", "username": "zo\u00eb", "password": "Correct-Horse-1"}
    sign_up["user_attributes"] = {"email": "zoe@example.org"}  # type: ignore[assignment]
    sign_in = {"event": "sign_in", "username": "zo\u00eb", "password": "Correct-Horse-1"}
    lines = [
        json.dumps(line, ensure_ascii=False) for line in (sign_up, {"event": "cancel"}, sign_in)
    ]
    for encoding in ("iso-8859-1", "ascii", "utf-8"):
        finished = drive(lines="\n".join(lines), PYTHONIOENCODING=encoding)
        assert finished.returncode == 0
        created, _, known = map(json.loads, finished.stdout.splitlines())
        assert created["next_step"]["name"] == "CONFIRM_SIGN_UP"
        assert known["next_step"]["name"] == "CONFIRM_SIGN_UP"


def test_options_that_cannot_be_right_are_refused_before_anything_is_read() -> None:
    for arguments in (
        ["--user-pool-id", "nonsense", "--client-id", "x"],
        ["--user-pool-id", "eu-west-1_Abc"],
        ["--secret", "x"],
    ):
        finished = drive(*arguments, lines='{"event": "cancel"}\n')
        assert finished.returncode == 2
        assert finished.stdout == ""
        assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (["--user-pool-id", "eu-west-1_Abc"], "client-id"),
        (["--client-id", "1example"], "user-pool-id"),
    ],
)
def test_half_a_pool_is_told_by_what_is_missing(given: list[str], missing: str) -> None:
    finished = drive(*given)
    assert finished.returncode == 2
    variable = f"AUTH_FLOW_{missing.upper().replace('-', '_')}"
    assert finished.stderr.endswith(f"error: --{missing} is missing. Give it, or set {variable}.\n")


def test_every_option_is_an_environment_variable_too() -> None:
    finished = drive(
        lines='{"event": "sign_in", "username": "ada", "auth_flow_type": "CUSTOM_WITHOUT_SRP"}\n',
        AUTH_FLOW_USER_POOL_ID="eu-west-1_Abc",
        AUTH_FLOW_CLIENT_ID="1example",
        AUTH_FLOW_ENDPOINT="http://127.0.0.1:9/",
    )
    assert json.loads(finished.stdout)["error"]["name"] == "TransportError"


def test_an_empty_variable_is_none() -> None:
    finished = drive(lines="\n", AUTH_FLOW_USER_POOL_ID="", AUTH_FLOW_CLIENT_ID="")
    assert finished.returncode == 0
    # Every line gets an answer, a blank one too.
    assert json.loads(finished.stdout)["error"]["name"] == "InvalidLine"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--endpoint", "foo"],
        ["--endpoint", "http://127.0.0.1:99999"],
        ["--identity-pool-id", "xx"],
        ["--identity-pool-id", "eu-west-1:1", "--identity-endpoint", "foo"],
    ],
)
def test_what_no_request_could_go_to_is_refused(arguments: list[str]) -> None:
    finished = drive("--user-pool-id", "eu-west-1_Abc", "--client-id", "x", *arguments)
    assert finished.returncode == 2
    assert "Traceback" not in finished.stderr


async def test_complaints_name_the_field_and_nothing_else(flow: AuthFlow) -> None:
    reply = await told(flow, {"event": "sign_in", "username": "ada", "password": 12345})
    assert reply["error"]["message"] == "password: Input should be a valid string"
    reply = await told(flow, {"call": "restore_session"})
    assert reply["error"]["message"][0].isalpha()


def test_no_input_is_no_output() -> None:
    finished = drive("--user-pool-id", "eu-west-1_Abc", "--client-id", "x")
    assert (finished.returncode, finished.stdout) == (0, "")
