from __future__ import annotations

import json
import random
import string
from collections.abc import Mapping
from typing import Any

import anyio
import pytest
from pydantic import SecretStr

from auth_flow import AuthFlow, EnterCode, Record, SmsCode, UserPool
from auth_flow.errors import FlowBusy, FlowTooLarge, SealBroken, SessionExpired
from auth_flow.sealing import Sealer, new_key, park, resume
from auth_flow.states._fate import answered
from auth_flow.states.steps import (
    STEPS,
    CodeDelivery,
    CustomChallenge,
    FirstFactorSelection,
    PasskeyRequired,
    Step,
    TotpSetup,
)
from tests.chart.samples import RECORDS
from tests.flow.scripted import Script

POOL = UserPool(user_pool_id="eu-west-1_Abc", client_id="client", client_secret="client-secret")
COOKIE = 4096 - 200
"""What a browser takes, less a name and attributes."""


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sealer(clock: Clock) -> Sealer:
    return Sealer([new_key()], clock=clock)


def _session() -> SecretStr:
    """As long as Cognito's sessions get, and as random."""
    return SecretStr(
        "".join(random.Random(3).choices(string.ascii_letters + string.digits + "-_", k=2048))
    )


def test_the_samples_have_every_step() -> None:
    assert {record.step.name for record in RECORDS} == set(STEPS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.state)
def test_every_flow_at_rest_comes_back_as_it_was(sealer: Sealer, record: Record) -> None:
    back = resume(park(record, sealer, POOL), sealer, POOL)
    if (
        record.signed_in
    ):  # the session is not in the text, and a flow without it would be a dead end
        assert back == Record()
        return
    assert back == record
    assert type(back.step) is type(record.step)
    assert back.session == record.session


def test_text_of_all_the_world_comes_back_as_it_was(sealer: Sealer) -> None:
    step = CustomChallenge(parameters={"question": "Wie heißt Deine Katze? 🐈", "": '\0\n"\\'})
    record = Record(step=step, login_id="ада@example.org", session=SecretStr("s"))
    text = park(record, sealer, POOL, owner="чат 42")
    assert resume(text, sealer, POOL, owner="чат 42") == record
    values = json.dumps(record.to_json(), ensure_ascii=False, separators=(",", ":"))
    opened = sealer.open(text, "flow", POOL.user_pool_id, POOL.client_id, "чат 42")
    assert opened == values, "the shortest JSON, under the name that it has today"


@pytest.mark.parametrize(
    "step",
    [
        SmsCode(code_delivery=CodeDelivery(destination="+*******5309", medium="SMS")),
        TotpSetup.of("JBSWY3DPEHPK3PXP" * 3, issuer="a company", account="ada@example.org"),
        CustomChallenge(parameters={"question": "x" * 500}),
    ],
    ids=lambda step: step.name,
)
def test_it_fits_a_cookie(sealer: Sealer, step: SmsCode | TotpSetup | CustomChallenge) -> None:
    record = RECORDS[-1].model_copy(
        update={"step": step, "session": _session(), "login_id": "a" * 128}
    )
    assert len(park(record, sealer, POOL)) < COOKIE


def test_a_usual_flow_with_the_longest_session_takes_2700_characters(sealer: Sealer) -> None:
    (record,) = (record for record in RECORDS if isinstance(record.step, SmsCode))
    text = park(record.model_copy(update={"session": _session()}), sealer, POOL)
    assert len(text) < 2700


def _with_captcha() -> Record:
    step = CustomChallenge(parameters={"captcha": _session().get_secret_value() + "x" * 900})
    return RECORDS[-1].model_copy(update={"step": step, "session": _session(), "login_id": "ada"})


def test_a_limit_leaves_out_what_is_only_shown(sealer: Sealer) -> None:
    record = _with_captcha()
    assert len(park(record, sealer, POOL)) > COOKIE
    text = park(record, sealer, POOL, limit=COOKIE)
    assert len(text) <= COOKIE
    shown = record.model_copy(update={"step": CustomChallenge(parameters={})})
    assert resume(text, sealer, POOL) == shown


def test_a_limit_that_is_just_kept_leaves_nothing_out(sealer: Sealer) -> None:
    record = _with_captcha()
    size = len(park(record, sealer, POOL))
    assert resume(park(record, sealer, POOL, limit=size), sealer, POOL) == record
    size = len(park(record, sealer, POOL, limit=COOKIE))
    assert len(park(record, sealer, POOL, limit=size)) == size
    with pytest.raises(FlowTooLarge):
        park(record, sealer, POOL, limit=size - 1)


PASSKEYS = [{"id": "aWQx" * 16, "type": "public-key"} for _ in range(20)]
OPTIONS = {"challenge": "Y2hh" * 8, "rpId": "example.org", "userVerification": "required"}


@pytest.mark.parametrize(
    ("step", "short"),
    [
        (
            PasskeyRequired(options={**OPTIONS, "allowCredentials": PASSKEYS}),
            PasskeyRequired(options=OPTIONS),
        ),
        (
            FirstFactorSelection(
                available_challenges=("WEB_AUTHN",),
                passkey_options={**OPTIONS, "allowCredentials": PASSKEYS},
            ),
            FirstFactorSelection(available_challenges=("WEB_AUTHN",), passkey_options=OPTIONS),
        ),
    ],
)
def test_a_limit_leaves_out_the_list_of_passkeys(sealer: Sealer, step: Step, short: Step) -> None:
    changes = {"step": step, "session": _session(), "login_id": "ada"}
    record = RECORDS[-1].model_copy(update=changes)
    text = park(record, sealer, POOL, limit=COOKIE)
    assert resume(text, sealer, POOL) == record.model_copy(update={"step": short})


def test_a_flow_that_does_not_fit_at_all_says_so(sealer: Sealer) -> None:
    all_needed = _with_captcha().model_copy(update={"step": SmsCode(code_delivery=CodeDelivery())})
    for record in (_with_captcha(), all_needed):
        flow = AuthFlow(POOL, record=record)
        with pytest.raises(FlowTooLarge, match="the limit is 1000") as caught:
            flow.park(sealer, limit=1000)
        assert caught.value.size > caught.value.limit == 1000


def test_it_opens_for_one_pool_one_client_and_one_owner(sealer: Sealer) -> None:
    text = park(RECORDS[3], sealer, POOL, owner="chat-1")
    other_pool = POOL.model_copy(update={"user_pool_id": "eu-west-1_Abd"})
    other_client = POOL.model_copy(update={"client_id": "client2"})
    assert resume(text, sealer, POOL, owner="chat-1") == RECORDS[3]
    for pool, owner in [
        (other_pool, "chat-1"),
        (other_client, "chat-1"),
        (POOL, "chat-2"),
        (POOL, ""),
    ]:
        with pytest.raises(SealBroken):
            resume(text, sealer, pool, owner=owner)


def test_it_opens_for_a_day(sealer: Sealer, clock: Clock) -> None:
    text = park(RECORDS[3], sealer, POOL)
    clock.now += 86_400
    assert resume(text, sealer, POOL) == RECORDS[3]
    clock.now += 1
    with pytest.raises(SealBroken):
        resume(text, sealer, POOL)
    assert resume(text, sealer, POOL, max_age=100_000) == RECORDS[3]


@pytest.mark.parametrize(
    "values",
    [{"version": 2}, {"step": {"name": "A_STEP_OF_TOMORROW"}}, {"field_of_tomorrow": 1}, []],
)
def test_what_another_version_has_parked_is_refused(sealer: Sealer, values: object) -> None:
    text = sealer.seal(json.dumps(values), "flow", POOL.user_pool_id, POOL.client_id, "")
    with pytest.raises(SealBroken) as caught:
        resume(text, sealer, POOL)
    assert caught.value.__suppress_context__  # a report of it would show the flow


def test_what_was_sealed_for_something_else_is_no_flow(sealer: Sealer) -> None:
    with pytest.raises(SealBroken):
        resume(sealer.seal("{}", "entry", "key"), sealer, POOL)


def _waiting(clock: Clock) -> Record:
    (record,) = (record for record in RECORDS if isinstance(record.step, SmsCode))
    return record.model_copy(update={"expires_at": clock.now + 180})


@pytest.mark.anyio
async def test_a_flow_goes_on_where_it_was_parked(sealer: Sealer, clock: Clock) -> None:
    flow = AuthFlow(POOL, record=_waiting(clock))
    text = flow.park(sealer, owner="chat")
    again = AuthFlow.resume(text, POOL, sealer=sealer, owner="chat", transport=Script())
    assert again.record == flow.record
    assert again.accepts == flow.accepts
    with pytest.raises(SealBroken):
        AuthFlow.resume(text, POOL, sealer=sealer, owner="another chat")


@pytest.mark.anyio
async def test_the_flow_tells_that_the_time_for_its_challenge_is_over(
    sealer: Sealer, clock: Clock
) -> None:
    text = park(_waiting(clock), sealer, POOL)
    clock.now += 181
    flow = AuthFlow(POOL, transport=Script(), record=resume(text, sealer, POOL), clock=clock)
    with pytest.raises(SessionExpired):
        await flow.send(EnterCode(code="123456"))
    assert flow.step.name == "IDLE"


@pytest.mark.anyio
async def test_a_flow_is_not_parked_while_an_event_is_under_way(
    sealer: Sealer, clock: Clock
) -> None:
    asked = anyio.Event()

    class Waits:
        async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
            asked.set()
            await anyio.sleep_forever()
            return {}

        async def aclose(self) -> None: ...

    flow = AuthFlow(POOL, transport=Waits(), record=_waiting(clock), clock=clock)
    async with anyio.create_task_group() as group:
        group.start_soon(flow.send, EnterCode(code="123456"))
        await asked.wait()
        with pytest.raises(FlowBusy):
            flow.park(sealer)
        group.cancel_scope.cancel()
    back = resume(flow.park(sealer), sealer, POOL)
    assert answered(back) == _waiting(clock)
    assert back.unanswered is not None
