"""Chromium's virtual authenticators, by the DevTools protocol."""

from __future__ import annotations

from tests.counterparts.node import Program


class VirtualAuthenticator:
    """An authenticator of the page that is open in the browser. It acts as soon as it is asked.

    A page has one `internal` authenticator at most, which is a part of the device; a security key
    is `usb`.
    """

    def __init__(
        self, browser: Program, *, verifies_users: bool = True, transport: str = "internal"
    ) -> None:
        self._browser = browser
        self._send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies_users,
            "automaticPresenceSimulation": True,
        }
        added = self._send("WebAuthn.addVirtualAuthenticator", options=options)
        self._own = {"authenticatorId": added["authenticatorId"]}

    def __len__(self) -> int:
        """The number of its passkeys."""
        return len(self._send("WebAuthn.getCredentials", **self._own)["credentials"])

    def verify_users(self, succeeds: bool) -> None:
        """Decide whether the fingerprint, or whatever it asks for, is recognized from now on."""
        self._send("WebAuthn.setUserVerified", isUserVerified=succeeds, **self._own)

    def forget(self) -> None:
        """Delete its passkeys, as the person can do in the settings of a device."""
        self._send("WebAuthn.clearCredentials", **self._own)

    def unplug(self) -> None:
        """Have nobody touch it from the next request on, so that another authenticator answers."""
        self._present(False)

    def plug_in(self) -> None:
        """Have it touched from the next request on."""
        self._present(True)

    def _present(self, enabled: bool) -> None:
        self._send("WebAuthn.setAutomaticPresenceSimulation", enabled=enabled, **self._own)

    def _send(self, method: str, **params: object) -> dict[str, object]:
        answer: dict[str, object] = self._browser.call("devtools", method=method, params=params)
        return answer
