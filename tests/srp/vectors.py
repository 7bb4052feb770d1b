"""Numbers that Amplify's own code came to, with its randomness fixed (tests/data/srp_*.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

_DATA = Path(__file__).parents[1] / "data"


def _load(name: str, id_member: str) -> list[Any]:
    vectors = json.loads((_DATA / f"srp_{name}.json").read_text("ascii"))["vectors"]
    return [pytest.param(vector, id=str(vector[id_member])) for vector in vectors]


USERS = _load("user", "id")
DEVICES = _load("device", "id")
TIMESTAMPS = _load("timestamps", "epoch_ms")
