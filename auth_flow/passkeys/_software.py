"""An authenticator in software."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Collection
from typing import Literal, Self, TypeAlias

import anyio
from pydantic import Field, SecretStr, ValidationError, field_validator

from auth_flow.errors import PasskeyCancelled, PasskeyError
from auth_flow.passkeys._fido import (
    ES256,
    SHA256,
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CoseKey,
    Encoding,
    PublicFormat,
    ec,
    sha256,
    websafe_decode,
    websafe_encode,
)
from auth_flow.passkeys._site import Site
from auth_flow.states._base import Secret, Value, hidden, reveal
from auth_flow.states._passkeys import (
    AuthenticationResponse,
    AuthenticatorAssertion,
    AuthenticatorAttestation,
    AuthenticatorSelection,
    CreationOptions,
    RegistrationResponse,
    RequestOptions,
)
from auth_flow.transports._loops import PerLoop

Keep: TypeAlias = Callable[[SecretStr], Awaitable[object]]
Confirm: TypeAlias = Callable[[str], Awaitable[bool]]


class KeptPasskey(Value):
    """A passkey with its private key, and the number of signatures so far."""

    id: str
    rp_id: str
    user_id: str
    user_name: str
    private_key: SecretStr
    counter: int = Field(default=0, ge=0, lt=2**32 - 1)

    @field_validator("private_key")
    @classmethod
    def _check(cls, private_key: SecretStr) -> SecretStr:
        _read_key(private_key)
        return private_key

    @classmethod
    def new(cls, options: CreationOptions, rp_id: str) -> Self:
        """Make a passkey with a fresh key."""
        value = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return cls(
            id=websafe_encode(secrets.token_bytes(16)),
            rp_id=rp_id,
            user_id=options.user.id,
            user_name=options.user.name,
            private_key=SecretStr(websafe_encode(value.to_bytes(32))),
        )

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """The private key."""
        return _read_key(self.private_key)

    def sign(self, data: bytes) -> bytes:
        """Sign with ES256."""
        return self.key.sign(data, ec.ECDSA(SHA256()))

    def to_json(self) -> dict[str, object]:
        """Return the passkey as JSON values, with its private key in clear."""
        return {**self.model_dump(), "private_key": reveal(self.private_key)}


def _read_key(private_key: SecretStr) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(
        int.from_bytes(websafe_decode(reveal(private_key))), ec.SECP256R1()
    )


class _Kept(Value):
    version: Literal[1] = 1
    passkeys: tuple[KeptPasskey, ...] = ()


class SoftwareAuthenticator:
    """Makes passkeys whose keys are in memory, for terminals, bots and tests.

    `rp_id` is the relying party id of the user pool, and `origin` the page to act as; the default
    is `https://` and the relying party id. Raises `PasskeyError` if they do not fit each other.

    `keep` is called with a text before each answer, and `kept` is the latest such text. It contains
    the private keys, so store it as you would store a password. Store each text, because the user
    pool may refuse a passkey whose counter does not grow. Raises `ValueError` if `kept` is another
    text.

    `confirm` is called with a question for the person before a passkey is made or used. If it
    returns False, `PasskeyCancelled` is raised. `verifies_user` is True if the caller has verified
    the person, by a PIN or the unlocked keyring for example.

    It answers one call at a time, so that no two answers have the same counter.
    """

    def __init__(
        self,
        rp_id: str,
        *,
        origin: str | None = None,
        kept: Secret | None = None,
        keep: Keep | None = None,
        confirm: Confirm | None = None,
        verifies_user: bool = True,
    ) -> None:
        self._site = Site(rp_id, origin)
        self._keep, self._confirm = keep, confirm
        self._verifies_user = verifies_user
        self._in_use = PerLoop(anyio.Lock)
        kept = hidden("{}" if kept is None else kept)
        try:
            self._passkeys = _Kept.model_validate_json(reveal(kept)).passkeys
        except ValidationError:
            raise ValueError("This is no text that a SoftwareAuthenticator kept.") from None

    def __repr__(self) -> str:
        return f"SoftwareAuthenticator({self._site.rp_id!r}, origin={self._site.origin!r})"

    @property
    def passkey_ids(self) -> tuple[str, ...]:
        """The credential ids of the passkeys for this relying party, the newest last."""
        return tuple(one.id for one in self._here())

    async def forget(self, passkey_id: str) -> None:
        """Delete a passkey here, if it is here. The user pool still has its public key."""
        async with self._in_use.get():
            await self._replace({passkey_id})

    async def create(self, options: CreationOptions) -> RegistrationResponse:
        """Make a passkey. It takes the place of the one that this user has had here.

        Raises `PasskeyError` if the options exclude a passkey that is here.
        """
        self._site.check(options.rp.id)
        selection = options.authenticator_selection or AuthenticatorSelection()
        self._check_verification(selection.user_verification)
        if all(one.alg != ES256.ALGORITHM for one in options.pub_key_cred_params):
            raise PasskeyError(
                "The user pool accepts no passkey with ES256.", reason="NotSupportedError"
            )
        async with self._in_use.get():
            if any(one.id in self.passkey_ids for one in options.exclude_credentials):
                raise PasskeyError(
                    f"{options.user.name} already has a passkey here.", reason="InvalidStateError"
                )
            site, user = self._site.rp_id, options.user.name
            if not await self._agrees(f"Make a passkey for {user} at {site}?"):
                raise PasskeyCancelled("The person declined to make a passkey.")
            passkey = KeptPasskey.new(options, self._site.rp_id)
            before = {one.id for one in self._here() if one.user_id == passkey.user_id}
            await self._replace(before, passkey)
        return self._registration(passkey, options)

    async def get(self, options: RequestOptions) -> AuthenticationResponse:
        """Sign in with the newest passkey that the options allow.

        Some pools allow those of all users. If the person declines one, the next is offered.
        """
        self._site.check(options.rp_id)
        self._check_verification(options.user_verification)
        allowed = {one.id for one in options.allow_credentials}
        async with self._in_use.get():
            held = [one for one in self._here() if not allowed or one.id in allowed]
            if not held:
                raise PasskeyError(f"There is no passkey of this user for {self._site.rp_id} here.")
            for one in reversed(held):
                if await self._agrees(f"Sign in to {self._site.rp_id} as {one.user_name}?"):
                    break
            else:
                raise PasskeyCancelled("The person declined to use a passkey.")
            passkey = one.model_copy(update={"counter": one.counter + 1})
            await self._replace({passkey.id}, passkey)
        return self._assertion(passkey, options)

    def _here(self) -> list[KeptPasskey]:
        return [one for one in self._passkeys if one.rp_id == self._site.rp_id]

    def _check_verification(self, wanted: str) -> None:
        if wanted == "required" and not self._verifies_user:
            raise PasskeyError(
                "The user pool wants the person verified, and this authenticator does not do so "
                "(verifies_user=False).",
                reason="ConstraintError",
            )

    async def _agrees(self, question: str) -> bool:
        return self._confirm is None or await self._confirm(question)

    async def _replace(self, before: Collection[str], *after: KeptPasskey) -> None:
        """Put passkeys in the place of others, and have them kept."""
        rest = [one for one in self._passkeys if one.id not in before]
        self._passkeys = (*rest, *after)
        if self._keep is not None:
            await self._keep(self._text())

    def _text(self) -> SecretStr:
        kept = {"version": 1, "passkeys": [one.to_json() for one in self._passkeys]}
        return SecretStr(json.dumps(kept))

    def _registration(self, passkey: KeptPasskey, options: CreationOptions) -> RegistrationResponse:
        public_key = passkey.key.public_key()
        credential = AttestedCredentialData.create(
            Aaguid.NONE, websafe_decode(passkey.id), _cose(public_key)
        )
        data = self._data(passkey, credential)
        client_data = self._site.client_data("webauthn.create", options.challenge)
        attests = options.attestation in ("direct", "enterprise")
        attestation = AttestationObject.create(
            "packed" if attests else "none",
            data,
            {"alg": ES256.ALGORITHM, "sig": passkey.sign(data + client_data.hash)}
            if attests
            else {},
        )
        wants_properties = (options.extensions or {}).get("credProps")
        return RegistrationResponse(
            id=passkey.id,
            raw_id=passkey.id,
            type="public-key",
            authenticator_attachment="platform",
            client_extension_results={"credProps": {"rk": True}} if wants_properties else {},
            response=AuthenticatorAttestation(
                client_data_json=client_data.b64,
                attestation_object=websafe_encode(attestation),
                authenticator_data=websafe_encode(data),
                transports=("internal",),
                public_key=websafe_encode(
                    public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
                ),
                public_key_algorithm=ES256.ALGORITHM,
            ),
        )

    def _assertion(self, passkey: KeptPasskey, options: RequestOptions) -> AuthenticationResponse:
        data = self._data(passkey)
        client_data = self._site.client_data("webauthn.get", options.challenge)
        return AuthenticationResponse(
            id=passkey.id,
            raw_id=passkey.id,
            type="public-key",
            authenticator_attachment="platform",
            client_extension_results={},
            response=AuthenticatorAssertion(
                client_data_json=client_data.b64,
                authenticator_data=websafe_encode(data),
                signature=websafe_encode(passkey.sign(data + client_data.hash)),
                user_handle=passkey.user_id,
            ),
        )

    def _data(self, passkey: KeptPasskey, credential: bytes = b"") -> AuthenticatorData:
        flags = AuthenticatorData.FLAG.UP
        if self._verifies_user:
            flags |= AuthenticatorData.FLAG.UV
        if credential:
            flags |= AuthenticatorData.FLAG.AT
        rp_id = sha256(passkey.rp_id.encode())
        counter = passkey.counter.to_bytes(4)
        return AuthenticatorData(rp_id + bytes([flags]) + counter + credential)


def _cose(public_key: ec.EllipticCurvePublicKey) -> CoseKey:
    """Return a public key as COSE has it: type EC2, algorithm ES256, curve P-256, x and y."""
    point = public_key.public_numbers()
    x, y = point.x.to_bytes(32), point.y.to_bytes(32)
    return CoseKey.parse({1: 2, 3: ES256.ALGORITHM, -1: 1, -2: x, -3: y})
