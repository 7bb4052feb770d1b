"""Sealed texts: secrets that may lie in a cookie, a chat or somebody else's database.

A sealed text is URL-safe base64, without padding, of

    version (1 byte) | key id (4) | nonce (12) | AES-256-GCM-SIV(when (8) | raw DEFLATE of the
    text), which ends with its tag (16)

All that stands in front of the ciphertext is authenticated with it, and so is what the text is for.
The cipher is that of RFC 8452: nonces are drawn at random, by any number of workers, and with this
one a nonce that comes twice gives no text away.

The text is compressed because it is mostly base64 itself: that takes a quarter off. Huffman codes
alone do it; with matching of repeated strings, the length of a sealed text would tell whether what
somebody has put into it repeats a secret beside it.
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
    """Seals texts with the first of its keys, and opens what any of them has sealed.

    To change keys, add the new one behind the others everywhere, then put it in front; take an old
    one out when nothing sealed with it is needed any more. `clock` tells seconds since the epoch.

    Raises `ValueError` where a key is none, and `MissingExtra` without the package cryptography.
    """

    def __init__(self, keys: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
        try:
            from cryptography.exceptions import (
                InvalidTag,
            )  # needs an extra, and takes its time to import
            from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
        except ImportError:
            raise MissingExtra("Sealing", "park") from None
        if isinstance(keys, str) or not keys:
            raise ValueError("A sealer takes a list of one key or more.")
        self._keys = {_key_id(key): AESGCMSIV(key) for key in map(_key, keys)}
        self._sealing_id = next(iter(self._keys))
        self._clock = clock
        self._broken = (ValueError, KeyError, struct.error, InvalidTag)

    def seal(self, text: str, *purpose: str) -> str:
        """Seal a text. `purpose` says what it is and whose; it is not in the text, and has to be
        said again to open it.
        """
        head = _HEAD.pack(_VERSION, self._sealing_id, nonce := os.urandom(12))
        content = _WHEN.pack(int(self._clock())) + _compressed(text.encode())
        return _to_text(
            head + self._keys[self._sealing_id].encrypt(nonce, content, _bound(head, purpose))
        )

    def open(self, sealed: str, *purpose: str, max_age: float | None = None) -> str:
        """Return the text that was sealed for this purpose, at most `max_age` seconds ago. Raises
        `SealBroken`.
        """
        try:
            return self._opened(_to_bytes(sealed), purpose, max_age)
        except self._broken:
            raise SealBroken(
                "The text was not sealed for this with one of these keys, or it is too old."
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
    """The associated data. JSON keeps ("a", "b") apart from ("ab",)."""
    return head + json.dumps(purpose).encode()


def _compressed(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS, strategy=zlib.Z_HUFFMAN_ONLY)
    return compressor.compress(content) + compressor.flush()


def _to_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _to_bytes(text: str) -> bytes:
    """Decode, and take no text but the one that encoding gives: the decoder overlooks foreign
    characters and stray bits.
    """
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _to_text(content) != text:
        raise ValueError(len(text))
    return content
