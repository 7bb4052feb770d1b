"""AWS credentials from an identity pool, for a signed-in user or a guest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_flow._imports import lazy as _lazy
from auth_flow.aws._identity_pool import (
    Credentials,
    IdentityPool,
)

if TYPE_CHECKING:
    from auth_flow.aws._credentials import (
        IdentityPoolProvider,
        credential_metadata,
    )
else:
    __getattr__ = _lazy(
        __name__,
        {
            "IdentityPoolProvider": "auth_flow.aws._credentials",
            "credential_metadata": "auth_flow.aws._credentials",
        },
    )

__all__ = [
    "Credentials",
    "IdentityPool",
    "IdentityPoolProvider",
    "credential_metadata",
]
