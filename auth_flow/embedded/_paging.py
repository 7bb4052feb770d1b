"""Pages of long lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from auth_flow.embedded._fault import invalid_parameter

ItemT = TypeVar("ItemT")


def page(
    items: Sequence[ItemT], limit: int | None, token: str | None
) -> tuple[Sequence[ItemT], str | None]:
    """Return a page of items, and the token of the next page or None.

    `limit` is the largest number of items; None and 0 stand for 60.
    """
    if token is not None and not token.isdecimal():
        raise invalid_parameter("Invalid pagination token given.")
    start = int(token or 0)
    end = start + (limit or 60)
    return items[start:end], str(end) if end < len(items) else None
