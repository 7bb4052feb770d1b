"""The flows that a sign-in begins with and the challenges it goes through. A new challenge is one function with `@challenge`."""

from auth_flow.transports.embedded.challenges import custom, device, flows, mfa, mfa_setup, passkey, password

__all__ = ["custom", "device", "flows", "mfa", "mfa_setup", "passkey", "password"]
