"""XAES-256-GCM: AES-256-GCM with nonces of 192 bits, as c2sp.org/XAES-256-GCM specifies it.

Such nonces can be drawn at random, by any number of workers, for as long as a key lasts. With the 96 bits of plain GCM, a key is
used up after 2^32 messages.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.cmac import CMAC


def encrypt(key: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Encrypt under a key of 32 bytes and a nonce of 24; the tag of 16 bytes ends the result."""
    return AESGCM(_derived(key, nonce)).encrypt(nonce[12:], plaintext, associated)


def decrypt(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """Undo `encrypt`. Raises `ValueError` where any of the four is not what it was."""
    try:
        return AESGCM(_derived(key, nonce)).decrypt(nonce[12:], ciphertext, associated)
    except InvalidTag:
        raise ValueError("not authentic") from None


def _derived(key: bytes, nonce: bytes) -> bytes:
    """The key for this nonce: AES-CMAC in counter mode over the first half of the nonce."""
    blocks: list[bytes] = []
    for counter in (b"\0\1", b"\0\2"):
        mac = CMAC(AES256(key))
        mac.update(counter + b"X\0" + nonce[:12])
        blocks.append(mac.finalize())
    return b"".join(blocks)
