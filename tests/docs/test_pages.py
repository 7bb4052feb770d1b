"""The Python of each page is run, in its order and with what it leaves to the reader filled in.

The programs meet a pool on a port, because they make their own transports. They are changed in one
way: `UserPool` has the ids and the URL of that pool.
"""

from __future__ import annotations

import ast
import inspect
import secrets
from collections.abc import AsyncIterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import auth_flow
from auth_flow import (
    AuthFlow,
    CognitoTransport,
    Sealer,
    Session,
    SharedFlows,
    SignIn,
    Step,
    UserPool,
    new_key,
)
from auth_flow.embedded import (
    ClientSettings,
    EmbeddedCognito,
    EmbeddedUserPool,
    PoolSettings,
    Triggers,
    TurnableClock,
    running,
)
from auth_flow.embedded import _totp as totp
from auth_flow.states._base import reveal
from auth_flow.stores import MemoryStore
from tests.docs.test_programs import code_in
from tests.embedded.hosted import Browser

pytestmark = pytest.mark.anyio

PASSWORD = "Correct-Horse-1"
SIGN_IN = 'await flow.send(SignIn(username="ada", password="Correct-Horse-1"))'
CALLBACK, GOODBYE = "https://app.example/callback", "https://app.example/goodbye"


def groups_and_scopes(event: dict[str, Any]) -> None:
    event["response"] = {
        "claimsAndScopeOverrideDetails": {
            "accessTokenGeneration": {"scopesToAdd": ["orders/read"]},
            "groupOverrideDetails": {"groupsToOverride": ["staff"]},
        }
    }


class Reader:
    """Someone with a pool on a port, who runs the programs of a page one after the other."""

    def __init__(self, endpoint: str, users: EmbeddedUserPool, clock: TurnableClock) -> None:
        self.users, self.clock = users, clock
        client = users.create_client(
            ClientSettings(
                callback_urls=(CALLBACK,),
                logout_urls=(GOODBYE,),
                allowed_oauth_flows=("code",),
                allowed_oauth_scopes=("openid", "aws.cognito.signin.user.admin"),
                allowed_oauth_flows_user_pool_client=True,
            )
        )
        self.pool = UserPool(
            user_pool_id=users.id, client_id=client.id, endpoint=endpoint, domain=endpoint
        )
        self.names: dict[str, Any] = {
            **{name: getattr(auth_flow, name) for name in auth_flow.__all__},
            "pool": self.pool,
            "key": new_key(),
        }

    def made(self, **changes: Any) -> UserPool:
        """Make the pool that a page describes, at the port."""
        return UserPool(**{**changes, **self.pool.model_dump(exclude_unset=True)})

    async def run(self, program: str, **names: Any) -> None:
        """Run a program in the names that the page has made so far, and these."""
        self.names |= names | {"UserPool": self.made}
        await run(program, self.names)


async def run(program: str, names: dict[str, Any]) -> None:
    """Run a program that may await at its top level, as notebooks allow."""
    program = program.replace('password="…"', f'password="{PASSWORD}"')
    code = compile(program, "page", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    result = eval(code, names)
    if inspect.isawaitable(result):
        await result


@pytest.fixture
async def reader(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reader]:
    clock = TurnableClock()
    service = EmbeddedCognito(clock=clock)
    users = service.create_pool(PoolSettings(mfa_configuration="OPTIONAL"))
    users.create_user("ada", PASSWORD, attributes={"email": "ada@example.org"})
    with running(service) as endpoint:
        reader = Reader(endpoint, users, clock)
        monkeypatch.setattr(auth_flow, "UserPool", reader.made)
        monkeypatch.setattr(auth_flow, "RedisStore", lambda url: MemoryStore())
        async with CognitoTransport(reader.pool) as transport:
            reader.names["transport"] = transport
            reader.names["RedisStore"] = auth_flow.RedisStore
            yield reader


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """An API that the page calls, and the requests that it got."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200)

    client = partial(httpx.AsyncClient, transport=httpx.MockTransport(answer))
    monkeypatch.setattr(httpx, "AsyncClient", client)
    return requests


async def test_sessions(reader: Reader, orders: list[httpx.Request]) -> None:
    operations, own_transport, stored, *_ = code_in("docs/sessions.md")
    transport = reader.names["transport"]
    async with AuthFlow(reader.pool) as flow:
        await flow.send(SignIn(username="ada", password=PASSWORD))
        token = flow.session.access_token
        await reader.run(operations, flow=flow)
    assert orders[0].headers["authorization"] == f"Bearer {token.text.get_secret_value()}"
    assert reader.names["result"].revoked

    await reader.run(own_transport.replace("        ...", f"        {SIGN_IN}"))

    await reader.run(stored, transport=transport)
    loaded = reader.names["session"]
    assert isinstance(loaded, Session)
    assert loaded.session_id == reader.names["session_id"]


async def test_step_up(reader: Reader) -> None:
    secret = totp.new_secret()
    reader.users.create_user("eve", PASSWORD, mfa=["SOFTWARE_TOKEN_MFA"], totp_secret=secret)

    async def ask(step: Step) -> str:
        answers = {
            "CONFIRM_SIGN_IN_WITH_PASSWORD": PASSWORD,
            "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION": "PASSWORD",
            "CONFIRM_SIGN_IN_WITH_TOTP_CODE": totp.code(secret, reader.users.clock()),
        }
        return answers[step.name]

    async with AuthFlow(reader.pool) as flow:
        step = await flow.send(SignIn(username="eve", password=PASSWORD))
        await flow.send(step.answer(await ask(step)))
        reader.clock.turn(seconds=30)  # each code of an app is taken once
        await reader.run(code_in("docs/sessions.md")[3], session=flow.session, ask=ask)


async def test_verification_and_notices(reader: Reader) -> None:
    verification, notices = code_in("docs/sessions.md")[4:]
    reader.users.triggers = Triggers(
        pre_token_generation=groups_and_scopes, pre_token_generation_version="V2_0"
    )
    async with AuthFlow(reader.pool) as flow:
        await flow.send(SignIn(username="ada", password=PASSWORD))
        tokens = await flow.session.fresh_tokens()
    accesses, identities = verification.split('claims = await verifier.verify(text, "id")')
    await reader.run(accesses, text=tokens.access_token.text)
    await reader.run('claims = await verifier.verify(text, "id")', text=tokens.id_token.text)
    await reader.run(identities.partition("\n")[2], text=tokens.access_token.text)
    assert reader.names["claims"].groups == ("staff",)

    heard: list[object] = []
    await reader.run(notices, listener=heard.append)
    async with reader.names["flow"] as flow:
        await flow.send(SignIn(username="ada", password=PASSWORD))
    assert {type(notice).__name__ for notice in heard} >= {"SignedIn", "StepEntered"}


async def test_signing_in_to_a_real_pool(reader: Reader) -> None:
    settings, transport, context = code_in("docs/real-pool.md")
    await reader.run(settings.replace("    ...", f"    {SIGN_IN}"))
    assert reader.names["flow"].step.name == "DONE"
    await reader.run(transport + f"    {SIGN_IN}\n")
    assert reader.names["flow"].step.name == "DONE"
    await reader.run(
        context,
        flows=SharedFlows(MemoryStore(), Sealer([new_key()]), reader.pool),
        key=secrets.token_urlsafe(),
        request=SimpleNamespace(client=SimpleNamespace(host="203.0.113.9")),
        event=SignIn(username="ada", password=PASSWORD),
    )
    assert reader.names["step"].name == "DONE"


async def test_parking(reader: Reader) -> None:
    park, _, share = code_in("docs/parking.md")
    async with AuthFlow(reader.pool) as flow:
        reader.users.create_user(
            "eve", PASSWORD, attributes={"email": "eve@example.org"}, mfa=["EMAIL_OTP"]
        )
        await flow.send(SignIn(username="eve", password=PASSWORD))
        await reader.run(park, flow=flow, chat="chat-1")
    resumed: AuthFlow = reader.names["flow"]
    message = reader.users.outbox.last("eve")
    assert message
    await resumed.send(resumed.step.answer(message.code))
    assert resumed.signed_in

    await reader.run(share)
    on_message, flows = reader.names["on_message"], reader.names["flows"]
    assert isinstance(flows, SharedFlows)
    reader.users.triggers = Triggers(
        define_auth_challenge=lambda event: event.update(
            response={"challengeName": "CUSTOM_CHALLENGE"}
            if not event["request"]["session"]
            else {"issueTokens": True}
        ),
        create_auth_challenge=lambda event: event.update(
            response={"publicChallengeParameters": {}, "privateChallengeParameters": {}}
        ),
        verify_auth_challenge_response=lambda event: event.update(response={"answerCorrect": True}),
    )
    await on_message("chat-2", "ada")
    view = await flows.look("chat-2")
    assert view.step.name == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    await on_message("chat-2", "4")
    assert (await flows.look("chat-2")).step.name == "DONE"


async def test_redirects(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    settings, there_and_back, goodbye = code_in("docs/redirect.md")
    await reader.run(settings)
    away, back = there_and_back.split("# … the browser comes back")
    await reader.run(away.replace(', provider="Google"', ""), pool=reader.pool)
    async with httpx.AsyncClient(base_url=reader.pool.endpoint or "") as http:
        browser = Browser(http)
        await browser.get(capsys.readouterr().out.strip())
        await browser.submit(username="ada")
        await browser.submit(factor="PASSWORD")
        await browser.submit(password=PASSWORD)
    await reader.run("# the browser comes back" + back, url_of_the_request=browser.left_for)

    sent_to: list[str] = []
    await reader.run(goodbye, redirect_browser_to=sent_to.append)
    assert sent_to[0].startswith(f"{reader.pool.endpoint}/logout?")
    await reader.names["flow"].aclose()


async def test_the_embedded_pool() -> None:
    pool, triggers, _, client = code_in("docs/embedded-pool.md")  # the third is boto3's
    names: dict[str, Any] = {}
    await run(pool + triggers + client, names)
    flow, users = names["flow"], names["users"]
    step = await flow.send(SignIn(username="ada", password=PASSWORD))
    await flow.send(step.answer(users.outbox.last("ada").code))
    claims = flow.session.access_token.claims
    assert (claims.model_extra or {})["plan"] == "gold"
    assert "shop/read" in claims.scopes


async def test_passkeys(reader: Reader) -> None:
    sign_in, cancelled, create, _, _, software = code_in("docs/passkeys.md")
    reader.users.settings = reader.users.settings.model_copy(
        update={"relying_party_id": "example.org"}
    )
    keyring: dict[str, str] = {}

    async def answer_yes() -> bool:
        return True

    await reader.run(software, keyring=keyring)
    async with AuthFlow(reader.pool) as flow:
        await flow.send(SignIn(username="ada", password=PASSWORD))
        await reader.run(create, flow=flow, ask_whether_to_create_a_passkey=answer_yes)
        assert await flow.session.passkey_offer() is None

    await reader.run(software)
    await reader.run(sign_in)
    assert reader.names["step"].name == "DONE"

    async with AuthFlow(reader.pool) as flow:
        await flow.send(
            SignIn(username="ada", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN")
        )
        await reader.run(cancelled, flow=flow, posted='{"error": "NotAllowedError"}')
    (field,) = reader.names["form"].fields
    assert field.problem.code == "passkey_cancelled"


async def test_devices(reader: Reader) -> None:
    reader.users.settings = reader.users.settings.model_copy(
        update={"device_tracking": "USER_OPT_IN"}
    )

    async def answer_yes() -> bool:
        return True

    await reader.run(
        code_in("docs/devices.md")[0],
        store=MemoryStore(),
        cookie=secrets.token_urlsafe(),
        ask_whether_to_remember=answer_yes,
    )
    flow: AuthFlow = reader.names["flow"]
    (listed,) = await flow.session.fetch_devices()
    assert listed.remembered
    device = flow.session.device
    assert device is not None
    values = {
        "deviceKey": device.key,
        "deviceGroupKey": device.group_key,
        "randomPasswordKey": reveal(device.password),
    }
    prefix = f"CognitoIdentityServiceProvider.{reader.pool.client_id}.ada"
    await flow.devices.clear()
    await reader.run(
        code_in("docs/devices.md")[1],
        username="ada",
        items={f"{prefix}.{name}": value for name, value in values.items()},
    )
    assert (await flow.devices.load()).find("ada") == device
