"""Verification of access and id tokens: signature, issuer, client and time."""

from __future__ import annotations

from auth_flow.states._claims import Claims
from auth_flow.verification._verifier import TokenVerifier

__all__ = ["Claims", "TokenVerifier"]
