"""The server's half of SRP-6a in Cognito's variant: issue SRP_B and check the proof.

The group is the 3072-bit MODP prime of RFC 3526 with g = 2; the hash is SHA-256. Numbers are hashed
as their shortest big-endian two's complement: with a zero byte in front if the top bit is set, and
without leading zeros, also in the salt. The first part of a user's identity is the pool's name (the
pool id after its underscore), that of a device is its group key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import anyio.to_thread
from pydantic import BaseModel

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D"
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = 2
HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

TIMESTAMP_TOLERANCE = 300
"""Seconds by which the client's TIMESTAMP may differ from the service's clock."""


def _bytes(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


K = _hash(_bytes(N), _bytes(G))


@cache
def _powmod() -> Callable[[int, int], int]:
    """Return the function for powers modulo N.

    It is gmpy2's with the GIL released, if gmpy2 is installed. Otherwise it is pow(), which stops
    all other threads for 10 to 30 ms.
    """
    try:
        gmpy2 = importlib.import_module("gmpy2")
    except ImportError:
        return lambda base, exponent: pow(base, exponent, N)

    def power(base: int, exponent: int) -> int:
        with gmpy2.context(allow_release_gil=True):
            return int(gmpy2.powmod(base, exponent, N))

    return power


def _power(base: int, exponent: int) -> int:
    return _powmod()(base, exponent)


def _salt(random: bytes) -> str:
    """Return 16 random bytes in hexadecimal, with the top bit set.

    Common clients compute a wrong proof if the salt begins with a zero byte.
    """
    return f"{int.from_bytes(random) | 1 << 127:x}"


class Verifier(BaseModel):
    """The verifier that is kept in place of a password; both numbers in hexadecimal."""

    salt: str
    v: str

    @classmethod
    def of(cls, group: str, identity: str, password: str, salt: str | None = None) -> Verifier:
        """Return the verifier of a password, with a random salt of 16 bytes by default."""
        salt = salt or _salt(secrets.token_bytes(16))
        inner = hashlib.sha256(f"{group}{identity}:{password}".encode()).digest()
        return cls(salt=salt, v=f"{_power(G, _hash(_bytes(int(salt, 16)), inner)):x}")

    def matches(self, group: str, identity: str, password: str) -> bool:
        """Return whether this is the verifier of the password."""
        return hmac.compare_digest(self.v, Verifier.of(group, identity, password, self.salt).v)

    @classmethod
    def simulated(cls, secret: bytes, identity: str) -> Verifier:
        """Return a verifier that no password fits. One name always gets the same salt."""
        salt = _salt(hmac.digest(secret, identity.encode(), "sha256")[:16])
        return cls(salt=salt, v=f"{secrets.randbelow(N):x}")


class Exchange(BaseModel):
    """An SRP exchange between SRP_B and the proof, with the server's secret exponent."""

    group: str
    identity: str
    verifier: Verifier
    a_public: str
    b_secret: str
    b_public: str
    secret_block: str

    @classmethod
    def begin(cls, group: str, identity: str, verifier: Verifier, a_public: str) -> Exchange | None:
        """Answer the client's A, or return None if it is not hexadecimal and from 1 to N - 1."""
        if not HEXADECIMAL.fullmatch(
            a_public
        ):  # int() would also take 0x, signs, spaces and underscores
            return None
        a = int(a_public, 16)
        if not 0 < a < N:
            return None
        b = secrets.randbits(256)
        b_public = (K * int(verifier.v, 16) + _power(G, b)) % N
        return cls(
            group=group,
            identity=identity,
            verifier=verifier,
            a_public=a_public,
            b_secret=f"{b:x}",
            b_public=f"{b_public:x}",
            secret_block=base64.b64encode(secrets.token_bytes(1200)).decode(),
        )

    @property
    def parameters(self) -> dict[str, str]:
        """The challenge parameters that the client computes its proof from."""
        return {
            "SALT": self.verifier.salt,
            "SECRET_BLOCK": self.secret_block,
            "SRP_B": self.b_public,
        }

    @property
    def session(self) -> str:
        """The text of the session that holds this exchange."""
        return session_of(self.secret_block)

    def proves(self, responses: dict[str, str], now: float) -> bool:
        """Return whether the responses prove, at this time, that the client knows the password."""
        timestamp = responses.get("TIMESTAMP", "")
        if responses.get("PASSWORD_CLAIM_SECRET_BLOCK") != self.secret_block or not _is_fresh(
            timestamp, now
        ):
            return False
        a, b, v = int(self.a_public, 16), int(self.b_secret, 16), int(self.verifier.v, 16)
        u = _hash(_bytes(a), _bytes(int(self.b_public, 16)))
        shared = _power(a * _power(v, u), b)
        pseudo_random_key = hmac.digest(_bytes(u), _bytes(shared), "sha256")
        key = hmac.digest(pseudo_random_key, b"Caldera Derived Key\x01", "sha256")[:16]
        message = (
            f"{self.group}{self.identity}".encode()
            + base64.b64decode(self.secret_block)
            + timestamp.encode()
        )
        signature = base64.b64encode(hmac.digest(key, message, "sha256"))
        return hmac.compare_digest(
            signature, responses.get("PASSWORD_CLAIM_SIGNATURE", "").encode()
        )


def session_of(secret_block: str) -> str:
    """Return the text of the session that belongs to a secret block.

    Many clients answer PASSWORD_VERIFIER with the block but without the Session.
    """
    return hashlib.sha256(secret_block.encode()).hexdigest()


def _is_fresh(timestamp: str, now: float) -> bool:
    """Return whether a TIMESTAMP is well formed and recent: `Wed Sep 2 09:05:07 UTC 2026`."""
    try:
        # strptime() would expect the names of the process's locale.
        _, month, day, clock, zone, year = timestamp.split(" ")
        number = MONTHS.index(month) + 1
        hour, minute, second = map(int, clock.split(":"))
        then = datetime(int(year), number, int(day), hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError):
        return False
    return (
        zone == "UTC"
        and not day.startswith("0")
        and abs(then.timestamp() - now) <= TIMESTAMP_TOLERANCE
    )


async def begin(group: str, identity: str, verifier: Verifier, a_public: str) -> Exchange | None:
    """Run `Exchange.begin` in a worker thread."""
    return await anyio.to_thread.run_sync(Exchange.begin, group, identity, verifier, a_public)


async def proves(exchange: Exchange, responses: dict[str, str], now: float) -> bool:
    """Run `Exchange.proves` in a worker thread."""
    return await anyio.to_thread.run_sync(exchange.proves, responses, now)
