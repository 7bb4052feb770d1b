"""The operations, a module for each concern.

A new operation is a request model and a function with `@operation`.
"""

from auth_flow.embedded._operations import (
    account,
    admin_clients,
    admin_devices,
    admin_factors,
    admin_pools,
    admin_users,
    attributes,
    client_secrets,
    devices,
    mfa_config,
    mfa_preference,
    passkeys,
    recovery,
    sign_in,
    sign_up,
    software_token,
    tags,
    tokens,
    user_sessions,
)

__all__ = [
    "account",
    "admin_clients",
    "admin_devices",
    "admin_factors",
    "admin_pools",
    "admin_users",
    "attributes",
    "client_secrets",
    "devices",
    "mfa_config",
    "mfa_preference",
    "passkeys",
    "recovery",
    "sign_in",
    "sign_up",
    "software_token",
    "tags",
    "tokens",
    "user_sessions",
]
