"""A challenge that the library does not have, added by the code of docs/new-challenge.md: the user
signs in through it on the embedded pool.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

from auth_flow import AnswerChallenge, CognitoTransport, Event, ResendCode, SignIn, UserPool
from auth_flow._driver import drive
from auth_flow.core import Checkpoint, Fetch, Outcome, Turn, advance
from auth_flow.embedded import EmbeddedCognito
from auth_flow.embedded._challenges import attempt as challenges
from auth_flow.embedded._challenges.password import prove_password
from auth_flow.errors import (
    CodeMismatchException,
    EventNotAccepted,
    GuardRejected,
    SessionExpired,
    UnexpectedStep,
    UnknownChallenge,
)
from auth_flow.states import Record
from auth_flow.states import _guards as guards
from auth_flow.states._machine import Chart
from auth_flow.states.chart import ANSWERS, CHART, answer, sign_in_chart
from auth_flow.states.steps import STEPS
from auth_flow.states.steps._base import Challenge

PAGE = Path(__file__).parents[2] / "docs" / "new-challenge.md"
STEP, LINE, HANDLER = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
PASSWORD = "Correct-horse-1"
SIGN_IN = SignIn(username="ada", password=PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> type[Challenge]:
    """The class of the page, as a module of its own."""
    module = ModuleType("recovery_word")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(STEP, "new-challenge.md", "exec"), vars(module))
    made: type[Challenge] = vars(module)["RecoveryWord"]
    return made


@pytest.fixture
def chart(step: type[Challenge]) -> Chart:
    """The chart of all steps and this one, with the line of the page."""
    names = {
        "RecoveryWord": step,
        "AnswerChallenge": AnswerChallenge,
        "answer": answer,
        "guards": guards,
    }
    return sign_in_chart([*STEPS.values(), step], (*ANSWERS, *eval(LINE, names)))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> EmbeddedCognito:
    """A pool that poses the challenge after the password."""
    for registered in ("FLOWS", "ASKED", "ANSWERED"):
        monkeypatch.setattr(challenges, registered, getattr(challenges, registered).copy())
    from auth_flow.embedded._challenges import conversation

    monkeypatch.setattr(conversation, "FLOWS", challenges.FLOWS)
    monkeypatch.setattr(conversation, "ANSWERED", challenges.ANSWERED)
    exec(compile(HANDLER, "new-challenge.md", "exec"), {})

    async def password_then_word(
        attempt: challenges.Attempt, parameters: dict[str, str]
    ) -> dict[str, Any]:
        await prove_password(attempt, parameters)
        return await challenges.put_challenge(attempt, "RECOVERY_WORD")

    challenges.flow("USER_PASSWORD_AUTH")(password_then_word)
    return EmbeddedCognito()


Send = Callable[[Outcome, Event], Awaitable[Outcome]]


def sender(service: EmbeddedCognito, chart: Chart) -> Send:
    """Do what `AuthFlow.send` does, with this chart."""
    pool = service.create_pool()
    pool.create_user("ada", PASSWORD)
    client = UserPool(user_pool_id=pool.id, client_id=pool.create_client().id)
    transport = CognitoTransport("http://embedded", client=service.http_client())

    async def keep(_: Checkpoint) -> None: ...

    async def drop_device(name: str) -> NoReturn:
        raise AssertionError(f"the device of {name} was dropped")

    async def fetch(request: Fetch) -> NoReturn:
        raise AssertionError(f"{request.url} was fetched")

    async def send(outcome: Outcome, event: Event) -> Outcome:
        turn = Turn(
            outcome.record, event, client, time.time, password=outcome.password, chart=chart
        )
        return await drive(
            advance(turn), call=transport.call, fetch=fetch, keep=keep, drop_device=drop_device
        )

    return send


@pytest.fixture
def send(service: EmbeddedCognito, chart: Chart) -> Send:
    return sender(service, chart)


@pytest.mark.anyio
async def test_a_user_signs_in_through_it(send: Send) -> None:
    outcome = await send(Outcome(Record()), SIGN_IN)
    step = outcome.record.step
    assert step.to_json() == {"name": "CONFIRM_SIGN_IN_WITH_RECOVERY_WORD", "position": 3}
    form = step.form()
    assert str(form.text) == "Enter word number 3 of your recovery phrase."
    with pytest.raises(CodeMismatchException):
        await send(outcome, step.answer("meadow"))
    with pytest.raises(GuardRejected) as refused:
        await send(outcome, step.answer(""))
    assert refused.value.guard == "answer_is_given"
    with pytest.raises(EventNotAccepted):
        await send(outcome, ResendCode())
    outcome = await send(outcome, step.fill({"answer": " Orchard "}))
    assert outcome.record.signed_in
    assert outcome.tokens is not None


@pytest.mark.anyio
async def test_it_is_answered_in_time_or_not_at_all(send: Send, chart: Chart) -> None:
    outcome = await send(Outcome(Record()), SIGN_IN)
    late = outcome.record.model_copy(update={"expires_at": time.time() - 1})
    ended = await send(Outcome(late), outcome.record.step.answer("orchard"))
    assert isinstance(ended.error, SessionExpired)
    assert ended.record == Record()


def test_the_tables_are_derived(step: type[Challenge], chart: Chart) -> None:
    assert chart.challenges["RECOVERY_WORD"] is step
    assert set(chart.accepts(step.name)) == {
        *set(chart.accepts("CONFIRM_SIGN_IN_WITH_SMS_CODE")) - {"enter_code"},
        "answer_challenge",
    }
    assert step.name in chart.replies["AUTHENTICATING"]
    assert step.group == "Codes"
    chart.settle("AUTHENTICATING", step.name)


def test_other_charts_do_not_know_it(step: type[Challenge], chart: Chart) -> None:
    """The chart of the library is another value: adding a step to one leaves no trace in it."""
    assert step.name not in CHART.steps
    assert "RECOVERY_WORD" not in CHART.challenges
    assert set(CHART.transitions) < set(chart.transitions)
    with pytest.raises(UnexpectedStep):
        CHART.settle("AUTHENTICATING", step.name)


@pytest.mark.anyio
async def test_without_the_step_the_challenge_is_unknown(service: EmbeddedCognito) -> None:
    send = sender(service, CHART)
    with pytest.raises(UnknownChallenge, match="RECOVERY_WORD"):
        await send(Outcome(Record()), SIGN_IN)
