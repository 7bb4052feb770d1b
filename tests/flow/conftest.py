from __future__ import annotations

from collections.abc import Iterator

import pytest

from auth_flow import AuthFlow, SignIn

from .scripted import POOL, SMS, Clock, Script, initiate


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    yield script
    script.check()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def flow(script: Script, clock: Clock) -> AuthFlow:
    return AuthFlow(POOL, transport=script, clock=clock)


@pytest.fixture
async def at_sms_code(script: Script, flow: AuthFlow) -> AuthFlow:
    """A flow of ada's that waits for a code by SMS, to be answered with session-1."""
    script.expect(initiate("USER_PASSWORD_AUTH", SMS, USERNAME="ada", PASSWORD="correct horse"))
    await flow.send(
        SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")
    )
    return flow
