"""The pool as a WebAuthn relying party: options for browsers, and verification of their responses.

The `webauthn` package verifies challenges, origins, signatures, counters and attestation.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import from_json

from auth_flow.embedded._fault import Fault, invalid_parameter, limit_exceeded, not_authorized
from auth_flow.embedded._models import Client, Passkey, PasskeyRegistration, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.errors import MissingExtra

if TYPE_CHECKING:
    from types import ModuleType

MOST_PASSKEYS = 20
"""Passkeys that a user can have."""

CEREMONY = 300
"""Seconds that a browser has for a registration."""


def _webauthn() -> ModuleType:
    try:
        import webauthn
    except ImportError:
        raise MissingExtra("Passkeys in the embedded user pool", "embedded") from None
    return webauthn


def satisfies_mfa(pool: EmbeddedUserPool, user: User) -> bool:
    """Return whether a passkey of the user is accepted without a second factor."""
    settings = pool.settings
    return settings.passkey_factor == "MULTI_FACTOR_WITH_USER_VERIFICATION" and (
        settings.mfa_configuration == "ON" or user.passkey_mfa
    )


def creation_options(pool: EmbeddedUserPool, client: Client, user: User) -> dict[str, Any]:
    """Begin a registration and return PublicKeyCredentialCreationOptions as JSON."""
    webauthn = _webauthn()
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    if not pool.settings.relying_party_id:
        raise Fault(
            "WebAuthnConfigurationMissingException",
            "The user pool has neither a relying party id nor a domain.",
        )
    if len(user.passkeys) >= MOST_PASSKEYS:
        raise limit_exceeded()
    challenge = secrets.token_bytes(32)
    options = webauthn.generate_registration_options(
        rp_id=pool.settings.relying_party_id,
        rp_name=pool.settings.relying_party_id,
        user_id=user.sub.encode(),
        user_name=user.username,
        user_display_name=user.attributes.get("name", user.username),
        challenge=challenge,
        timeout=CEREMONY * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement(_verification(pool, user)),
        ),
        exclude_credentials=_descriptors(user),
    )
    user.passkey_registration = PasskeyRegistration(
        challenge=challenge.hex(), client_id=client.id, expires_at=pool.clock() + CEREMONY
    )
    pool.save(user)
    return _as_json(options)


def register(
    pool: EmbeddedUserPool, client: Client, user: User, credential: dict[str, Any]
) -> None:
    """Keep the passkey that a browser made. A registration that is under way ends with it."""
    webauthn = _webauthn()
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    pending = user.passkey_registration
    if pending is None or pending.expires_at <= pool.clock():
        raise Fault(
            "WebAuthnChallengeNotFoundException",
            "No registration of a passkey is under way, or it has expired.",
        )
    if pending.client_id != client.id:
        raise Fault(
            "WebAuthnClientMismatchException",
            "The registration was started with an access token of another client.",
        )
    origin = _accepted_origin(pool, credential)
    _check_relying_party(pool, credential)
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=bytes.fromhex(pending.challenge),
            expected_rp_id=pool.settings.relying_party_id,
            expected_origin=origin,
            require_user_verification=_verification(pool, user) == "required",
        )
    except (WebAuthnException, ValueError) as error:
        raise Fault(
            "WebAuthnCredentialNotSupportedException", f"The passkey cannot be registered: {error}"
        ) from error
    credential_id = bytes_to_base64url(verified.credential_id)
    if any(
        passkey.credential_id == credential_id for other in pool.users for passkey in other.passkeys
    ):
        raise Fault("WebAuthnCredentialNotSupportedException", "The passkey is registered already.")
    try:
        passkey = Passkey(
            credential_id=credential_id,
            public_key=bytes_to_base64url(verified.credential_public_key),
            sign_count=verified.sign_count,
            friendly_name=f"Passkey {len(user.passkeys) + 1}",
            relying_party_id=pool.settings.relying_party_id,
            transports=credential["response"].get("transports") or [],
            attachment=credential.get("authenticatorAttachment"),
            created=pool.clock(),
        )
    except ValidationError:
        raise _malformed() from None
    user.passkey_registration = None
    user.passkeys.append(passkey)
    pool.save(user)


def request_options(pool: EmbeddedUserPool, user: User) -> tuple[str, dict[str, Any]]:
    """Return a challenge (hexadecimal) and the PublicKeyCredentialRequestOptions with it."""
    webauthn = _webauthn()
    from webauthn.helpers.structs import UserVerificationRequirement

    challenge = secrets.token_bytes(32)
    options = webauthn.generate_authentication_options(
        rp_id=pool.settings.relying_party_id,
        challenge=challenge,
        allow_credentials=_descriptors(user),
        user_verification=UserVerificationRequirement(_verification(pool, user)),
    )
    return challenge.hex(), _as_json(options)


def check_assertion(
    pool: EmbeddedUserPool, user: User, challenge: str, credential: dict[str, Any]
) -> Passkey:
    """Check that one of the user's passkeys signed the challenge, and return it.

    Raises NotAuthorizedException if not, or if the passkey's counter did not grow, which is a sign
    of a cloned passkey.
    """
    webauthn = _webauthn()
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    passkey = next(
        (passkey for passkey in user.passkeys if passkey.credential_id == credential.get("id")),
        None,
    )
    if passkey is None or not _is_handle_of(user, credential):
        raise not_authorized("The passkey is not one of the user's.")
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=bytes.fromhex(challenge),
            expected_rp_id=pool.settings.relying_party_id,
            expected_origin=_accepted_origin(pool, credential),
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=_verification(pool, user) == "required",
        )
    except (WebAuthnException, ValueError) as error:
        raise not_authorized(f"The passkey's assertion was not accepted: {error}") from error
    passkey.sign_count = verified.new_sign_count
    pool.save(user)
    return passkey


def _malformed() -> Fault:
    return invalid_parameter("The credential is malformed.")


def _verification(pool: EmbeddedUserPool, user: User) -> str:
    """The user verification that the pool asks of authenticators."""
    return "required" if satisfies_mfa(pool, user) else pool.settings.user_verification


def _is_handle_of(user: User, credential: dict[str, Any]) -> bool:
    """Return whether the credential names this user, or does not name a user."""
    from webauthn.helpers import base64url_to_bytes

    try:
        handle = credential["response"].get("userHandle")
        return not handle or base64url_to_bytes(handle) == user.sub.encode()
    except (KeyError, AttributeError, TypeError, ValueError):
        raise _malformed() from None


def _accepted_origin(pool: EmbeddedUserPool, credential: dict[str, Any]) -> str:
    """Return the page's origin; WebAuthnOriginNotAllowedException if the pool does not accept it.

    An origin is accepted if it is HTTPS on the relying party id or a subdomain of it.
    """
    from webauthn.helpers import base64url_to_bytes

    try:
        client_data = from_json(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        origin = str(client_data["origin"])
        url = urlsplit(origin)
        host = url.hostname or ""
    except (KeyError, TypeError, ValueError):
        raise _malformed() from None
    relying_party = pool.settings.relying_party_id
    secure = url.scheme == "https" or host == "localhost"
    below = host == relying_party or host.endswith(f".{relying_party}")
    if not (secure and below) and origin not in pool.settings.passkey_origins:
        raise Fault(
            "WebAuthnOriginNotAllowedException",
            f"The origin does not belong to the relying party {relying_party}.",
        )
    return origin


def _check_relying_party(pool: EmbeddedUserPool, credential: dict[str, Any]) -> None:
    from webauthn.helpers import base64url_to_bytes, parse_attestation_object
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        attestation = parse_attestation_object(
            base64url_to_bytes(credential["response"]["attestationObject"])
        )
    except (WebAuthnException, KeyError, TypeError, ValueError):
        raise _malformed() from None
    expected = hashlib.sha256(pool.settings.relying_party_id.encode()).digest()
    if attestation.auth_data.rp_id_hash != expected:
        raise Fault(
            "WebAuthnRelyingPartyMismatchException",
            "The passkey belongs to another relying party than the user pool's.",
        )


def _descriptors(user: User) -> list[Any]:
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    known = {transport.value for transport in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(passkey.credential_id),
            transports=[
                AuthenticatorTransport(transport)
                for transport in passkey.transports
                if transport in known
            ],
        )
        for passkey in user.passkeys
    ]


def _as_json(options: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_webauthn().options_to_json(options))
    return document
