"""The operations, a module for each concern. A new operation is a request model and a function with
`@operation`.
"""

from auth_flow.embedded._operations import (
    account,
    admin_clients,
    admin_pools,
    admin_users,
    attributes,
    devices,
    mfa_preference,
    passkeys,
    recovery,
    sign_in,
    sign_up,
    software_token,
    tokens,
)

__all__ = [
    "account",
    "admin_clients",
    "admin_pools",
    "admin_users",
    "attributes",
    "devices",
    "mfa_preference",
    "passkeys",
    "recovery",
    "sign_in",
    "sign_up",
    "software_token",
    "tokens",
]
