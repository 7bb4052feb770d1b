from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from auth_flow.states import _powers as _powers


@pytest.fixture(params=["gmpy2", "pow"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both ways to compute powers, each chosen by the library itself: with gmpy2, and where gmpy2
    cannot be imported.
    """
    if request.param == "pow":
        monkeypatch.setitem(sys.modules, "gmpy2", None)
    _powers.backend.cache_clear()
    assert (_powers.backend() is pow) == (request.param == "pow")
    yield request.param
    _powers.backend.cache_clear()
