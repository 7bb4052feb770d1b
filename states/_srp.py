"""The client's half of SRP-6a as Cognito speaks it: proving a password, or a remembered device,
without sending it.

An exchange takes two pieces of arithmetic, each for a thread of `auth_flow._threads.compute`::

    keys = ClientKeys.generate()             # keys.public_hex is SRP_A
    signature = claim(keys, challenge, ...)  # answers PASSWORD_VERIFIER or DEVICE_PASSWORD_VERIFIER

The names are those of RFC 5054: N, g, k, a, A, B, u, x. Cognito differs from the RFC as follows, as
Amplify's requests show:

- Integers are hashed as two's complement, in the fewest bytes that hold the number and a sign bit.
  The salt is an integer too, so its leading zeros do not count.
- x hashes the "group" and the user id in one: the pool's name and `USER_ID_FOR_SRP`, or the device
  group key and the device key.
- The proof is not a hash of both keys but an HMAC over the service's secret block and the time,
  under a key that HKDF derives from S.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from auth_flow.errors import MalformedResponse
from auth_flow.states._base import Secret, reveal
from auth_flow.states._powers import BITS, Comb, arithmetic

__all__ = ["ClientKeys", "DeviceSecret", "claim", "device_verifier", "pool_name", "timestamp"]

N = int(  # the 3072-bit MODP group of RFC 3526
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D"
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
g = 2


class ClientKeys:
    """The client's pair for one exchange: `a`, which never leaves this process, and `A` = g^a mod
    N.
    """

    def __init__(self, a: int) -> None:
        """Make the pair of a given secret above zero, for tests. Programs use `generate`."""
        self.a = a
        # Amplify's vectors have longer secrets than ours.
        self.A = powers_of_g().power(a) if a.bit_length() <= BITS else arithmetic().power(g, a, N)

    @classmethod
    def generate(cls) -> ClientKeys:
        """Draw a fresh pair. This is one exponentiation: run it in a worker thread."""
        # RFC 5054 asks for at least 256 bits, and a group of 3072 bits is no stronger than that:
        # Amplify's 1024 would only double the work of an exchange. The top bit is set because the
        # timing still shows the length of an exponent.
        return cls(secrets.randbits(256) | 1 << 255)

    @property
    def public_hex(self) -> str:
        """Return `SRP_A`: lower-case hexadecimal without padding."""
        return f"{self.A:x}"


def claim(
    keys: ClientKeys,
    challenge: Mapping[str, object],
    *,
    group: str,
    user: str,
    password: Secret,
    timestamp: str,
    operation: str = "RespondToAuthChallenge",
) -> str:
    """Return `PASSWORD_CLAIM_SIGNATURE`, the base64 text that proves the password.

    These are two exponentiations: run it in a worker thread.

    `challenge` holds `SRP_B`, `SALT` and `SECRET_BLOCK` as the service sent them in the reply to
    `operation`. For a user, `group` is `pool_name` of the user pool id and `user` is
    `USER_ID_FOR_SRP`; for a device they are its group key and its device key. `timestamp` must be
    the text that the request sends as `TIMESTAMP`.

    Raises `MalformedResponse` if the challenge cannot be answered, or if answering it would give
    the password away.
    """
    try:
        B = _integer(challenge, "SRP_B")  # noqa: N806
        salt = _integer(challenge, "SALT")
        secret_block = _base64(challenge, "SECRET_BLOCK")
        u = scrambler(keys.A, B)
    except ValueError as error:
        raise MalformedResponse(str(error), operation=operation) from None
    key = session_key(keys, B, u, password_key(salt, group, user, reveal(password)))
    message = _utf8(group + user) + secret_block + _utf8(timestamp)
    return _text(hmac.digest(key, message, hashlib.sha256))


def timestamp(epoch_seconds: float) -> str:
    """Return `TIMESTAMP`: UTC, in English in every locale, as in `Tue Jan 9 09:09:09 UTC 2024`."""
    # asctime, unlike strftime, is always English; it pads the day with a space, which the split
    # removes.
    weekday, month, day, clock, year = time.asctime(time.gmtime(epoch_seconds)).split()
    return f"{weekday} {month} {day} {clock} UTC {year}"


def pool_name(user_pool_id: str) -> str:
    """Return the part of a user pool id that SRP hashes: `Abc123` of `eu-west-1_Abc123`.

    The part is empty if the id has no underscore.
    """
    return "".join(user_pool_id.split("_")[1:2])


@dataclass(frozen=True)
class DeviceSecret:
    """The secret that a new device keeps, and the `DeviceSecretVerifierConfig` of ConfirmDevice.
    All three are base64.
    """

    password: str = field(repr=False)
    """Must be kept: `claim` takes this very text as the device's password."""
    salt: str
    """`Salt`: one byte for each eight bits of the salt and its sign, mostly 16 or 17."""
    verifier: str = field(repr=False)
    """`PasswordVerifier`: at most 385 bytes."""


def device_verifier(
    group_key: str, device_key: str, *, random_bytes: Callable[[int], bytes] = secrets.token_bytes
) -> DeviceSecret:
    """Make up a password for a new device. This is one exponentiation: run it in a worker thread.

    `group_key` and `device_key` are `DeviceGroupKey` and `DeviceKey` of `NewDeviceMetadata`.
    `random_bytes` is called for the 40 bytes of the password, then for the 16 of the salt.
    """
    password = _text(random_bytes(40))
    salt = int.from_bytes(random_bytes(16), "big")
    verifier = powers_of_g().masked(password_key(salt, group_key, device_key, password))
    return DeviceSecret(password, _text(_octets(salt)), _text(_octets(verifier)))


# The formulae


@functools.cache
def powers_of_g() -> Comb:
    """Return the table for powers of g, made at the first sign-in."""
    return Comb(g, N)


def scrambler(A: int, B: int) -> int:  # noqa: N803
    """Return u, which binds the session key to both public values.

    Raises `ValueError` if B would make the key guessable.
    """
    if B % N == 0:
        raise ValueError("SRP_B is zero modulo N.")
    u = _hash(_octets(A), _octets(B))
    if u == 0:
        raise ValueError("SRP_B makes the scrambling parameter zero.")
    return u


def password_key(salt: int, group: str, user: str, password: str) -> int:
    """Return x, the number that stands for the password."""
    return _hash(_octets(salt), hashlib.sha256(_utf8(f"{group}{user}:{password}")).digest())


def session_key(keys: ClientKeys, B: int, u: int, x: int) -> bytes:  # noqa: N803
    """Return the 16 bytes that both sides derive from S, the number that only they know."""
    base = (B - k * powers_of_g().masked(x)) % N
    S = arithmetic().power(base, keys.a + u * x, N)  # noqa: N806
    pseudorandom = hmac.digest(_octets(u), _octets(S), hashlib.sha256)
    return hmac.digest(pseudorandom, b"Caldera Derived Key\x01", hashlib.sha256)[:16]


# The encodings

# A number is at most 768 digits long; computing with one of millions would take minutes.
_HEX = re.compile(r"[0-9A-Fa-f]{1,1024}")
_STANDARD = str.maketrans("-_", "+/")


def _octets(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


def _utf8(text: str) -> bytes:
    """Encode as JavaScript does: unpaired surrogates become U+FFFD, and nothing is normalised or
    trimmed.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _integer(challenge: Mapping[str, object], name: str) -> int:
    value = challenge.get(name)
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError(f"{name} is not a hexadecimal number.")
    return int(value, 16)


def _base64(challenge: Mapping[str, object], name: str) -> bytes:
    """Decode a member in the standard or the URL-safe alphabet, padded or not."""
    value = challenge.get(name)
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return base64.b64decode(
                value.translate(_STANDARD) + "=" * (-len(value) % 4), validate=True
            )
    raise ValueError(f"{name} is not base64.")


k = _hash(_octets(N), _octets(g))
