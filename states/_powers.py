"""Modular powers whose exponent is a secret."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable

Power = Callable[[int, int, int], int]
"""base, exponent, modulus -> base ** exponent % modulus, for an exponent above zero and an odd
modulus.
"""


@functools.cache
def backend() -> Power:
    """The best way this interpreter has: gmpy2's constant-time power, or `pow` where gmpy2 is not
    installed.

    `pow` gives the same numbers about six times slower, holds the GIL, and its time depends on the
    exponent.
    """
    try:
        # Imported here because only SRP needs it, and by name because it has no type hints.
        gmpy2 = importlib.import_module("gmpy2")
    except ImportError:
        return pow

    def power(base: int, exponent: int, modulus: int) -> int:
        # gmpy2 keeps the GIL unless its context says otherwise. A context of our own, because the
        # application may use gmpy2 too.
        with gmpy2.context(allow_release_gil=True):
            return int(gmpy2.powmod_sec(base, exponent, modulus))

    return power
