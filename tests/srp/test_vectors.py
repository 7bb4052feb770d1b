"""Byte for byte what Amplify computes, with gmpy2 and without."""

from __future__ import annotations

from typing import Any

import pytest

from auth_flow.errors import MalformedResponse
from auth_flow.states import _srp as srp

from . import server
from .vectors import DEVICES, TIMESTAMPS, USERS

Vector = dict[str, Any]


def test_constants() -> None:
    assert server.N == srp.N
    assert f"{srp.k:x}" == "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"


@pytest.mark.parametrize("vector", USERS)
@pytest.mark.usefixtures("backend")
def test_user(vector: Vector) -> None:
    keys = srp.ClientKeys(int(vector["a"], 16))
    assert keys.public_hex == vector["A"]
    if "expect_error" in vector:
        with pytest.raises(MalformedResponse, match="zero"):
            claim(keys, vector)
        return

    u = srp.scrambler(keys.A, int(vector["B"], 16))
    x = srp.password_key(
        int(vector["salt"], 16), vector["pool_name"], vector["user_id"], vector["password"]
    )
    assert (f"{u:064x}", f"{x:064x}") == (vector["u"], vector["x"])
    assert srp.session_key(keys, int(vector["B"], 16), u, x).hex() == vector["hkdf"]
    assert claim(keys, vector) == vector["signature"]


def claim(keys: srp.ClientKeys, vector: Vector) -> str:
    return srp.claim(
        keys,
        {"SRP_B": vector["B"], "SALT": vector["salt"], "SECRET_BLOCK": vector["secret_block"]},
        group=vector["pool_name"],
        user=vector["user_id"],
        password=vector["password"],
        timestamp=vector["timestamp"],
    )


@pytest.mark.parametrize("vector", DEVICES)
@pytest.mark.usefixtures("backend")
def test_device(vector: Vector) -> None:
    drawn = [
        bytes.fromhex(vector["random_password_bytes"]),
        bytes.fromhex(vector["random_salt_bytes"]),
    ]

    def random_bytes(count: int) -> bytes:
        assert count == len(drawn[0])
        return drawn.pop(0)

    secret = srp.device_verifier(
        vector["device_group_key"], vector["device_key"], random_bytes=random_bytes
    )
    assert secret.password == vector["device_password"]
    assert {"Salt": secret.salt, "PasswordVerifier": secret.verifier} == vector[
        "DeviceSecretVerifierConfig"
    ]


@pytest.mark.parametrize("vector", TIMESTAMPS)
def test_timestamp(vector: Vector) -> None:
    assert srp.timestamp(vector["epoch_ms"] / 1000) == vector["timestamp"]
