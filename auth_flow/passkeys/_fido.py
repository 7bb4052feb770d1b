"""The parts of other packages that authenticators need. The extra `passkeys` installs them."""

from __future__ import annotations

from auth_flow.errors import MissingExtra

try:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from fido2.client import (
        ClientError,
        DefaultClientDataCollector,
        Fido2Client,
        PinRequiredError,
        UserInteraction,
    )
    from fido2.cose import ES256, CoseKey
    from fido2.ctap import CtapDevice, CtapError
    from fido2.hid import CtapHidDevice
    from fido2.rpid import verify_rp_id
    from fido2.utils import sha256, websafe_decode, websafe_encode
    from fido2.webauthn import (
        Aaguid,
        AttestationObject,
        AttestedCredentialData,
        AuthenticatorData,
        CollectedClientData,
        PublicKeyCredentialCreationOptions,
        PublicKeyCredentialRequestOptions,
    )
except ImportError:
    raise MissingExtra("Using passkeys without a browser", "passkeys") from None

__all__ = [
    "ES256",
    "SHA256",
    "Aaguid",
    "AttestationObject",
    "AttestedCredentialData",
    "AuthenticatorData",
    "ClientError",
    "CollectedClientData",
    "CoseKey",
    "CtapDevice",
    "CtapError",
    "CtapHidDevice",
    "DefaultClientDataCollector",
    "Encoding",
    "Fido2Client",
    "PinRequiredError",
    "PublicFormat",
    "PublicKeyCredentialCreationOptions",
    "PublicKeyCredentialRequestOptions",
    "UserInteraction",
    "ec",
    "sha256",
    "verify_rp_id",
    "websafe_decode",
    "websafe_encode",
]
