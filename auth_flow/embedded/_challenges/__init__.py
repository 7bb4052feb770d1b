"""The flows that a sign-in begins with, and the challenges that follow.

A challenge is two functions in one module: the one with `@asks` asks it, the one with `@answers`
checks the answer. `progress` has the order of the steps.
"""

from auth_flow.embedded._challenges import custom, device, flows, mfa, mfa_setup, passkey, password

__all__ = ["custom", "device", "flows", "mfa", "mfa_setup", "passkey", "password"]
