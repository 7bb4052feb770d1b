"""Flows that are put away between two events: sealed as a text, or shared by workers in a store
(`auth_flow.shared._flows`).
"""

from __future__ import annotations

from auth_flow.sealing._parked import park, resume
from auth_flow.sealing._sealer import Sealer, new_key

__all__ = ["Sealer", "new_key", "park", "resume"]
