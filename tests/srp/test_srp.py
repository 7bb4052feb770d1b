from __future__ import annotations

import base64
import contextlib
import locale
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth_flow.errors import MalformedResponse
from auth_flow.states import _srp as srp

from .server import Server

POOL, USER, PASSWORD, TIME = (
    "Abc123",
    "0a1b2c3d-ada",
    "correct horse: ñ",
    "Tue Jan 9 09:09:09 UTC 2024",
)
CHALLENGE = {"SRP_B": "5", "SALT": "a1", "SECRET_BLOCK": "c2VjcmV0"}


def answer(keys: srp.ClientKeys, challenge: dict[str, Any], password: str = PASSWORD) -> str:
    return srp.claim(keys, challenge, group=POOL, user=USER, password=password, timestamp=TIME)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.usefixtures("backend")
def test_a_server_accepts_the_right_password_only(seed: int) -> None:
    rng = random.Random(seed)
    salt = rng.randbytes(16)
    verifier = Server.verifier_of(POOL, USER, PASSWORD, salt)
    keys = srp.ClientKeys.generate()
    server = Server(POOL, USER, salt, verifier, keys.public_hex, rng)
    assert server.accepts(answer(keys, server.challenge), TIME)
    assert not server.accepts(answer(keys, server.challenge, "wrong"), TIME)
    assert not server.accepts(answer(srp.ClientKeys.generate(), server.challenge), TIME)


@pytest.mark.usefixtures("backend")
def test_a_confirmed_device_can_prove_itself() -> None:
    group, device = "-jff5E8cc", "us-east-1_f1e31b45"
    secret = srp.device_verifier(group, device)
    keys = srp.ClientKeys.generate()
    verifier = int.from_bytes(base64.b64decode(secret.verifier), "big")
    server = Server(
        group, device, base64.b64decode(secret.salt), verifier, keys.public_hex, random.Random(1)
    )
    signature = srp.claim(
        keys, server.challenge, group=group, user=device, password=secret.password, timestamp=TIME
    )
    assert server.accepts(signature, TIME)


@pytest.mark.counterpart
@pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")
@pytest.mark.usefixtures("backend")
def test_pycognito_computes_the_same() -> None:
    from pycognito.aws_srp import AWSSRP

    peer = AWSSRP("ada", PASSWORD, f"eu-west-1_{POOL}", "1example", client=object())
    keys = srp.ClientKeys(peer.small_a_value)
    salt = b"\x7f" * 16  # one without leading zeros, which pycognito would hash
    server = Server(
        POOL,
        USER,
        salt,
        Server.verifier_of(POOL, USER, PASSWORD, salt),
        keys.public_hex,
        random.Random(2),
    )
    response = peer.process_challenge(
        {**server.challenge, "USER_ID_FOR_SRP": USER}, {"USERNAME": "ada"}
    )
    assert peer.get_auth_params()["SRP_A"] == keys.public_hex
    signature = srp.claim(
        keys,
        server.challenge,
        group=POOL,
        user=USER,
        password=PASSWORD,
        timestamp=response["TIMESTAMP"],
    )
    assert signature == response["PASSWORD_CLAIM_SIGNATURE"]


def test_keys_are_fresh_and_of_full_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(srp, "arithmetic")  # the table is enough, and four times as fast
    pairs = [srp.ClientKeys.generate() for _ in range(8)]
    assert len({keys.A for keys in pairs}) == len(pairs)
    assert {keys.a.bit_length() for keys in pairs} == {256}
    assert all(pow(2, keys.a, srp.N) == keys.A for keys in pairs)


@pytest.mark.parametrize(
    ("typed", "hashed"),
    [
        ("a\ud800b", "a\N{REPLACEMENT CHARACTER}b"),
        ("\udc00\ud800", "\N{REPLACEMENT CHARACTER}" * 2),
        ("\ud83d\ude00", "😀"),
    ],
)
def test_surrogates_are_hashed_as_javascript_writes_them(typed: str, hashed: str) -> None:
    assert srp.password_key(1, POOL, typed, typed) == srp.password_key(1, POOL, hashed, hashed)


def test_text_is_neither_normalised_nor_trimmed() -> None:
    spellings = ["é", "e\N{COMBINING ACUTE ACCENT}", "é ", " é", "É"]
    assert len({srp.password_key(1, POOL, USER, spelling) for spelling in spellings}) == len(
        spellings
    )


@pytest.mark.parametrize("spelling", ["+/+/+w==", "+/+/+w", "-_-_-w==", "-_-_-w", "-/+_-w="])
def test_spellings_of_one_secret_block(spelling: str) -> None:
    keys = srp.ClientKeys(3)
    assert answer(keys, CHALLENGE | {"SECRET_BLOCK": spelling}) == answer(
        keys, CHALLENGE | {"SECRET_BLOCK": "+/+/+w=="}
    )


@pytest.mark.parametrize("salt", ["00a1", "0a1", "A1", "0000000000a1"])
def test_spellings_of_one_salt(salt: str) -> None:
    keys = srp.ClientKeys(3)
    assert answer(keys, CHALLENGE | {"SALT": salt}) == answer(keys, CHALLENGE)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *[
            (name, value)
            for name in ("SRP_B", "SALT")
            for value in ("", "0x1f", "1_0", "-5", " 5", "5\n", "xyz", "٣", "f" * 1025, 5)
        ],
        *[("SRP_B", f"{multiple * srp.N:x}") for multiple in (0, 1, 2)],
        *[
            ("SECRET_BLOCK", value)
            for value in ("a", "ab=c", "ab!d", "abc\n", "é", "ab==" * 2, b"abcd")
        ],
        *[(name, None) for name in CHALLENGE],
    ],
)
def test_a_challenge_that_cannot_be_answered(member: str, value: object) -> None:
    with pytest.raises(MalformedResponse, match=f"^InitiateAuth: {member} ") as caught:
        srp.claim(
            srp.ClientKeys(3),
            CHALLENGE | {member: value},
            group=POOL,
            user=USER,
            password=PASSWORD,
            timestamp=TIME,
            operation="InitiateAuth",
        )
    assert caught.value.operation == "InitiateAuth"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_scrambling_parameter_of_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srp, "_hash", lambda *_: 0)  # SHA-256 will not come to zero for us
    with pytest.raises(MalformedResponse, match="SRP_B makes the scrambling parameter zero"):
        answer(srp.ClientKeys(3), CHALLENGE)


def test_a_missing_member() -> None:
    with pytest.raises(MalformedResponse, match=r"^RespondToAuthChallenge: SALT"):
        answer(srp.ClientKeys(3), {"SRP_B": "5", "SECRET_BLOCK": "c2VjcmV0"})


@pytest.mark.parametrize(
    ("user_pool_id", "name"),
    [("eu-west-1_Abc123", "Abc123"), ("us-gov-west-1_A_b", "A"), ("none", ""), ("x_", "")],
)
def test_pool_name(user_pool_id: str, name: str) -> None:
    assert srp.pool_name(user_pool_id) == name


def test_secrets_stay_out_of_reprs() -> None:
    keys = srp.ClientKeys.generate()
    assert str(keys.a) not in repr(keys)
    secret = srp.device_verifier("group", "device")
    assert repr(secret) == f"DeviceSecret(salt={secret.salt!r})"


def test_timestamps_of_a_whole_leap_year() -> None:
    day = datetime(2024, 1, 1, 23, 5, 59, 999_999, tzinfo=UTC)
    for moment in (day + timedelta(days=n) for n in range(366)):
        weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
        month = [
            "Jan",
            "Feb",
            "Mar",
            "Apr",
            "May",
            "Jun",
            "Jul",
            "Aug",
            "Sep",
            "Oct",
            "Nov",
            "Dec",
        ][moment.month - 1]
        assert (
            srp.timestamp(moment.timestamp()) == f"{weekday} {month} {moment.day} 23:05:59 UTC 2024"
        )


@pytest.fixture
def foreign_locale() -> Iterator[None]:
    """A locale whose day and month names are not English, where the system has one."""
    before = locale.setlocale(locale.LC_TIME)
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8", "ja_JP.UTF-8", "ru_RU.UTF-8"):
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_TIME, name)
            break
    else:
        pytest.skip("this system speaks English only")
    yield
    locale.setlocale(locale.LC_TIME, before)


@pytest.mark.usefixtures("foreign_locale")
def test_timestamp_is_english_everywhere() -> None:
    assert time.strftime("%a %b", time.gmtime(1710028800)) != "Sun Mar"
    assert srp.timestamp(1710028800) == "Sun Mar 10 00:00:00 UTC 2024"


def test_gmpy2_is_imported_at_the_first_computation_and_not_before() -> None:
    program = """
import sys
from auth_flow.states import _srp as srp
assert "gmpy2" not in sys.modules
srp.ClientKeys.generate()
assert "gmpy2" in sys.modules
import gmpy2
assert not gmpy2.get_context().allow_release_gil, "the application's context was changed"
"""
    subprocess.run([sys.executable, "-c", program], check=True)
