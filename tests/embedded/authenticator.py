"""A passkey in software: makes credentials and signs challenges, as in WebAuthn Level 2."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    def __init__(
        self,
        origin: str = "http://localhost:3000",
        *,
        verifies_users: bool = True,
        counts: bool = True,
        attests: bool = False,
    ) -> None:
        self.origin = origin
        self.attests = attests
        """Whether it signs its attestation with the new key (format `packed`)."""
        self._verifies_users, self._counts = verifies_users, counts
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(16)
        self._count = 0

    def create(self, options: dict[str, Any], *, rp_id: str | None = None) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        attested = bytes(16) + len(self._id).to_bytes(2) + self._id + cbor2.dumps(cose)
        data = self._data(rp_id or options["rp"]["id"], ATTESTED) + attested
        client_data = self._client_data("webauthn.create", options["challenge"])
        statement = {"alg": -7, "sig": self._sign(data, client_data)} if self.attests else {}
        attestation = {
            "fmt": "packed" if self.attests else "none",
            "attStmt": statement,
            "authData": data,
        }
        response = {
            "clientDataJSON": encode(client_data),
            "attestationObject": encode(cbor2.dumps(attestation)),
            "transports": ["internal"],
        }
        return self._credential(response)

    def get(
        self, options: dict[str, Any], *, rp_id: str | None = None, user_handle: bytes | None = None
    ) -> dict[str, Any]:
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._data(rp_id or options["rpId"])
        response = {
            "clientDataJSON": encode(client_data),
            "authenticatorData": encode(data),
            "signature": encode(self._sign(data, client_data)),
        }
        if user_handle is not None:
            response["userHandle"] = encode(user_handle)
        return self._credential(response)

    def clone(self) -> Authenticator:
        """A copy with the same key and the present counter."""
        return copy.copy(self)

    def _sign(self, data: bytes, client_data: bytes) -> bytes:
        return self._key.sign(
            data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256())
        )

    def _data(self, relying_party: str, flags: int = 0) -> bytes:
        self._count += self._counts
        flags |= USER_PRESENT | (USER_VERIFIED if self._verifies_users else 0)
        return (
            hashlib.sha256(relying_party.encode()).digest()
            + bytes([flags])
            + self._count.to_bytes(4)
        )

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        identity = encode(self._id)
        return {
            "id": identity,
            "rawId": identity,
            "type": "public-key",
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
            "response": response,
        }
