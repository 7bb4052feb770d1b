"""JSON of browsers and user pools, with every member that they are known to send."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

REQUEST_OPTIONS: Json = {
    "challenge": "Y2hhbGxlbmdlLWNoYWxsZW5nZQ",
    "timeout": 180000,
    "rpId": "example.org",
    "allowCredentials": [
        {"id": "aWQ", "type": "public-key", "transports": ["internal", "hybrid"]},
        {"id": "aWQy", "type": "public-key"},
    ],
    "userVerification": "preferred",
    "hints": ["security-key"],
    "extensions": {"appid": "https://example.org", "prf": {"eval": {"first": "AAAA"}}},
}
CREATION_OPTIONS: Json = {
    "rp": {"id": "example.org", "name": "Example"},
    "user": {"id": "MTExMTExMTEtMjIyMg", "name": "ada", "displayName": "Ada"},
    "challenge": "Y2hhbGxlbmdlLWNoYWxsZW5nZQ",
    "pubKeyCredParams": [
        {"type": "public-key", "alg": -7},
        {"type": "public-key", "alg": -257},
    ],
    "timeout": 60000,
    "excludeCredentials": [{"id": "aWQ", "type": "public-key", "transports": ["usb"]}],
    "authenticatorSelection": {
        "authenticatorAttachment": "platform",
        "requireResidentKey": True,
        "residentKey": "required",
        "userVerification": "required",
    },
    "hints": ["client-device"],
    "attestation": "direct",
    "attestationFormats": ["packed", "tpm"],
    "extensions": {"credProps": True},
}
ASSERTION: Json = {
    "id": "aWQ",
    "rawId": "aWQ",
    "type": "public-key",
    "authenticatorAttachment": "cross-platform",
    "clientExtensionResults": {"appid": False},
    "response": {
        "clientDataJSON": "e30",
        "authenticatorData": "ZGF0YQ",
        "signature": "c2ln",
        "userHandle": None,
    },
}
REGISTRATION: Json = {
    "id": "aWQ",
    "rawId": "aWQ",
    "type": "public-key",
    "authenticatorAttachment": "platform",
    "clientExtensionResults": {"credProps": {"rk": True}},
    "response": {
        "clientDataJSON": "e30",
        "attestationObject": "o2NmbXQ",
        "authenticatorData": "ZGF0YQ",
        "transports": ["internal", "hybrid"],
        "publicKey": "a2V5",
        "publicKeyAlgorithm": -7,
    },
}
