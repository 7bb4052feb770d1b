"""Modular powers whose exponent is a secret.

Theory of operation
-------------------

A sign-in takes three powers. Two of them have the fixed base g, and a table of powers of g makes
those several times faster than a general power; `Comb` holds that table. The third has a base that
is new each time, and goes through `Arithmetic.power`.

The comb (Lim and Lee) writes an exponent of 256 bits as 8 rows of 32 bits. It squares once for each
of the 32 columns and multiplies by the table entry that the 8 bits of the column select. Every
exponent takes the same 31 squarings and 33 multiplications, in the same order.

GMP multiplies short numbers faster than long ones, so a number that is short for some exponents
only would give them away: the entry 1 of a column without bits, the entry g = 2, or the small
powers of them that leading zeros lead to. Therefore all entries carry a random factor K that is
drawn with the table. Entries and intermediate results are then as long as the modulus, and the last
multiplication removes K.

An attacker might try to learn an exponent in three ways:

- *By timing requests over the network, or the whole computation in this process.* The sequence of
  operations and the lengths of their operands are the same for every exponent. GMP's general
  division, which reduces the products, may take a correction step that depends on them. K is
  unknown and new in every process, so these steps do not follow from the exponent alone. They
  change the total by nanoseconds.
- *By watching which cache lines this process touches, on the same processor core.* The table is
  read at places that the exponent selects, so this attacker learns columns. For g^a it does not
  last: a serves for one exchange, and it is of use only together with the exchange's messages,
  which TLS hides. x, on the other hand, stays the same until the password or the salt changes. It
  is therefore never an exponent itself: `masked` splits it anew each time into r + s modulo 2^256
  with a uniform r. Each of the two is uniform and independent of x, so adding up many observations
  of one of them gives nothing. Observing both in the same run does: a clear view of one run, or
  blurred views of many combined, reveals x.
- *By watching the carry of r + s*, which selects one of two correction factors: it occurs with
  probability 1 - (x + 1) / 2^256, so n observations of it give about log2(n) / 2 leading bits of x.

x is a salted hash of the password. If an attacker knows the salt, every bit of x that leaks rules
out half of the passwords on a list. An attacker who can watch the caches of this process that
closely, sign-in after sign-in, usually has easier ways; still, it is possible, which is
why the fixed-base powers are called masked and not constant-time. The third power keeps GMP's
constant-time function (`mpz_powm_sec`), because a table for a new base would not pay.
"""

from __future__ import annotations

import functools
import importlib
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

TEETH, COLUMNS = 8, 32
BITS = TEETH * COLUMNS
"""The longest exponent that a comb takes: 256 bits."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The numbers and the general power of this interpreter."""

    number: Callable[[int], Any]
    """Makes an integer that multiplies fast."""
    power: Callable[[int, int, int], int]
    """base, exponent, modulus -> base ** exponent % modulus, for an exponent above zero and an odd
    modulus.
    """
    many_operations: Callable[[], AbstractContextManager[object]]
    """A context for many short operations in a row."""


@functools.cache
def arithmetic() -> Arithmetic:
    """Return gmpy2's arithmetic, or Python's own if gmpy2 is not installed.

    gmpy2's general power takes constant time and releases the GIL. `pow` gives the same numbers
    about six times slower, holds the GIL, and takes a time that depends on the exponent.
    """
    try:
        # Imported here because only SRP needs it, and by name because it has no type hints.
        gmpy2 = importlib.import_module("gmpy2")
    except ImportError:
        return Arithmetic(int, pow, nullcontext)

    def power(base: int, exponent: int, modulus: int) -> int:
        # gmpy2 keeps the GIL unless its context allows to release it. The context is our own,
        # because the application may use gmpy2, too.
        with gmpy2.context(allow_release_gil=True):
            return int(gmpy2.powmod_sec(base, exponent, modulus))

    # A comb must keep the GIL: it would otherwise have to win it back after each multiplication,
    # and takes 175 ms instead of 0.3 if another thread is busy.
    return Arithmetic(gmpy2.mpz, power, functools.partial(gmpy2.context, allow_release_gil=False))


class Comb:
    """Powers of one fixed base, by a table of 256 entries that takes a few milliseconds to make.

    `modulus` is a prime.
    """

    def __init__(self, base: int, modulus: int) -> None:
        with arithmetic().many_operations():
            number = arithmetic().number
            self._modulus = number(modulus)
            teeth = [number(base)]
            while len(teeth) < TEETH:
                teeth.append(self._squared(teeth[-1], COLUMNS))
            factor = number(secrets.randbelow(modulus - 1) + 1)
            self._table = [factor]
            for tooth in teeth:
                self._table += [entry * tooth % self._modulus for entry in self._table]
            # Each power multiplies the factor by itself: its exponent is binary, all ones.
            inverse = number(pow(int(factor), -1, modulus))
            self._remove_factor = number(pow(int(inverse), (1 << COLUMNS) - 1, modulus))
            twice = self._remove_factor * self._remove_factor % self._modulus
            overflow = number(pow(pow(base, -1, modulus), 1 << BITS, modulus))
            self._corrections = (twice, twice * overflow % self._modulus)

    def power(self, exponent: int) -> int:
        """Return base ** exponent % modulus.

        `exponent` has at most 256 bits and serves once: see `masked` for one that serves again.
        """
        with arithmetic().many_operations():
            return int(self._raised(exponent) * self._remove_factor % self._modulus)

    def masked(self, exponent: int) -> int:
        """Return base ** exponent % modulus for an exponent of at most 256 bits that is used
        again and again, and that observing many powers must not reveal.
        """
        one = secrets.randbits(BITS)  # uniform: one that is always below the exponent leaks it
        complement = exponent + (1 << BITS) - one  # positive in both cases, hence no branch
        other, no_carry = complement & ((1 << BITS) - 1), complement >> BITS
        with arithmetic().many_operations():
            product = self._raised(one) * self._raised(other) % self._modulus
            return int(product * self._corrections[1 - no_carry] % self._modulus)

    def _raised(self, exponent: int) -> Any:
        """Return the power times the factor, `2 ** COLUMNS - 1` times."""
        bits = f"{exponent:0{BITS}b}"
        columns = [int(bits[column::COLUMNS], 2) for column in range(COLUMNS)]
        result = self._table[columns[0]]
        for column in columns[1:]:
            result = result * result % self._modulus * self._table[column] % self._modulus
        return result

    def _squared(self, number: Any, times: int) -> Any:
        for _ in range(times):
            number = number * number % self._modulus
        return number
