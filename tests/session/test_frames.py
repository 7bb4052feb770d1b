"""Reports of errors do not show secrets: every secret is a marker, every request of a conversation
fails once, and everything that a crash reporter records is searched.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, cast

import httpx
import pytest

from auth_flow import AuthFlow, Notice, Observers, SignIn, Tokens, UserPool
from auth_flow.errors import AuthFlowError
from auth_flow.session import Session
from auth_flow.states import (
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    Event,
    NewPassword,
    ReturnFromRedirect,
    SignInWithRedirect,
    SignUp,
)
from auth_flow.stores import MemoryStore
from auth_flow.transports import CognitoTransport
from tests.flow.scripted import SUBJECT, challenge, delivery, jwt, tokens

pytestmark = pytest.mark.anyio

PASSWORD, CODE, SESSION = "Marker-password-1", "271828", "marker-session"
ACCESS = jwt(sub=SUBJECT, username="ada", jti="marker-access", origin_jti="o", exp=1, iat=0)
REFRESH, CLIENT_SECRET, URL_CODE = "marker-refresh", "marker-client-secret", "marker-url-code"
MARKERS = (PASSWORD, CODE, SESSION, ACCESS, REFRESH, CLIENT_SECRET, URL_CODE)
POOL = UserPool(
    user_pool_id="eu-west-1_Abc123",
    client_id="1example",
    client_secret=CLIENT_SECRET,
    domain="login.example.org",
)
SIGNED_IN = tokens(AccessToken=ACCESS, IdToken=ACCESS, RefreshToken=REFRESH)
REFUSAL = {"__type": "NotAuthorizedException", "message": "No."}
"""The reply to a request that fails."""


def shown(value: object, depth: int = 0) -> Iterator[str]:
    """Yield what a crash reporter records of a value: it looks into containers."""
    if isinstance(value, Mapping) and depth < 5:
        for name, member in cast("Mapping[object, object]", value).items():
            yield repr(name)
            yield from shown(member, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset) and depth < 5:
        for member in cast("list[object]", value):
            yield from shown(member, depth + 1)
    else:
        yield f"{value!r}"


def frames(traceback: TracebackType | None) -> Iterator[tuple[str, dict[str, Any]]]:
    while traceback is not None:
        frame = traceback.tb_frame
        module = str(frame.f_globals.get("__name__"))
        if module.startswith("auth_flow."):
            yield f"{module}.{frame.f_code.co_name}", dict(frame.f_locals)
        traceback = traceback.tb_next


def assert_silent(where: str, value: object) -> None:
    for text in shown(value):
        for marker in MARKERS:
            assert marker not in text, f"{where} shows {marker}"


def assert_silent_error(error: BaseException | None) -> None:
    """Check an error, its frames, and the errors that it came from, also those that are hidden."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        failure = waiting.pop()
        if failure is None or id(failure) in seen:
            continue
        seen.add(id(failure))
        assert_silent(type(failure).__name__, [str(failure), failure.args, vars(failure)])
        for where, values in frames(failure.__traceback__):
            for name, value in values.items():
                assert_silent(f"{where}: {name}", value)
        if isinstance(failure, AuthFlowError):
            assert_silent("pickle", pickle.dumps(failure).decode("latin-1"))
        waiting += [failure.__cause__, failure.__context__]


class Server:
    """Answers requests one after another; the last answer fails in one of several ways."""

    def __init__(self, *replies: object, fault: str) -> None:
        self._replies = list(replies)
        self._fault = fault

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self._replies:
            reply = self._replies.pop(0)
            return httpx.Response(200, json=reply)
        match self._fault:
            case "refused":
                return httpx.Response(400, json=REFUSAL)
            case "broken":
                raise httpx.ReadError("broken", request=request)
            case "malformed":
                return httpx.Response(200, json={**SIGNED_IN, "ChallengeName": [SESSION]})
            case _:
                return httpx.Response(200, text=f"<html>{ACCESS} {REFRESH} {SESSION}")

    def transport(self) -> CognitoTransport:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self))
        return CognitoTransport("https://cognito.example", client=client)


SMS = challenge("SMS_MFA", SESSION)
SRP = challenge(
    "PASSWORD_VERIFIER", SESSION, USER_ID_FOR_SRP="ada", SRP_B="5", SALT="a1", SECRET_BLOCK="c2Vj"
)
BY_PASSWORD = SignIn(username="ada", password=PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
FLOWS: dict[str, tuple[list[object], list[Event]]] = {
    "password": ([], [BY_PASSWORD]),
    "code": ([SMS], [BY_PASSWORD, EnterCode(code=CODE)]),
    "srp": ([], [SignIn(username="ada", password=PASSWORD)]),
    "proof": ([SRP], [SignIn(username="ada", password=PASSWORD)]),
    "weak_proof": (
        [{**SRP, "ChallengeParameters": {**SRP["ChallengeParameters"], "SRP_B": "0"}}],
        [SignIn(username="ada", password=PASSWORD)],
    ),
    "new_password": (
        [challenge("NEW_PASSWORD_REQUIRED", SESSION)],
        [BY_PASSWORD, NewPassword(password=PASSWORD)],
    ),
    "sign_up": ([], [SignUp(username="ada", password=PASSWORD)]),
    "confirm": (
        [{"UserConfirmed": False, "UserSub": "u", "Session": SESSION, **delivery()}],
        [SignUp(username="ada", password=PASSWORD), ConfirmSignUp(code=CODE)],
    ),
    "reset": ([], [ConfirmResetPassword(username="ada", code=CODE, new_password=PASSWORD)]),
}


@pytest.mark.parametrize("fault", ["refused", "broken", "malformed", "garbage"])
@pytest.mark.parametrize("name", FLOWS)
async def test_flows(name: str, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    replies, events = FLOWS[name]
    told: list[Notice] = []
    transport = Server(*replies, fault=fault).transport()
    flow = AuthFlow(POOL, transport=transport, observers=Observers([told.append]))
    for event in events[:-1]:
        await flow.send(event)
    try:
        await flow.send(events[-1])
    except AuthFlowError as error:
        assert_silent_error(error)
    else:
        assert name in ("confirm", "reset")
        assert fault == "malformed"
    assert_silent("flow", [flow, flow.record, flow.history, told, caplog.text])


@pytest.mark.parametrize("fault", ["refused", "broken", "malformed", "garbage"])
async def test_redirect(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    flow = AuthFlow(POOL, transport=Server(fault=fault).transport())
    callback = "https://app.example.org/cb"
    await flow.send(SignInWithRedirect(redirect_uri=callback, scopes=("profile",)))
    pending = flow.record.redirect
    assert pending is not None
    verifier = pending.verifier.get_secret_value()
    event = ReturnFromRedirect(url=f"{callback}?code={URL_CODE}&state={pending.state}")
    with pytest.raises(AuthFlowError) as caught:
        await flow.send(event)
    assert_silent_error(caught.value)
    for where, values in frames(caught.tb):
        assert verifier not in "".join(shown(values)), where
    assert_silent("flow", [flow, flow.history, caplog.text])


CALLS: dict[str, Callable[[Session], Awaitable[object]]] = {
    "refresh": lambda session: session.fresh_tokens(force=True),
    "password": lambda session: session.update_password(PASSWORD, old_password=PASSWORD),
    "attribute": lambda session: session.confirm_user_attribute("email", CODE),
    "app": lambda session: session.verify_totp_setup(CODE),
    "revoke": lambda session: session.revoke(),
    "step_up": lambda session: session.step_up(acr="urn:cognito:loa:4"),
}


@pytest.mark.parametrize("hosted", [False, True])
@pytest.mark.parametrize("fault", ["refused", "broken", "malformed", "garbage"])
@pytest.mark.parametrize("name", CALLS)
async def test_sessions(
    name: str, fault: str, hosted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    held = Tokens.read(ACCESS, ACCESS, REFRESH, hosted=hosted)
    session = Session(
        POOL,
        held,
        transport=Server(fault=fault).transport(),
        store=MemoryStore(lambda: 0.0),
        clock=lambda: 0.0 if name != "refresh" else 2.0,
    )
    await session.keep()
    try:
        await CALLS[name](session)
    except AuthFlowError as error:
        assert_silent_error(error)
    assert_silent("session", [session, held, caplog.text])


async def test_an_answer_that_is_none_of_the_choices() -> None:
    offered = {**challenge("SELECT_CHALLENGE", SESSION), "AvailableChallenges": ["EMAIL_OTP"]}
    flow = AuthFlow(POOL, transport=Server(offered, fault="refused").transport())
    step = await flow.send(SignIn(username="ada", auth_flow_type="USER_AUTH"))
    with pytest.raises(AuthFlowError) as caught:
        step.answer(PASSWORD)
    assert_silent_error(caught.value)
