"""Passkeys: the JSON of WebAuthn as models."""

from __future__ import annotations

from auth_flow.states._passkeys import (
    AuthenticationResponse,
    CreationOptions,
    RegistrationResponse,
    RequestOptions,
)

__all__ = [
    "AuthenticationResponse",
    "CreationOptions",
    "RegistrationResponse",
    "RequestOptions",
]
