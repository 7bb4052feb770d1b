"""The service's half of the exchange, with no line in common with the client's half that it
checks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random

N = 2**3072 - 2**3008 - 1  # the rest of the prime, which has pi in it, is added below
g = 2


def _pi(bits: int) -> int:
    """Pi times 2**bits, rounded down, by Machin's formula."""
    scale = 1 << (bits + 64)

    def arctan_of_one_over(n: int) -> int:
        total, term, odd = 0, scale // n, 1
        while term:
            total += term // odd if odd % 4 == 1 else -(term // odd)
            term, odd = term // (n * n), odd + 2
        return total

    return 4 * (4 * arctan_of_one_over(5) - arctan_of_one_over(239)) >> 64


N += 2**64 * (_pi(2942) + 1690314)


def signed(number: int) -> bytes:
    """Java's BigInteger.toByteArray()."""
    length = 1
    while number >= 1 << (8 * length - 1):
        length += 1
    return number.to_bytes(length, "big")


def digest(*parts: bytes) -> int:
    return int(hashlib.sha256(b"".join(parts)).hexdigest(), 16)


class Server:
    """One account (of a user or a device) that knows a salt and a verifier, and issues one
    challenge to one A.
    """

    def __init__(
        self, group: str, user: str, salt: bytes, verifier: int, srp_a: str, rng: random.Random
    ) -> None:
        self.group, self.user, self.verifier, self.A = group, user, verifier, int(srp_a, 16)
        self.b = rng.getrandbits(512)
        self.B = (digest(signed(N), signed(g)) * verifier + pow(g, self.b, N)) % N
        self.secret_block = rng.randbytes(1200)
        self.challenge = {
            "SALT": salt.hex(),
            "SRP_B": f"{self.B:x}",
            "SECRET_BLOCK": base64.b64encode(self.secret_block).decode(),
        }

    @staticmethod
    def verifier_of(group: str, user: str, password: str, salt: bytes) -> int:
        inner = hashlib.sha256((group + user + ":" + password).encode()).digest()
        return pow(g, digest(signed(int.from_bytes(salt, "big")), inner), N)

    def accepts(self, signature: str, timestamp: str) -> bool:
        u = digest(signed(self.A), signed(self.B))
        premaster = pow(self.A * pow(self.verifier, u, N), self.b, N)
        extracted = hmac.new(signed(u), signed(premaster), hashlib.sha256).digest()
        key = hmac.new(extracted, b"Caldera Derived Key" + b"\x01", hashlib.sha256).digest()[:16]
        proof = hmac.new(key, (self.group + self.user).encode(), hashlib.sha256)
        proof.update(self.secret_block)
        proof.update(timestamp.encode())
        return base64.b64decode(signature) == proof.digest()
