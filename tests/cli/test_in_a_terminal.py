"""Commands in a real pseudo-terminal: what is shown, what is hidden, and what Ctrl-C does."""

from __future__ import annotations

import re

import pytest

from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME
from auth_flow.embedded import running
from tests.cli.pools import TestPool
from tests.cli.pseudo_terminal import PseudoTerminal

NEW_PASSWORD = "Another-Horse-2"


def test_the_demo() -> None:
    with PseudoTerminal("demo") as terminal:
        terminal.expect("Password")
        terminal.enter("")
        code = terminal.expect(r"Your code is (\d{6})").group(1)
        terminal.expect("Code: ")
        terminal.enter("wrong")
        terminal.expect("has only digits")
        terminal.expect("Code: ")
        terminal.enter(code)
        terminal.expect(r"DONE  ada is signed in, user id [\w-]+\.")
        assert terminal.exit_code() == 0


def test_a_password_that_the_policy_refuses_is_asked_for_again_hidden() -> None:
    with PseudoTerminal("demo", "--begin", "sign-up") as terminal:
        for password in ("tooshort", NEW_PASSWORD):
            for label in ("Password: ", "Once more: "):
                terminal.expect(rf"\n *{label}$")
                terminal.enter(password)
        code = terminal.expect(r"Your code is (\d{6})").group(1)
        terminal.expect("Code: ")
        terminal.enter("000000" if code != "000000" else "111111")
        assert terminal.expect(r"(?s)not the right code\.(.*?)Code: ").group(1).strip() == ""
        terminal.enter(code)
        terminal.expect("DONE  ada is signed in")
        assert terminal.exit_code() == 0
        assert terminal.shown.count("That password is not accepted: ") == 1
        assert not re.search("tooshort|Another|Y/n", terminal.shown)


def test_the_demo_shows_its_app_to_nobody_who_was_sent_a_code() -> None:
    with PseudoTerminal("demo", "--mfa", "choice") as terminal:
        terminal.expect("Password")
        terminal.enter("")
        terminal.expect("Second factor")
        terminal.enter("SMS")
        code = terminal.expect(r"Your code is (\d{6})").group(1)
        terminal.expect("Code: ")
        terminal.enter("111111" if code != "111111" else "222222")
        terminal.expect("not the right code")
        terminal.expect("Code: ")
        terminal.enter(code)
        terminal.expect("DONE")
        assert "Authenticator app" not in terminal.shown


@pytest.mark.parametrize(
    "colour", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_the_demo_sets_up_an_authenticator_app(colour: dict[str, str]) -> None:
    with PseudoTerminal("demo", "--mfa", "set-up", environment=colour) as terminal:
        terminal.expect("Password")
        terminal.enter(PASSWORD)
        terminal.expect(r"1  TOTP .*\n.*2  EMAIL")
        terminal.enter("")
        terminal.expect("Nothing was typed")
        terminal.enter("totp")
        terminal.expect(r"type this key into the app:\s+(\w{4} ){7}\w{4}")
        terminal.expect(r"Name for this app \(optional\): ")
        terminal.enter("")
        assert ("█▀" in terminal.shown) == ("PYTHONIOENCODING" not in colour)
        code = terminal.expect(r"(?s)Authenticator app.*?(\d{6})").group(1)
        assert ("╭" in terminal.shown) == (not {"TERM", "PYTHONIOENCODING"} & set(colour))
        terminal.enter(code)
        terminal.expect("DONE")
        assert terminal.exit_code() == 0


def environment(pool: TestPool, endpoint: str) -> dict[str, str]:
    return {
        "AUTH_FLOW_USER_POOL_ID": pool.pool.id,
        "AUTH_FLOW_CLIENT_ID": pool.client.id,
        "AUTH_FLOW_ENDPOINT": endpoint,
    }


def test_sign_in_over_a_socket_through_confirmation_and_a_code() -> None:
    pool = TestPool()
    pool.add(mfa=["SMS_MFA"])
    with (
        running(pool.service) as endpoint,
        PseudoTerminal("sign-in", environment=environment(pool, endpoint)) as terminal,
    ):
        terminal.expect("User name: ")
        terminal.enter(USERNAME)
        terminal.expect("Password: ")
        terminal.enter("")
        terminal.expect("Nothing was typed")
        terminal.expect("Password: ")
        terminal.enter("wrong")
        terminal.expect(r"\n *The user name or the password is wrong\.\nPassword: ")
        # The service checks whether the account is confirmed before it looks at the password.
        pool.add(mfa=["SMS_MFA"], status="UNCONFIRMED")
        terminal.enter(PASSWORD)
        terminal.expect("not confirmed yet")
        terminal.expect(r"Send a new code\? \[Y/n\]: ")
        terminal.enter("")
        terminal.expect(r"We sent a code by e-mail to a\*\*\*@e\*\*\*")
        terminal.expect("Code: ")
        terminal.enter(pool.code())
        terminal.expect(r"We sent a code by SMS to \+\*\*\*\*\*\*\*0100")
        terminal.expect("Code: ")
        terminal.enter(pool.code())
        terminal.expect("DONE  ada is signed in")
        assert terminal.exit_code() == 0
        assert PASSWORD not in terminal.shown
        assert "eyJ" not in terminal.shown


def test_sign_up_asks_for_the_password_twice() -> None:
    pool = TestPool()
    with (
        running(pool.service) as endpoint,
        PseudoTerminal("sign-up", environment=environment(pool, endpoint)) as terminal,
    ):
        terminal.expect("User name: ")
        terminal.enter(USERNAME)
        terminal.expect(r"E-mail address \(optional\): ")
        terminal.enter(ATTRIBUTES["email"])
        terminal.expect(r"Phone number \(optional\): ")
        terminal.enter("")
        terminal.expect("Password: ")
        terminal.enter(PASSWORD)
        terminal.expect("Once more: ")
        terminal.enter(NEW_PASSWORD)
        terminal.expect("two passwords differ")
        for _ in range(2):
            terminal.expect(": ")
            terminal.enter(PASSWORD)
        terminal.expect("Code: ")
        terminal.enter(pool.code())
        terminal.expect("DONE  ada is signed in")
        assert terminal.exit_code() == 0
        assert PASSWORD not in terminal.shown


def test_reset_password() -> None:
    pool = TestPool()
    pool.add()
    arguments = ("reset-password", "--username", USERNAME)
    with (
        running(pool.service) as endpoint,
        PseudoTerminal(*arguments, environment=environment(pool, endpoint)) as terminal,
    ):
        terminal.expect("Code: ")
        terminal.enter(pool.code())
        terminal.expect("New password: ")
        terminal.enter("short")
        terminal.expect("Once more: ")
        terminal.enter("short")
        terminal.expect(r"\n *That password is not accepted: .*\n")
        for _ in range(2):
            terminal.expect("(New password|Once more): ")
            terminal.enter(NEW_PASSWORD)
        terminal.expect("DONE  The account of ada is ready")
        assert terminal.exit_code() == 0
        assert not re.search("short|Another", terminal.shown)


@pytest.mark.parametrize("before", [["Password"], ["Password", "Code: "]])
def test_control_c_cancels(before: list[str]) -> None:
    with PseudoTerminal("demo") as terminal:
        for question in before[:-1]:
            terminal.expect(question)
            terminal.enter("")
        terminal.expect(before[-1])
        terminal.interrupt("Cancelled")
        assert terminal.exit_code() == 130
        assert "Traceback" not in terminal.shown
