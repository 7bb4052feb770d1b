"""The flows that a sign-in begins with and the challenges it goes through.

Each challenge is two functions in one module: `@asks` puts it to the user, `@answers` judges what
comes back. `progress` says what comes after what.
"""

from auth_flow.embedded._challenges import custom, device, flows, mfa, mfa_setup, passkey, password

__all__ = ["custom", "device", "flows", "mfa", "mfa_setup", "passkey", "password"]
