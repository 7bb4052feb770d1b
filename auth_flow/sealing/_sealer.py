"""Sealed texts: encrypted and authenticated, so that they can be stored outside of our control.

A sealed text is URL-safe base64, without padding, of

    version (1 byte) | key id (4) | nonce (12) | AES-256-GCM-SIV(when (8) | raw DEFLATE of the
    text), which ends with its tag (16)

The bytes before the ciphertext and the purpose of the text are authenticated with it. The cipher is
the one of RFC 8452, because any number of workers draw nonces at random: if a nonce repeats, this
cipher does not reveal the texts.

The text is mostly base64, so compression saves a quarter. Only Huffman codes are used. If repeated
strings were matched, the length of a sealed text would show whether a part that an attacker chose
repeats a secret in the same text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
import time
import zlib
from collections.abc import Callable, Sequence

from auth_flow.errors import MissingExtra, SealBroken

_HEAD = struct.Struct(">B4s12s")
_WHEN = struct.Struct(">Q")
_VERSION = 1


def new_key() -> str:
    """Make a key: 256 random bits as URL-safe base64."""
    return _to_text(os.urandom(32))


class Sealer:
    """Seals texts with the first of its keys, and opens texts that were sealed with any of them.

    To rotate keys, first add the new key at the end of the list everywhere, and then move it to the
    front. Remove an old key when the texts that were sealed with it are no longer needed. `clock`
    returns seconds since the epoch.

    Raises `ValueError` if a key is invalid, and `MissingExtra` if the package cryptography is not
    installed.
    """

    def __init__(self, keys: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
        try:
            # An extra, which is slow to import.
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
        except ImportError:
            raise MissingExtra("Sealing", "park") from None
        if isinstance(keys, str) or not keys:
            raise ValueError("A sealer needs a list of at least one key.")
        self._keys = {_key_id(key): AESGCMSIV(key) for key in map(_key, keys)}
        self._sealing_id = next(iter(self._keys))
        self._clock = clock
        self._broken = (ValueError, KeyError, struct.error, InvalidTag)

    def seal(self, text: str, *purpose: str) -> str:
        """Seal a text for a purpose, such as its kind and its owner. The purpose is not part of the
        sealed text; `open` needs the same one.
        """
        head = _HEAD.pack(_VERSION, self._sealing_id, nonce := os.urandom(12))
        content = _WHEN.pack(int(self._clock())) + _compressed(text.encode())
        return _to_text(
            head + self._keys[self._sealing_id].encrypt(nonce, content, _bound(head, purpose))
        )

    def open(self, sealed: str, *purpose: str, max_age: float | None = None) -> str:
        """Return the text that was sealed for this purpose at most `max_age` seconds ago.

        Raises `SealBroken` if there is no such text.
        """
        try:
            return self._opened(_to_bytes(sealed), purpose, max_age)
        except self._broken:
            raise SealBroken(
                "The text was not sealed for this purpose with one of these keys, or it is too old."
            ) from None

    def _opened(self, sealed: bytes, purpose: tuple[str, ...], max_age: float | None) -> str:
        version, key_id, nonce = _HEAD.unpack_from(sealed)
        if version != _VERSION:
            raise ValueError(version)
        head, ciphertext = sealed[: _HEAD.size], sealed[_HEAD.size :]
        content = self._keys[key_id].decrypt(nonce, ciphertext, _bound(head, purpose))
        (when,) = _WHEN.unpack_from(content)
        if max_age is not None and self._clock() > when + max_age:
            raise ValueError(when)
        return zlib.decompress(content[_WHEN.size :], wbits=-zlib.MAX_WBITS).decode()


def _key(text: str) -> bytes:
    try:
        key = _to_bytes(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError("A key is 32 bytes as URL-safe base64, as new_key() makes them.")
    return key


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:4]


def _bound(head: bytes, purpose: tuple[str, ...]) -> bytes:
    """Return the associated data. In JSON, ("a", "b") differs from ("ab",)."""
    return head + json.dumps(purpose).encode()


def _compressed(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS, strategy=zlib.Z_HUFFMAN_ONLY)
    return compressor.compress(content) + compressor.flush()


def _to_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _to_bytes(text: str) -> bytes:
    """Decode a text, but only in its canonical form: the decoder ignores foreign characters and
    surplus bits.
    """
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _to_text(content) != text:
        raise ValueError(len(text))
    return content
