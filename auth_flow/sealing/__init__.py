"""Parked flows: a flow between two events, sealed as a short text."""

from __future__ import annotations

from auth_flow.sealing._parked import park, resume
from auth_flow.sealing._sealer import Sealer, new_key

__all__ = ["Sealer", "new_key", "park", "resume"]
