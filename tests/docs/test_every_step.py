"""The first program of the README and the chat bot sign in through every step that there is."""

from __future__ import annotations

import builtins
import getpass
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest

import auth_flow
from auth_flow import AuthConfig, AuthFlow, FormSettings, Sealer, SignIn, SignInOptions, UserPool
from auth_flow.embedded import EmbeddedCognito, EmbeddedUserPool, PoolSettings, Triggers
from auth_flow.embedded import _totp as totp
from auth_flow.states import STEPS
from auth_flow.stores import MemoryStore
from auth_flow.transports import CognitoTransport
from examples.chat_bot import Bot
from tests.docs.people import PASSWORD, Person
from tests.docs.test_programs import code_in

CONTACTS = {"email": "ada@example.org", "phone_number": "+12065550100"}
SECRET = totp.new_secret()
SRP, CHOICE = SignInOptions(), SignInOptions(auth_flow_type="USER_AUTH")


def user(**options: Any) -> Callable[[EmbeddedUserPool], None]:
    given = {"attributes": CONTACTS, **options}

    def make(pool: EmbeddedUserPool) -> None:
        pool.create_user("ada", PASSWORD, **given)

    return make


def asks_a_question(pool: EmbeddedUserPool) -> None:
    user()(pool)

    def define(event: dict[str, Any]) -> dict[str, Any]:
        rounds = [
            one for one in event["request"]["session"] if one["challengeName"] == "CUSTOM_CHALLENGE"
        ]
        passed = any(one["challengeResult"] for one in rounds)
        response = {"issueTokens": passed, "failAuthentication": False}
        return {
            **event,
            "response": response | ({} if passed else {"challengeName": "CUSTOM_CHALLENGE"}),
        }

    def create(event: dict[str, Any]) -> dict[str, Any]:
        return {
            **event,
            "response": {
                "publicChallengeParameters": {"sum": "2+2"},
                "privateChallengeParameters": {},
            },
        }

    def verify(event: dict[str, Any]) -> dict[str, Any]:
        return {**event, "response": {"answerCorrect": event["request"]["challengeAnswer"] == "4"}}

    pool.triggers = Triggers(
        define_auth_challenge=define,
        create_auth_challenge=create,
        verify_auth_challenge_response=verify,
    )


Path = tuple[Callable[[EmbeddedUserPool], None], dict[str, Any], SignInOptions, dict[str, str]]

ALL = ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]
REQUIRED = {"mfa_configuration": "ON", "mfa_factors": ("SOFTWARE_TOKEN_MFA", "EMAIL_OTP")}
PATHS: dict[str, Path] = {
    "sms": (user(mfa=["SMS_MFA"]), {}, SRP, {}),
    "email": (user(mfa=["EMAIL_OTP"]), {}, SRP, {}),
    "app": (user(mfa=["SOFTWARE_TOKEN_MFA"], totp_secret=SECRET), {}, SRP, {}),
    "choice of a second factor": (
        user(mfa=ALL, totp_secret=SECRET),
        {},
        SRP,
        {"Second factor": "sms"},
    ),
    "setting up an app": (user(attributes={}), REQUIRED, SRP, {"Second factor": "TOTP"}),
    "setting up e-mail": (user(attributes={}), REQUIRED, SRP, {"Second factor": "EMAIL"}),
    "new password": (
        user(status="FORCE_CHANGE_PASSWORD"),
        {"required_attributes": ("email", "given_name")},
        SRP,
        {},
    ),
    "unconfirmed": (user(status="UNCONFIRMED"), {}, SRP, {}),
    "reset required": (user(status="RESET_REQUIRED"), {}, SRP, {}),
    "first factor, password": (user(), {}, CHOICE, {"Way to sign in": "PASSWORD"}),
    "first factor, code": (user(), {}, CHOICE, {"Way to sign in": "EMAIL_OTP"}),
    "passkey": (user(), {}, CHOICE, {"Way to sign in": "WEB_AUTHN"}),
    "question": (asks_a_question, {}, SignInOptions(auth_flow_type="CUSTOM_WITHOUT_SRP"), {}),
}


class Case:
    """A pool with ada in some state, and everything that a program needs to sign her in."""

    def __init__(self, path: str) -> None:
        make, settings, self.options, choices = PATHS[path]
        self.service = EmbeddedCognito()
        self.users = self.service.create_pool(
            PoolSettings(**{"mfa_configuration": "OPTIONAL", **settings})
        )
        make(self.users)
        self.person = Person(self.users, choices, SECRET)
        self.pool = UserPool(user_pool_id=self.users.id, client_id=self.users.create_client().id)
        self.config = AuthConfig(
            transport=self.transport(),
            store=MemoryStore(),
            forms=FormSettings(sign_in_options=self.options),
        )

    def transport(self) -> CognitoTransport:
        return CognitoTransport("http://embedded", client=self.service.http_client())

    async def register_passkey(self) -> None:
        transport = self.transport()
        async with transport, AuthFlow(self.pool, transport=transport) as flow:
            await flow.send(SignIn(username="ada", password=PASSWORD))
            options = await flow.session.start_passkey_registration()
            credential = self.person.authenticator.create(options.to_json())
            await flow.session.complete_passkey_registration(credential)


SEEN: dict[str, set[str]] = {"readme": set(), "bot": set()}


@pytest.mark.parametrize("path", PATHS)
def test_the_readme(
    path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = Case(path)
    if path == "passkey":
        anyio.run(case.register_passkey)
    shown = ""

    def typed(prompt: str) -> str:
        nonlocal shown
        printed = capsys.readouterr().out
        shown = printed or shown
        return case.person.answer(shown, prompt.removesuffix(": "))

    flows: list[AuthFlow] = []

    class Watched(AuthFlow):
        def __init__(self, pool: UserPool) -> None:
            super().__init__(pool, config=case.config)
            flows.append(self)

    monkeypatch.setattr(builtins, "input", typed)
    monkeypatch.setattr(getpass, "getpass", typed)
    monkeypatch.setattr(auth_flow, "AuthFlow", Watched)
    monkeypatch.setattr(auth_flow, "UserPool", lambda **_: case.pool)
    exec(compile(code_in("README.md")[0], "README.md", "exec"), {"__name__": "readme"})
    ada = case.users.user("ada")
    assert ada
    assert capsys.readouterr().out.splitlines()[-1] == ada.sub
    SEEN["readme"] |= {name for entry in flows[0].history for name in (entry.source, entry.target)}


@pytest.mark.anyio
@pytest.mark.parametrize("path", PATHS)
async def test_the_chat_bot(path: str) -> None:
    case = Case(path)
    if path == "passkey":
        await case.register_passkey()
    parked: dict[str, tuple[str, str]] = {}
    message = partial(
        Bot(case.pool, Sealer([auth_flow.new_key()]), parked, case.config).on_message, "chat"
    )
    screen = said = await message("hello")
    while said != "You are signed in":
        SEEN["bot"].add("asked")
        *above, label = said.splitlines()
        screen = "\n".join(above) or screen
        said = await message(case.person.answer(screen, label))
    assert not parked


def test_every_step_was_walked_through() -> None:
    """It runs after the tests above, in the same process; alone it has nothing to compare."""
    if not SEEN["readme"]:
        pytest.skip("the paths were not walked in this process")
    elsewhere = {"COMPLETE_AUTO_SIGN_IN", "CONTINUE_SIGN_IN_WITH_REDIRECT"}
    assert SEEN["readme"] >= set(STEPS) - elsewhere
