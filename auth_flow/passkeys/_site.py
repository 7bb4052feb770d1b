"""The web site that an authenticator acts for: a relying party id, and the origin of a page."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from auth_flow.errors import PasskeyError
from auth_flow.passkeys._fido import CollectedClientData, verify_rp_id

_DOMAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


class Site:
    """A relying party id, and the origin of a page that may use its passkeys.

    Without an `origin`, it is the page at `https://` and the relying party id. Raises
    `PasskeyError` if a browser would not let the page use these passkeys.
    """

    def __init__(self, rp_id: str, origin: str | None = None) -> None:
        self.rp_id = rp_id
        self.origin = f"https://{rp_id}" if origin is None else origin
        problem = self._problem()
        if problem is not None:
            raise PasskeyError(problem, reason="SecurityError")

    def check(self, asked: str | None) -> None:
        """Raise `PasskeyError` if the options of a pool are for another relying party.

        Options without one are for the host of the origin.
        """
        wanted = asked or urlsplit(self.origin).hostname
        if wanted != self.rp_id:
            raise PasskeyError(
                f"The user pool asks for a passkey of {wanted}, and this authenticator is for "
                f"{self.rp_id}. Pass {wanted!r} as its relying party id, or set RelyingPartyId to "
                f"{self.rp_id!r} in the WebAuthnConfiguration of the pool. If managed login is "
                "used, it has to be the custom domain of the pool.",
                reason="SecurityError",
            )

    def client_data(self, kind: str, challenge: str) -> CollectedClientData:
        """Return what the page would have an authenticator sign: `webauthn.create` or `.get`."""
        page = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return CollectedClientData(json.dumps(page, separators=(",", ":")).encode())

    def _problem(self) -> str | None:
        if _DOMAIN.fullmatch(self.rp_id) is None:
            return (
                f"{self.rp_id!r} is not a relying party id. It is the domain that is the "
                "RelyingPartyId in the WebAuthnConfiguration of the user pool, in lower case and "
                "without scheme and port: 'example.org'."
            )
        try:
            url = urlsplit(self.origin)
        except ValueError:
            url = urlsplit("")
        if self.origin != f"{url.scheme}://{url.netloc}" or not url.hostname:
            return (
                f"{self.origin!r} is not an origin. Write the scheme, the host and perhaps the "
                f"port, and nothing else: origin='https://{self.rp_id}'."
            )
        if verify_rp_id(self.rp_id, self.origin):
            return None
        if url.scheme != "https" and url.hostname != "localhost":
            return (
                f"Browsers have no passkeys on {self.origin}, because it is not secure. An origin "
                "begins with https://, or is http://localhost with any port."
            )
        return (
            f"A page of {self.origin} cannot use passkeys of {self.rp_id!r}: its host has to be "
            f"{self.rp_id!r} or a subdomain, and that must not be a public suffix such as 'co.uk'. "
            f"Set origin='https://{self.rp_id}', or the relying party id to {url.hostname!r}. It "
            "has to be the RelyingPartyId in the WebAuthnConfiguration of the user pool."
        )
