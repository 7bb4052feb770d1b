"""Powers of a fixed base: right for every exponent, and with nothing in them that one exponent has
and another has not.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Iterator

import pytest

from auth_flow.embedded import _srp as _server_srp
from auth_flow.states import _powers, _srp
from auth_flow.states._powers import BITS, Comb

N = _srp.N
EDGES = [0, 1, 2, 1 << 31, 1 << 32, 1 << 255, (1 << 256) - 1, (1 << 256) - 2, (1 << 128) - 1]


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What a mask is made of, in place of random bits; each is used once."""
    drawn: list[int] = []
    monkeypatch.setattr(secrets, "randbits", lambda bits: drawn.pop())
    return drawn


@pytest.mark.usefixtures("backend")
def test_powers_are_those_of_pow() -> None:
    comb, rng = Comb(_srp.g, N), random.Random(17)
    for exponent in [*EDGES, *(rng.getrandbits(BITS) for _ in range(20))]:
        assert comb.power(exponent) == pow(_srp.g, exponent, N)
        assert comb.masked(exponent) == pow(_srp.g, exponent, N)
        assert _server_srp._power(3, exponent) == pow(3, exponent, N)


@pytest.mark.usefixtures("backend")
def test_every_mask_gives_the_same_power(draws: list[int]) -> None:
    comb = Comb(_srp.g, N)
    for exponent in EDGES:
        for mask in EDGES:
            draws.append(mask)
            assert comb.masked(exponent) == pow(_srp.g, exponent, N)


def test_a_mask_is_drawn_from_all_numbers_of_full_length(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def randbits(bits: int) -> int:
        asked.append(bits)
        return (1 << 256) - 1

    comb = Comb(_srp.g, N)
    monkeypatch.setattr(secrets, "randbits", randbits)
    assert comb.masked(5) == 32
    assert asked == [256]


class Watched(int):
    """An integer that notes the lengths, in 64-bit words, of what it is multiplied with."""

    seen: list[tuple[str, int, int]] = []  # noqa: RUF012 - one list for all of them

    def __mul__(self, other: int) -> Watched:
        self.seen.append(("*", _words(self), _words(other)))
        return Watched(int(self) * int(other))

    def __mod__(self, other: int) -> Watched:
        self.seen.append(("%", _words(self), _words(other)))
        return Watched(int(self) % int(other))


def _words(number: int) -> int:
    return -(-number.bit_length() // 64)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comb]:
    own = _powers.arithmetic()
    monkeypatch.setattr(
        _powers,
        "arithmetic",
        lambda: _powers.Arithmetic(Watched, own.power, own.many_operations),
    )
    yield Comb(_srp.g, N)
    Watched.seen.clear()


@pytest.mark.parametrize("way", ["power", "masked"])
def test_every_exponent_takes_the_same_operations_on_operands_of_full_length(
    watched: Comb, way: str
) -> None:
    sequences = set()
    for exponent in EDGES:
        Watched.seen.clear()
        assert getattr(watched, way)(exponent) == pow(_srp.g, exponent, N)
        assert all(min(lengths) == 48 for operator, *lengths in Watched.seen if operator == "*")
        sequences.add(tuple(Watched.seen))
    assert len(sequences) == 1
    (sequence,) = sequences
    assert len(sequence) == 2 * (63 if way == "power" else 2 * 62 + 2)


@pytest.mark.parametrize("mask", EDGES)
def test_a_mask_changes_nothing_about_the_operations(
    watched: Comb, draws: list[int], mask: int
) -> None:
    draws.append(mask)
    Watched.seen.clear()
    watched.masked(0x1234 << 200)
    assert {min(lengths) for operator, *lengths in Watched.seen if operator == "*"} == {48}


def test_tables_of_two_processes_have_nothing_in_common() -> None:
    tables = [set(Comb(_srp.g, N)._table) for _ in range(2)]
    assert [len(table) for table in tables] == [256, 256]
    assert not tables[0] & tables[1]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("drawn", [0, N - 2])
def test_a_factor_is_drawn_from_all_numbers_that_can_be_removed_again(
    monkeypatch: pytest.MonkeyPatch, drawn: int
) -> None:
    bounds: list[int] = []

    def randbelow(bound: int) -> int:
        bounds.append(bound)
        return drawn

    monkeypatch.setattr(secrets, "randbelow", randbelow)
    comb = Comb(_srp.g, N)
    assert bounds == [N - 1]
    assert comb._table[0] == drawn + 1
    assert comb.power(5) == comb.masked(5) == 32


def test_a_busy_thread_does_not_slow_the_comb_down() -> None:
    """Inside a context that releases the GIL, each of 64 multiplications would have to win it
    back.
    """
    gmpy2 = pytest.importorskip("gmpy2")
    comb, over = Comb(_srp.g, N), threading.Event()

    def spin() -> None:
        while not over.is_set():
            pass

    busy = threading.Thread(target=spin)
    busy.start()
    try:
        with gmpy2.context(allow_release_gil=True):
            took = min(_seconds(comb) for _ in range(5))
    finally:
        over.set()
        busy.join()
    assert took < 0.06


@pytest.mark.parametrize("side", ["client", "embedded pool"])
def test_other_threads_go_on_during_a_power_of_another_base(side: str) -> None:
    pytest.importorskip("gmpy2")
    took: list[float] = []

    def work() -> None:
        start = time.perf_counter()
        if side == "client":
            _powers.arithmetic().power(3, 1 << 20_000, N)
        else:
            _server_srp._power(3, (1 << 40_000) - 1)
        took.append(time.perf_counter() - start)

    thread, longest_wait, before = threading.Thread(target=work), 0.0, time.perf_counter()
    thread.start()
    while not took:
        now = time.perf_counter()
        longest_wait, before = max(longest_wait, now - before), now
    thread.join()
    assert longest_wait < took[0] / 2


def _seconds(comb: Comb) -> float:
    start = time.perf_counter()
    comb.masked(1 << 255)
    return time.perf_counter() - start
