"""Whatever the service replies, errors have a type of ours and flows can be put away."""

from __future__ import annotations

import pytest

from auth_flow import AuthFlow, Done, Idle

from .mutations import FLOWS, Replay, all_runs, tried
from .scripted import POOL, Clock

pytestmark = pytest.mark.anyio


async def test_replies_with_a_changed_member_do_no_harm() -> None:
    findings = await tried(600, seed=3)
    assert findings.runs == 600
    assert not findings.untyped
    assert not findings.unparked


@pytest.mark.parametrize("name", FLOWS)
async def test_the_replies_are_right_before_they_are_changed(name: str) -> None:
    flow = AuthFlow(POOL, transport=Replay(FLOWS[name].replies), clock=Clock())
    for event in FLOWS[name].events:
        await flow.send(event)
    assert isinstance(flow.step, Done | Idle)


def test_there_are_thousands_of_them() -> None:
    assert sum(1 for _ in all_runs()) > 9_000
