"""The device of the user, for the service's threat protection."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field

from auth_flow.states._base import Value


def _checked_address(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        raise ValueError("is not an IP address") from None


class UserContext(Value):
    """The user's device as Cognito's threat protection sees it: `UserContextData` of each request.

    Give it to each flow, because a web server signs in many users: `AuthFlow(pool, user_context=…)`
    or `flows.take(key, user_context=…)`.

    `ip_address` is the user's, IPv4 or IPv6; behind a proxy it is the address that the proxy
    reports, not the proxy's own. `encoded_data` is the device fingerprint that Amplify or the
    script of AWS collects in the browser or app.
    """

    ip_address: Annotated[str, AfterValidator(_checked_address)] | None = None
    encoded_data: str | None = Field(None, repr=False)

    def to_members(self) -> dict[str, str]:
        """Return the members of `UserContextData`."""
        members = {"IpAddress": self.ip_address, "EncodedData": self.encoded_data}
        return {name: value for name, value in members.items() if value is not None}
