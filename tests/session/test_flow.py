"""Where a session begins in a flow, and where the flow stands when it ends."""

from __future__ import annotations

import gc
import weakref

import pytest
from pydantic import SecretStr

from auth_flow import (
    AuthFlow,
    Done,
    EnterCode,
    Idle,
    Notice,
    Observers,
    Record,
    SignedIn,
    SignedOut,
    SignIn,
    SmsCode,
    StepEntered,
    Tokens,
)
from auth_flow.errors import NotSignedIn
from auth_flow.session import RememberedDevice, Session
from auth_flow.stores import MemoryStore
from tests.flow.scripted import (
    POOL,
    SMS,
    SUBJECT,
    Clock,
    Exchange,
    Script,
    initiate,
    refusal,
    tokens,
)
from tests.transports.faults import fault_server, say

from .service import HOUR, USER, TokenService

pytestmark = pytest.mark.anyio

REFRESH = "GetTokensFromRefreshToken"


async def signed_in(flow: AuthFlow, script: Script, service: TokenService) -> Session:
    reply = {"AuthenticationResult": service.issue()}
    script.expect(
        initiate("USER_PASSWORD_AUTH", reply, USERNAME="ada@example.org", PASSWORD="secret")
    )
    await flow.send(
        SignIn(username="ada@example.org", password="secret", auth_flow_type="USER_PASSWORD_AUTH")
    )
    return flow.session


async def test_a_sign_in_makes_a_session_that_shares_what_the_flow_has(
    script: Script, service: TokenService, clock: Clock
) -> None:
    told: list[Notice] = []
    store, device = MemoryStore(clock), RememberedDevice(key="k", group_key="g", password="p")
    flow = AuthFlow(
        POOL,
        transport=script,
        clock=clock,
        store=store,
        devices={USER: device},
        observers=Observers([told.append]),
    )
    session = await signed_in(flow, script, service)
    assert session.get_current_user().login_id == "ada@example.org"
    assert session.device == device
    assert told == [SignedIn(USER, SUBJECT), StepEntered("IDLE", "DONE")]
    assert (await Session.load(POOL, USER, store=store, transport=script)).tokens == session.tokens


async def test_the_drift_of_the_clock_is_taken_at_sign_in(script: Script, clock: Clock) -> None:
    behind = TokenService(clock, ahead=-2 * HOUR)
    flow = AuthFlow(POOL, transport=script, clock=clock)
    session = await signed_in(flow, script, behind)
    assert session.tokens.fresh_at(clock())
    assert session.tokens.expires_at == clock() + HOUR


@pytest.mark.parametrize("end", ["sign_out", "delete_user", "refresh"])
async def test_a_session_that_is_over_leaves_the_flow_idle(
    script: Script, service: TokenService, clock: Clock, end: str
) -> None:
    told: list[Notice] = []
    flow = AuthFlow(POOL, transport=script, clock=clock, observers=Observers([told.append]))
    session = await signed_in(flow, script, service)
    token, body = session.access_token.text.get_secret_value(), {"ClientId": POOL.client_id}
    match end:
        case "sign_out":
            script.expect(Exchange("RevokeToken", {**body, "Token": "refresh-1"}, {}))
            await session.sign_out()
        case "delete_user":
            script.expect(Exchange("DeleteUser", {"AccessToken": token}, {}))
            await session.delete_user()
        case _:
            script.expect(
                Exchange(
                    REFRESH, {**body, "RefreshToken": "refresh-1"}, refusal("TokenRevokedException")
                )
            )
            with pytest.raises(NotSignedIn):
                await session.fresh_tokens(force=True)
    assert flow.step == Idle()
    assert not flow.signed_in
    with pytest.raises(NotSignedIn):
        _ = flow.session
    assert isinstance(told[-1], SignedOut)
    await signed_in(flow, script, service)


async def test_a_flow_opens_a_transport_for_itself_and_its_session(clock: Clock) -> None:
    async with fault_server(say(SMS), say(tokens())) as server:
        flow = AuthFlow(POOL.model_copy(update={"endpoint": server.url}), clock=clock)
        await flow.aclose()  # nothing is open yet
        async with flow:
            event = SignIn(username=USER, password="x", auth_flow_type="USER_PASSWORD_AUTH")
            await flow.send(event)
        await server.closed()
        async with flow:
            await flow.send(EnterCode(code="123456"))
            assert flow.session.active
        await server.closed()
    assert [request.operation for request in server.requests] == [
        "InitiateAuth",
        "RespondToAuthChallenge",
    ]


async def test_a_listener_may_end_the_session_as_it_begins(
    script: Script, service: TokenService, clock: Clock
) -> None:
    async def sign_out(notice: Notice) -> None:
        if isinstance(notice, SignedIn):
            await flow.session.sign_out()

    flow = AuthFlow(POOL, transport=script, clock=clock, observers=Observers([sign_out]))
    script.expect(
        initiate(
            "USER_PASSWORD_AUTH",
            {"AuthenticationResult": service.issue()},
            USERNAME=USER,
            PASSWORD="secret",
        ),
        Exchange("RevokeToken", {"ClientId": POOL.client_id, "Token": "refresh-1"}, {}),
    )
    event = SignIn(username=USER, password="secret", auth_flow_type="USER_PASSWORD_AUTH")
    assert await flow.send(event) == Idle()
    assert not flow.signed_in


async def test_tokens_from_elsewhere(script: Script, service: TokenService, clock: Clock) -> None:
    flow = AuthFlow(POOL, transport=script, clock=clock)
    script.expect(initiate("USER_PASSWORD_AUTH", SMS, USERNAME=USER, PASSWORD="secret"))
    await flow.send(SignIn(username=USER, password="secret", auth_flow_type="USER_PASSWORD_AUTH"))
    done, source = Done(signed_in=True, username=USER, user_id=SUBJECT), SmsCode.name
    for held in (service.tokens(), service.tokens()):
        assert await flow.restore_session(held) == done
        assert flow.record == Record(step=done, username=USER)
        assert flow.history[-1][1:] == ("restore_session", source, "DONE", None)
        source = "DONE"
        assert flow.session.tokens is held
        assert SecretStr("secret") not in vars(flow).values(), "the password is not held"


async def test_a_session_that_was_replaced_does_not_end_its_successor(
    script: Script, service: TokenService, clock: Clock
) -> None:
    flow = AuthFlow(POOL, transport=script, clock=clock)
    await flow.restore_session(service.tokens())
    replaced = flow.session
    await flow.restore_session(Tokens.read(service.tokens().access_token.text))
    script.expect(Exchange("RevokeToken", {"ClientId": POOL.client_id, "Token": "refresh-1"}, {}))
    await replaced.sign_out()
    assert flow.signed_in


async def test_flow_and_session_are_gone_with_their_last_reference(
    script: Script, service: TokenService, clock: Clock
) -> None:
    """They hold secrets, which are not to wait for the garbage collector."""
    flow = AuthFlow(POOL, transport=script, clock=clock)
    gone = weakref.ref(await signed_in(flow, script, service))
    gc.collect()
    gc.disable()
    try:
        del flow
        assert gone() is None
    finally:
        gc.enable()


async def test_a_session_can_end_after_its_flow(
    script: Script, service: TokenService, clock: Clock
) -> None:
    session = await signed_in(AuthFlow(POOL, transport=script, clock=clock), script, service)
    script.expect(Exchange("RevokeToken", {"ClientId": POOL.client_id, "Token": "refresh-1"}, {}))
    assert (await session.sign_out()).revoked
    with pytest.raises(NotSignedIn):
        _ = session.tokens
