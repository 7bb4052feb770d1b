"""Four processes, one session, a refresh token that rotates; some of them are killed at work.

`scripts/refresh_campaign.py` does the same at length, with the lease that is the default.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.session.campaign import run
from tests.stores import redis_server

KILLS = 4


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_nobody_is_signed_out_within_the_grace_period(tmp_path: Path, kind: str) -> None:
    if kind == "redis":
        if redis_server.find() is None:
            pytest.skip("neither redis-server nor valkey-server is on PATH")
        with redis_server.running(tmp_path) as server:
            result = run(grace=10, lease=0.5, kills=KILLS, place=server.url(), seed=4)
    else:
        result = run(grace=10, lease=0.5, kills=KILLS, place=str(tmp_path / "db"), seed=4)
    assert (result.kills, result.sign_outs, result.failures) == (KILLS, 0, 0)


def test_without_a_grace_period_a_kill_may_cost_the_session_and_everybody_is_told(
    tmp_path: Path,
) -> None:
    result = run(grace=0, lease=0.5, kills=KILLS, place=str(tmp_path / "db"), seed=4)
    assert result.failures == 0
    assert result.sign_outs <= result.kills
    assert result.kills == KILLS
