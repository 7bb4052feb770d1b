"""The operations, a module for each concern. A new operation is a request model and a function with `@operation`."""

from auth_flow.transports.embedded.operations import sign_in, software_token

__all__ = ["sign_in", "software_token"]
