"""Replies of the service with one member changed: at each request of each flow, and of each
operation of a session.
"""

from __future__ import annotations

import base64
import copy
import json
import random
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel

from auth_flow import (
    Answer,
    AnswerChallenge,
    AuthFlow,
    AutoSignIn,
    ChooseFactor,
    ChooseMfa,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    Event,
    MemoryStore,
    NewPassword,
    PresentPasskey,
    ResendCode,
    ResetPassword,
    SetUpEmail,
    SignIn,
    SignUp,
    Tokens,
)
from auth_flow.errors import AuthFlowError
from auth_flow.sealing import Sealer, new_key, park, resume
from auth_flow.session import Session
from tests.states.webauthn import ASSERTION

from .scripted import POOL, SECRET, SMS, SUBJECT, Clock, Json, challenge, delivery, jwt, tokens

REMOVED = object()
JUNK: tuple[object, ...] = (
    REMOVED,
    None,
    True,
    False,
    0,
    -1,
    10**400,
    1e308,
    float("inf"),
    float("nan"),
    "",
    " ",
    "\0",
    "\ud800",
    "x" * 70_000,
    "{",
    "[]",
    "{}",
    "null",
    "1e999",
    "[" * 2_000,
    [],
    [None],
    [[[[[[[[]]]]]]]],
    {},
    {"a": None},
    {"\ud800": "\udfff"},
)

DEVICE = {"DeviceKey": "eu-west-1_0a1b", "DeviceGroupKey": "-group"}
NEW_PASSWORD = challenge(
    "NEW_PASSWORD_REQUIRED",
    userAttributes='{"email": "ada@example.org"}',
    requiredAttributes='["userAttributes.name"]',
    USER_ID_FOR_SRP="uid-1",
)
SRP = challenge(
    "PASSWORD_VERIFIER",
    USERNAME="ada",
    USER_ID_FOR_SRP="uid-1",
    SRP_B="a5" * 384,
    SALT="7a" * 16,
    SECRET_BLOCK="c2VjcmV0" * 20,
)
PASSKEY = challenge(
    "WEB_AUTHN",
    CREDENTIAL_REQUEST_OPTIONS='{"challenge": "YWJj", "rpId": "example.org", "timeout": 60000}',
)
FACTORS = {**challenge("SELECT_CHALLENGE"), "AvailableChallenges": ["EMAIL_OTP", "WEB_AUTHN"]}
EMAIL = challenge(
    "EMAIL_OTP", CODE_DELIVERY_DESTINATION="a***@e***", CODE_DELIVERY_DELIVERY_MEDIUM="EMAIL"
)
SIGNED_UP = {"UserConfirmed": False, "UserSub": SUBJECT, "Session": "s" * 20, **delivery()}
SIGN_IN = SignIn(username="ada", password="Secret-1", auth_flow_type="USER_PASSWORD_AUTH")
SIGN_IN_BY_CHOICE = SignIn(username="ada", auth_flow_type="USER_AUTH")


class Case(NamedTuple):
    """Events, and the replies to the requests that they lead to."""

    events: Sequence[Event]
    replies: Sequence[Json]


FLOWS: dict[str, Case] = {
    "password": Case([SIGN_IN], [tokens()]),
    "SRP": Case([SignIn(username="ada", password="Secret-1")], [SRP, tokens()]),
    "SMS": Case([SIGN_IN, EnterCode(code="123456")], [SMS, tokens()]),
    "choice of MFA": Case(
        [SIGN_IN, ChooseMfa(mfa="TOTP"), EnterCode(code="123456")],
        [
            challenge("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE='["SMS_MFA", "SOFTWARE_TOKEN_MFA"]'),
            challenge("SOFTWARE_TOKEN_MFA", FRIENDLY_DEVICE_NAME="phone"),
            tokens(),
        ],
    ),
    "set-up of TOTP": Case(
        [SIGN_IN, EnterCode(code="123456")],
        [
            challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]'),
            {"SecretCode": SECRET, "Session": "session-2"},
            {"Status": "SUCCESS", "Session": "session-3"},
            tokens(),
        ],
    ),
    "set-up of e-mail": Case(
        [SIGN_IN, ChooseMfa(mfa="EMAIL"), SetUpEmail(email="a@b.c"), EnterCode(code="123456")],
        [
            challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]'),
            EMAIL,
            tokens(),
        ],
    ),
    "new password": Case(
        [SIGN_IN, NewPassword(password="Secret-2", user_attributes={"name": "Ada"})],
        [NEW_PASSWORD, tokens()],
    ),
    "choice of a factor": Case(
        [SIGN_IN_BY_CHOICE, ChooseFactor(factor="EMAIL_OTP"), EnterCode(code="12345678")],
        [FACTORS, EMAIL, tokens()],
    ),
    "passkey": Case(
        [
            SIGN_IN_BY_CHOICE,
            ChooseFactor(factor="WEB_AUTHN"),
            PresentPasskey(credential=ASSERTION),
        ],
        [FACTORS, PASSKEY, tokens()],
    ),
    "password by choice": Case(
        [SIGN_IN_BY_CHOICE, ChooseFactor(factor="PASSWORD"), EnterPassword(password="Secret-1")],
        [{**FACTORS, "AvailableChallenges": ["PASSWORD"]}, tokens()],
    ),
    "custom": Case(
        [
            SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP"),
            AnswerChallenge(answer="5"),
            Answer(response="6"),
        ],
        [challenge("CUSTOM_CHALLENGE", question="2 + 3?")] * 2 + [tokens()],
    ),
    "sign-up": Case(
        [
            SignUp(
                username="ada",
                password="Secret-1",
                user_attributes={"email": "a@b.c"},
                auto_sign_in=True,
            ),
            ResendCode(),
            ConfirmSignUp(code="123456"),
            AutoSignIn(),
        ],
        [SIGNED_UP, delivery(), {"Session": "t" * 20}, tokens()],
    ),
    "reset": Case(
        [
            ResetPassword(username="ada"),
            ConfirmResetPassword(code="123456", new_password="Secret-2"),
        ],
        [delivery(), {}],
    ),
    "device": Case(
        [SIGN_IN, EnterCode(code="123456")],
        [SMS, tokens(NewDeviceMetadata=DEVICE)],
    ),
}

USER = {
    "Username": "ada",
    "UserAttributes": [{"Name": "sub", "Value": SUBJECT}],
    "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
    "UserMFASettingList": ["SMS_MFA", "SOFTWARE_TOKEN_MFA"],
}
LISTED_DEVICE = {
    "DeviceKey": "eu-west-1_0a1b",
    "DeviceAttributes": [{"Name": "device_name", "Value": "laptop"}],
    "DeviceCreateDate": 1_700_000_000.5,
    "DeviceLastModifiedDate": 1_700_000_000,
    "DeviceLastAuthenticatedDate": 1_700_000_000,
}
LISTED_SESSION = {
    "SessionId": "tkn" + "a" * 25,
    "SessionType": "TOKEN",
    "CreateDate": 1_700_000_000.5,
    "LastLocation": {"City": "Dublin"},
    "IsCurrentSession": True,
}
PASSKEY_OPTIONS = {
    "challenge": "Y2hhbGxlbmdl",
    "user": {"id": "YWRh", "name": "ada", "displayName": "ada"},
    "rp": {"id": "localhost", "name": "localhost"},
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
}
DELIVERY = delivery()["CodeDeliveryDetails"]

CALLS: dict[str, tuple[Callable[[Session], Awaitable[object]], Json]] = {
    "refresh": (lambda s: s.refresh(s.tokens), tokens()),
    "attributes": (lambda s: s.fetch_user_attributes(), USER),
    "preference": (lambda s: s.fetch_mfa_preference(), USER),
    "update": (
        lambda s: s.update_user_attributes({"email": "a@b.c"}),
        {"CodeDeliveryDetailsList": [DELIVERY]},
    ),
    "code": (
        lambda s: s.send_user_attribute_verification_code("email"),
        {"CodeDeliveryDetails": DELIVERY},
    ),
    "factors": (
        lambda s: s.fetch_auth_factors(),
        {"Username": "ada", "ConfiguredUserAuthFactors": ["PASSWORD"]},
    ),
    "TOTP": (lambda s: s.set_up_totp(), {"SecretCode": SECRET}),
    "TOTP code": (lambda s: s.verify_totp_setup("123456"), {"Status": "SUCCESS"}),
    "devices": (lambda s: s.fetch_devices(), {"Devices": [LISTED_DEVICE]}),
    "device": (lambda s: s.get_device("eu-west-1_0a1b"), {"Device": LISTED_DEVICE}),
    "sessions": (lambda s: s.fetch_user_sessions(), {"Sessions": [LISTED_SESSION]}),
    "passkey options": (
        lambda s: s.start_passkey_registration(),
        {"CredentialCreationOptions": PASSKEY_OPTIONS},
    ),
    "passkeys": (
        lambda s: s.list_passkeys(),
        {"Credentials": [{"CredentialId": "x", "AuthenticatorTransports": ["usb"]}]},
    ),
    "sign-out": (lambda s: s.sign_out(), {}),
}


def _nested(depth: int) -> object:
    value: object = []
    for _ in range(depth):
        value = [value]
    return value


def mutants(reply: Json) -> Iterator[Json]:
    """Every reply that differs from `reply` in one member, at any depth: in JSON texts and in the
    claims of tokens, too.
    """
    for path in _paths(reply):
        for junk in (*JUNK, _nested(900)):
            yield _changed(reply, path, junk)


def _paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if here:
        yield here
    inner = _inner(value)
    if isinstance(inner, dict):
        for name in inner:
            yield from _paths(inner[name], (*here, name))
    elif isinstance(inner, list):
        for index in range(len(inner)):
            yield from _paths(inner[index], (*here, index))


def _inner(value: Any) -> Any:
    """What is inside of a text: JSON, or the claims of a token."""
    if not isinstance(value, str):
        return value
    if value.count(".") == 2:
        payload = value.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    with suppress(ValueError):
        return json.loads(value) if value[:1] in "[{" else value
    return value


def _changed(value: Any, path: tuple[Any, ...], junk: object) -> Any:
    inner = copy.deepcopy(_inner(value))
    name, *rest = path
    if rest:
        inner[name] = _changed(inner[name], tuple(rest), junk)
    elif junk is REMOVED:
        del inner[name]
    else:
        inner[name] = junk
    if not isinstance(value, str):
        return inner
    return jwt(**inner) if value.count(".") == 2 else json.dumps(inner)


class Replay:
    """The transport. It gives the replies in order, whatever the requests are."""

    def __init__(self, replies: Sequence[Json]) -> None:
        self._replies = list(replies)

    async def call(self, operation: str, body: Mapping[str, object]) -> Json:
        json.dumps(body)
        await anyio.lowlevel.checkpoint()
        return self._replies.pop(0) if self._replies else {}

    async def aclose(self) -> None: ...


class Findings(NamedTuple):
    """What must not be: errors without a type of ours, and records that cannot be parked."""

    runs: int
    untyped: Counter[str]
    unparked: Counter[str]


Run = tuple[str, Callable[["_Watch"], Awaitable[None]]]


def all_runs() -> Iterator[Run]:
    """Every mutant of every reply, as a name and a function that tries it."""
    for name, case in FLOWS.items():
        for index, reply in enumerate(case.replies):
            for mutant in mutants(reply):
                replies = [*case.replies[:index], mutant, *case.replies[index + 1 :]]
                yield f"{name}, reply {index + 1}", _flow_run(case, replies)
    for name, (call, reply) in CALLS.items():
        for mutant in mutants(reply):
            yield f"session, {name}", _session_run(call, mutant)


async def tried(runs: int | None = None, seed: int = 3) -> Findings:
    """Try `runs` of all runs, chosen by `seed`; None: all of them."""
    chosen = list(all_runs())
    if runs is not None:
        chosen = random.Random(seed).sample(chosen, runs)
    watch = _Watch()
    for name, run in chosen:
        watch.name = name
        await run(watch)
    return Findings(len(chosen), watch.untyped, watch.unparked)


class _Watch:
    """Collects what must not be."""

    def __init__(self) -> None:
        self.name = ""
        self.untyped = Counter[str]()
        self.unparked = Counter[str]()
        self.sealer = Sealer([new_key()])

    async def attempt(self, action: Callable[[], Awaitable[object]]) -> bool:
        """Perform an action. False says that it ended in an error."""
        try:
            await action()
        except AuthFlowError:
            return False
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self.untyped[self._line(error)] += 1
            return False
        return True

    def rest(self, flow: AuthFlow) -> None:
        """Look at a flow between two events."""
        try:
            text = park(flow.record, self.sealer, POOL)
            resume(text, self.sealer, POOL)
            repr(flow.step)
            flow.form()
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self.unparked[self._line(error)] += 1

    def _line(self, error: Exception) -> str:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{self.name}: {type(error).__name__} at {last.filename[-40:]}:{last.lineno}"


def _flow_run(case: Case, replies: Sequence[Json]) -> Callable[[_Watch], Awaitable[None]]:
    async def run(watch: _Watch) -> None:
        flow = AuthFlow(POOL, transport=Replay(replies), store=MemoryStore(), clock=Clock())
        for event in case.events:
            await watch.attempt(lambda event=event: flow.send(event))  # type: ignore[misc]
            watch.rest(flow)

    return run


def _session_run(
    call: Callable[[Session], Awaitable[object]], reply: Json
) -> Callable[[_Watch], Awaitable[None]]:
    async def run(watch: _Watch) -> None:
        result = tokens()["AuthenticationResult"]
        held = Tokens.read(result["AccessToken"], result["IdToken"], "refresh-1")
        session = Session(POOL, held, transport=Replay([reply]), store=MemoryStore(), clock=Clock())
        await watch.attempt(session.keep)
        await watch.attempt(lambda: call(session))

    return run
