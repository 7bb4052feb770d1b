"""The protocol of authenticators."""

from __future__ import annotations

from typing import Protocol

from auth_flow.states._passkeys import (
    AuthenticationResponse,
    CreationOptions,
    RegistrationResponse,
    RequestOptions,
)


class Authenticator(Protocol):
    """Makes passkeys and signs in with them, as `navigator.credentials` does in a browser.

    Both methods raise `PasskeyCancelled` if the person declines, and `PasskeyError` if there is no
    passkey for another reason.
    """

    async def create(self, options: CreationOptions) -> RegistrationResponse:
        """Make a passkey. `options` are those of `Session.start_passkey_registration`."""
        ...

    async def get(self, options: RequestOptions) -> AuthenticationResponse:
        """Sign in with a passkey. `options` are those of the step."""
        ...
