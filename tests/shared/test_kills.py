"""Workers are killed at random, and every promise is kept: nothing is sent twice, no flow is lost,
and no reply is untrue. `scripts/flow_campaign.py` does the same at length.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared.campaign import run
from tests.stores import redis_server


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_kills(tmp_path: Path, kind: str) -> None:
    if kind == "redis":
        if redis_server.find() is None:
            pytest.skip("neither redis-server nor valkey-server is on PATH")
        with redis_server.running(tmp_path) as server:
            result = run(server.url(), flows=24, kills=8, seed=5)
    else:
        result = run(str(tmp_path / "flows"), flows=24, kills=8, seed=5)
    assert (result.repeated, result.lost, dict(result.lies)) == (0, 0, {})
    assert result.kills == 8
