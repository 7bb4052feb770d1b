"""QR codes in a terminal."""

from __future__ import annotations

import segno

_QUIET_ZONE = 2
"""Modules around the code. The standard wants four; scanners do with two, and terminals are small."""

_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""Two modules, one above the other, as a character: the light ones are drawn, for most terminals write light on dark."""


def qr_lines(text: str) -> list[str]:
    """Return the lines of a QR code in half blocks, light modules drawn and dark ones blank."""
    matrix = [list(map(bool, row)) for row in segno.make(text, error="l", micro=False).matrix_iter(border=_QUIET_ZONE)]
    if len(matrix) % 2:
        matrix.append([False] * len(matrix[0]))
    return [
        "".join(_HALVES[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(matrix[::2], matrix[1::2], strict=True)
    ]
