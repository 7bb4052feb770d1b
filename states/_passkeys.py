"""The JSON form of WebAuthn Level 3: options of a user pool, and answers of authenticators.

`RequestOptions` and `CreationOptions` come from the user pool, and go to a browser
(`PublicKeyCredential.parseRequestOptionsFromJSON`) or to an authenticator. It returns an
`AuthenticationResponse` or a `RegistrationResponse` (`PublicKeyCredential.toJSON()`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar, cast

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, from_json
from pydantic_core.core_schema import wrap_serializer_function_ser_schema

from auth_flow.errors import PasskeyCancelled, PasskeyError
from auth_flow.states._base import Value

_NAME = re.compile(r"[A-Za-z]{1,40}")
_BASE64URL = re.compile(r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?")


def _is_base64url(text: str) -> str:
    if _BASE64URL.fullmatch(text) is None:
        raise ValueError("must be base64url without padding")
    return text


Base64Url: TypeAlias = Annotated[
    str,
    AfterValidator(_is_base64url),
    WithJsonSchema({"type": "string", "contentEncoding": "base64url"}),
]
"""Bytes in base64url without padding."""


def _wire_name(name: str) -> str:
    return "clientDataJSON" if name == "client_data_json" else to_camel(name)


def _as_given(value: WebAuthnValue, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
    members: dict[str, Any] = write(value)
    given = {*value.model_fields_set, *map(_wire_name, value.model_fields_set)}
    return {name: member for name, member in members.items() if name in given}


class WebAuthnValue(Value):
    """The base of these models. In JSON a value has the members that it was made from, and no
    others: the receiver must get what the sender gave, and to WebAuthn a null is not an absence.

    A member that the model does not know is kept. Texts with a meaning, such as
    `userVerification`, may have values that are not in the standard yet.
    """

    model_config = ConfigDict(
        extra="allow",
        alias_generator=_wire_name,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Leave out what was not given. A `model_serializer` would do the same, but its return type
        would take the place of the model in the JSON schema.
        """
        written = wrap_serializer_function_ser_schema(_as_given)
        return cast("CoreSchema", {**handler(source), "serialization": written})

    def to_json(self) -> dict[str, Any]:
        """Return the value as JSON values."""
        return self.model_dump(mode="json")


class PublicKeyCredentialDescriptor(WebAuthnValue):
    """A passkey that the pool knows. `transports` are `internal`, `hybrid`, `usb`, `nfc`, `ble`."""

    id: Base64Url
    type: str = "public-key"
    transports: tuple[str, ...] | None = None


class RequestOptions(WebAuthnValue):
    """The options for a passkey that signs in: `PublicKeyCredentialRequestOptionsJSON`.

    `timeout` is in milliseconds. Without `allow_credentials`, the authenticator offers the passkeys
    that it holds for `rp_id`. `user_verification` is `required`, `preferred` or `discouraged`.
    """

    challenge: Base64Url
    timeout: int | None = None
    rp_id: str | None = None
    allow_credentials: tuple[PublicKeyCredentialDescriptor, ...] = ()
    user_verification: str = "preferred"
    hints: tuple[str, ...] = ()
    extensions: dict[str, Any] | None = None

    def abridged(self) -> Self:
        """Return the options with the members that a browser cannot do without. It then offers all
        passkeys that it has for the site.
        """
        needed = ("challenge", "rpId", "timeout", "userVerification")
        members = self.to_json()
        return self.model_validate({name: members[name] for name in needed if name in members})


class RelyingParty(WebAuthnValue):
    """The relying party: the domain that a passkey belongs to, and a name for people."""

    name: str
    id: str | None = None


class PasskeyUser(WebAuthnValue):
    """The user that a passkey is made for. `id` is the user handle."""

    id: Base64Url
    name: str
    display_name: str


class PublicKeyCredentialParameters(WebAuthnValue):
    """An algorithm that the pool accepts, by its COSE number: -7 is ES256, -257 is RS256."""

    type: str
    alg: int


class AuthenticatorSelection(WebAuthnValue):
    """The abilities that an authenticator must have."""

    authenticator_attachment: str | None = None
    resident_key: str | None = None
    require_resident_key: bool = False
    user_verification: str = "preferred"


class CreationOptions(WebAuthnValue):
    """The options for a new passkey: `PublicKeyCredentialCreationOptionsJSON`.

    `timeout` is in milliseconds. An authenticator that holds one of `exclude_credentials` makes no
    second passkey.
    """

    rp: RelyingParty
    user: PasskeyUser
    challenge: Base64Url
    pub_key_cred_params: tuple[PublicKeyCredentialParameters, ...]
    timeout: int | None = None
    exclude_credentials: tuple[PublicKeyCredentialDescriptor, ...] = ()
    authenticator_selection: AuthenticatorSelection | None = None
    hints: tuple[str, ...] = ()
    attestation: str = "none"
    attestation_formats: tuple[str, ...] = ()
    extensions: dict[str, Any] | None = None


class AuthenticatorAssertion(WebAuthnValue):
    """The signature of a passkey, and what it signed."""

    client_data_json: Base64Url
    authenticator_data: Base64Url
    signature: Base64Url
    user_handle: Base64Url | None = None


class AuthenticatorAttestation(WebAuthnValue):
    """The public key of a new passkey, and a statement of the authenticator about itself."""

    client_data_json: Base64Url
    attestation_object: Base64Url
    authenticator_data: Base64Url | None = None
    transports: tuple[str, ...] | None = None
    public_key: Base64Url | None = None
    public_key_algorithm: int | None = None


class _Credential(WebAuthnValue):
    id: Base64Url
    raw_id: Base64Url
    type: Literal["public-key"]
    authenticator_attachment: str | None = None
    client_extension_results: dict[str, Any] = Field(default_factory=dict[str, Any])


class AuthenticationResponse(_Credential):
    """The answer of a passkey to `RequestOptions`: `AuthenticationResponseJSON`."""

    response: AuthenticatorAssertion = Field(repr=False)


class RegistrationResponse(_Credential):
    """The answer of an authenticator to `CreationOptions`: `RegistrationResponseJSON`."""

    response: AuthenticatorAttestation = Field(repr=False)


R = TypeVar("R", AuthenticationResponse, RegistrationResponse)


def read_response(kind: type[R], given: object) -> R:
    """Read an answer of a browser or an authenticator, given as JSON values or JSON text too.

    Raises `PasskeyError` if the browser gave `{"error": …}` instead, with the name of a
    `DOMException`, and `ValidationError` if the answer is incomplete.
    """
    members = _decoded(given) if isinstance(given, str) else given
    if isinstance(members, Mapping):
        reason = cast("Mapping[str, object]", members).get("error")
        if isinstance(reason, str):
            raise _no_passkey(reason)
    return kind.model_validate(members)


def _decoded(text: str) -> object:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return None


def _no_passkey(reason: str) -> PasskeyError:
    if reason in ("NotAllowedError", "AbortError"):
        return PasskeyCancelled(
            "The browser gave no passkey: the person declined, or did not act in time.",
            reason=reason,
        )
    if _NAME.fullmatch(reason) is None:  # anybody can post a form
        reason = "UnknownError"
    return PasskeyError(f"The browser gave no passkey ({reason}).", reason=reason)
