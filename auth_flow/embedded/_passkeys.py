"""Passkey ceremonies, by the `webauthn` package: what a browser is asked, and whether its answer
holds.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from auth_flow.embedded._fault import Fault, not_authorized
from auth_flow.embedded._models import Passkey, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.errors import MissingExtra

if TYPE_CHECKING:
    from types import ModuleType


def _webauthn() -> ModuleType:
    try:
        import webauthn
    except ImportError:
        raise MissingExtra("Passkeys in the embedded user pool", "embedded") from None
    return webauthn


def creation_options(pool: EmbeddedUserPool, user: User) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptions as JSON; the challenge is kept with the user."""
    webauthn = _webauthn()
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    challenge = secrets.token_bytes(32)
    options = webauthn.generate_registration_options(
        rp_id=pool.settings.relying_party_id,
        rp_name=pool.settings.relying_party_id,
        user_id=user.sub.encode(),
        user_name=user.username,
        user_display_name=user.attributes.get("name", user.username),
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement(pool.settings.user_verification),
        ),
        exclude_credentials=_descriptors(user),
    )
    user.passkey_challenge = challenge.hex()
    pool.save(user)
    return _as_json(options)


def register(pool: EmbeddedUserPool, user: User, credential: dict[str, Any]) -> None:
    """Keep the passkey that was made for the challenge."""
    webauthn = _webauthn()
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    if user.passkey_challenge is None:
        raise Fault("WebAuthnChallengeNotFoundException", "No passkey registration is under way.")
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=bytes.fromhex(user.passkey_challenge),
            expected_rp_id=pool.settings.relying_party_id,
            expected_origin=_accepted_origin(pool, credential),
            require_user_verification=pool.settings.user_verification == "required",
        )
    except (WebAuthnException, ValueError) as error:
        raise Fault(
            "WebAuthnCredentialNotSupportedException", f"The passkey cannot be registered: {error}"
        ) from error
    user.passkey_challenge = None
    user.passkeys.append(
        Passkey(
            credential_id=bytes_to_base64url(verified.credential_id),
            public_key=bytes_to_base64url(verified.credential_public_key),
            sign_count=verified.sign_count,
            friendly_name=f"Passkey {len(user.passkeys) + 1}",
            relying_party_id=pool.settings.relying_party_id,
            transports=list(credential.get("response", {}).get("transports") or []),
            attachment=credential.get("authenticatorAttachment"),
            created=pool.clock(),
        )
    )
    pool.save(user)


def request_options(pool: EmbeddedUserPool, user: User) -> tuple[str, dict[str, Any]]:
    """A challenge (hexadecimal) and the PublicKeyCredentialRequestOptions that carry it."""
    webauthn = _webauthn()
    from webauthn.helpers.structs import UserVerificationRequirement

    challenge = secrets.token_bytes(32)
    options = webauthn.generate_authentication_options(
        rp_id=pool.settings.relying_party_id,
        challenge=challenge,
        allow_credentials=_descriptors(user),
        user_verification=UserVerificationRequirement(pool.settings.user_verification),
    )
    return challenge.hex(), _as_json(options)


def check_assertion(
    pool: EmbeddedUserPool, user: User, challenge: str, credential: dict[str, Any]
) -> None:
    """Raise NotAuthorizedException unless one of the user's passkeys signed the challenge."""
    webauthn = _webauthn()
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    passkey = next(
        (passkey for passkey in user.passkeys if passkey.credential_id == credential.get("id")),
        None,
    )
    if passkey is None:
        raise not_authorized("The passkey is not one of the user's.")
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=bytes.fromhex(challenge),
            expected_rp_id=pool.settings.relying_party_id,
            expected_origin=_accepted_origin(pool, credential),
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=pool.settings.user_verification == "required",
        )
    except (WebAuthnException, ValueError) as error:
        raise not_authorized("The passkey's signature does not hold.") from error
    passkey.sign_count = verified.new_sign_count
    pool.save(user)


def _accepted_origin(pool: EmbeddedUserPool, credential: dict[str, Any]) -> str:
    """The origin that the browser says it was on, if passkeys may be used there."""
    from webauthn.helpers import base64url_to_bytes

    try:
        origin = str(
            json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))["origin"]
        )
        host = urlsplit(origin).hostname
    except (KeyError, TypeError, ValueError):
        raise Fault("InvalidParameterException", "The credential is malformed.") from None
    relying_party = pool.settings.relying_party_id
    local = relying_party == host == "localhost"
    if not local and origin not in (f"https://{relying_party}", *pool.settings.passkey_origins):
        raise Fault("WebAuthnOriginNotAllowedException", "Passkeys may not be used on this origin.")
    return origin


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
