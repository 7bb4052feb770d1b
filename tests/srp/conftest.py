from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from auth_flow.embedded import _srp as _server_srp
from auth_flow.states import _powers, _srp


@pytest.fixture(params=["gmpy2", "python"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both kinds of arithmetic, each chosen by the library itself: with gmpy2, and if gmpy2 cannot
    be imported.
    """
    if request.param == "python":
        monkeypatch.setitem(sys.modules, "gmpy2", None)
    _forget()
    assert (_powers.arithmetic().power is pow) == (request.param == "python")
    yield request.param
    _forget()


def _forget() -> None:
    _powers.arithmetic.cache_clear()
    _srp.powers_of_g.cache_clear()
    _server_srp._powmod.cache_clear()
