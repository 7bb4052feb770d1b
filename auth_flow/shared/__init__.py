"""Flows that several workers share: each event is taken by one of them."""

from __future__ import annotations

from auth_flow.shared._flows import (
    SharedFlows,
)

__all__ = [
    "SharedFlows",
]
