"""Flows that several workers share: each event is sent once, by one of them."""

from __future__ import annotations

from auth_flow.shared._flow import (
    SharedFlow,
)
from auth_flow.shared._flows import (
    FlowView,
    SharedFlows,
)

__all__ = [
    "FlowView",
    "SharedFlow",
    "SharedFlows",
]
