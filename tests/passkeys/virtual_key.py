"""A security key in software that speaks CTAP 2 to the package fido2, as a USB key would."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.ctap import STATUS, CtapDevice, CtapError
from fido2.ctap2.pin import PinProtocolV2
from fido2.hid import CAPABILITY
from fido2.utils import sha256

ERR = CtapError.ERR
UP, UV, AT = 0x01, 0x04, 0x40


def cose(key: ec.EllipticCurvePrivateKey, algorithm: int) -> dict[int, Any]:
    point = key.public_key().public_numbers()
    return {1: 2, 3: algorithm, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}


class VirtualKey(CtapDevice):
    """Holds resident passkeys, and knows its PIN. `touched` is set while somebody touches it."""

    def __init__(self, pin: str | None = None, *, room: int = 25) -> None:
        self.pin, self.room = pin, room
        self.touched = Event()
        self.touched.set()
        self.waiting, self.cancelled = Event(), Event()
        self.tries = 8
        self.closed = 0
        self.passkeys: list[dict[str, Any]] = []
        self.calls: list[int] = []
        self.broken: Exception | None = None
        self.refuses: int | None = None
        self._protocol = PinProtocolV2()
        self._agreement = ec.generate_private_key(ec.SECP256R1())
        self._token = secrets.token_bytes(32)

    @property
    def capabilities(self) -> int:
        return CAPABILITY.CBOR

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        raise NotImplementedError

    def close(self) -> None:
        self.closed += 1

    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[STATUS], None] | None = None,
    ) -> bytes:
        if self.broken:
            raise self.broken
        self.calls.append(data[0])
        if self.refuses is not None and data[0] in (0x01, 0x02):
            return bytes([self.refuses])
        request: Any = cbor.decode(data[1:]) if data[1:] else {}
        self._wait = (event or Event(), on_keepalive or (lambda _: None))
        answer = {0x01: self._make, 0x02: self._get, 0x04: self._info, 0x06: self._pin}[data[0]]
        try:
            reply = answer(request)
        except CtapError as error:
            return bytes([error.code])
        return b"\0" + cbor.encode(reply)

    def _info(self, _: dict[int, Any]) -> dict[int, Any]:
        options = {"rk": True, "up": True, "clientPin": self.pin is not None}
        return {1: ["FIDO_2_0"], 3: bytes(16), 4: options, 6: [2], 9: ["usb"]}

    def _pin(self, request: dict[int, Any]) -> dict[int, Any]:
        if request[2] == 0x02:
            return {1: cose(self._agreement, -25)}
        assert request[2] == 0x05
        peer = request[3]
        x, y = (int.from_bytes(peer[part]) for part in (-2, -3))
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        shared = self._protocol.kdf(self._agreement.exchange(ec.ECDH(), public))
        assert self.pin is not None
        if self._protocol.decrypt(shared, request[6]) != sha256(self.pin.encode())[:16]:
            self.tries -= 1
            raise CtapError(ERR.PIN_INVALID if self.tries else ERR.PIN_BLOCKED)
        return {2: self._protocol.encrypt(shared, self._token)}

    def _verified(self, request: dict[int, Any], hash_at: int, proof_at: int) -> int:
        """The flag of user verification, if the platform knows the token of the PIN."""
        proof = request.get(proof_at)
        if proof is None:
            return 0
        if proof != self._protocol.authenticate(self._token, request[hash_at]):
            raise CtapError(ERR.PIN_AUTH_INVALID)
        return UV

    def _await_touch(self) -> None:
        stop, on_keepalive = self._wait
        if not self.touched.is_set():
            on_keepalive(STATUS.UPNEEDED)
            self.waiting.set()
        while not self.touched.is_set():
            if stop.wait(0.01):
                self.cancelled.set()
                raise CtapError(ERR.KEEPALIVE_CANCEL)

    def _of(self, rp_id: str, among: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        ids = {one["id"] for one in among or ()}
        held = [one for one in reversed(self.passkeys) if one["rp_id"] == rp_id]
        return [one for one in held if not ids or one["id"] in ids]

    def _data(self, passkey: dict[str, Any], flags: int, credential: bytes = b"") -> bytes:
        rp_id = sha256(passkey["rp_id"].encode())
        return rp_id + bytes([flags]) + passkey["count"].to_bytes(4) + credential

    def _make(self, request: dict[int, Any]) -> dict[int, Any]:
        verified = self._verified(request, 1, 8)
        self._await_touch()
        if request.get(5) and self._of(request[2]["id"], request[5]):
            raise CtapError(ERR.CREDENTIAL_EXCLUDED)
        if all(one["alg"] != -7 for one in request[4]):
            raise CtapError(ERR.UNSUPPORTED_ALGORITHM)
        if len(self.passkeys) >= self.room:
            raise CtapError(ERR.KEY_STORE_FULL)
        key = ec.generate_private_key(ec.SECP256R1())
        passkey = {
            "id": secrets.token_bytes(16),
            "rp_id": request[2]["id"],
            "user": request[3],
            "key": key,
            "count": 0,
        }
        self.passkeys.append(passkey)
        public = cbor.encode(CoseKey.parse(cose(key, -7)))
        credential = bytes(16) + (16).to_bytes(2) + passkey["id"] + public
        return {1: "none", 2: self._data(passkey, UP | AT | verified, credential), 3: {}}

    def _get(self, request: dict[int, Any]) -> dict[int, Any]:
        verified = self._verified(request, 2, 6)
        touch = request.get(5, {}).get("up", True)
        if touch:
            self._await_touch()
        found = self._of(request[1], request.get(3))
        if not found:
            raise CtapError(ERR.NO_CREDENTIALS)
        passkey = found[0]
        passkey["count"] += touch
        data = self._data(passkey, verified | (UP if touch else 0))
        signature = passkey["key"].sign(data + request[2], ec.ECDSA(hashes.SHA256()))
        return {
            1: {"id": passkey["id"], "type": "public-key"},
            2: data,
            3: signature,
            4: {"id": passkey["user"]["id"]},
        }
