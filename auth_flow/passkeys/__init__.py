"""Passkeys: the JSON of WebAuthn as models, and authenticators for programs without a browser.

=======================  =========================================================
`Authenticator`          the protocol: `create` and `get`
`SoftwareAuthenticator`  keys in memory, which the caller keeps
`SecurityKey`            a security key at a USB port
=======================  =========================================================

The authenticators need the extra `passkeys`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_flow._imports import lazy as _lazy
from auth_flow.passkeys._authenticator import Authenticator
from auth_flow.states._passkeys import (
    AuthenticationResponse,
    CreationOptions,
    RegistrationResponse,
    RequestOptions,
)

if TYPE_CHECKING:
    from auth_flow.passkeys._security_key import SecurityKey
    from auth_flow.passkeys._software import SoftwareAuthenticator
else:
    __getattr__ = _lazy(
        __name__,
        {
            "SecurityKey": "auth_flow.passkeys._security_key",
            "SoftwareAuthenticator": "auth_flow.passkeys._software",
        },
    )

__all__ = [
    "AuthenticationResponse",
    "Authenticator",
    "CreationOptions",
    "RegistrationResponse",
    "RequestOptions",
    "SecurityKey",
    "SoftwareAuthenticator",
]
