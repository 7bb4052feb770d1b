"""Flows in a store that several workers share. Each event is handled by one of them."""

from __future__ import annotations

from auth_flow.shared._flows import (
    SharedFlows,
)

__all__ = [
    "SharedFlows",
]
