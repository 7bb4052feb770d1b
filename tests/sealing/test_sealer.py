from __future__ import annotations

import base64
import random
import sys

import pytest

from auth_flow.errors import CallerError, MissingExtra, SealBroken
from auth_flow.sealing import Sealer, new_key
from auth_flow.sealing import _sealer as sealing

SECRET = 'the quick brown fox, Zürich, 🔑, \0, {"json": true}'
ALPHABET = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def key() -> str:
    return new_key()


@pytest.fixture
def sealer(key: str) -> Sealer:
    return Sealer([key])


def _texts(count: int) -> list[str]:
    chance = random.Random(7)
    alphabets = ["abc", "".join(map(chr, range(32, 127))), '\0\n"\\{}é🔑\U0010ffff', "A-Za-z0-9_"]
    return [
        "".join(chance.choices(chance.choice(alphabets), k=chance.choice([0, 1, 2, 50, 3000])))
        for _ in range(count)
    ]


@pytest.mark.parametrize("text", [SECRET, *_texts(40)], ids=range(41))
def test_what_was_sealed_opens_and_is_fit_for_a_url(sealer: Sealer, text: str) -> None:
    sealed = sealer.seal(text, "purpose", text[:5])
    assert sealer.open(sealed, "purpose", text[:5]) == text
    assert set(sealed) <= ALPHABET


def test_no_two_sealed_texts_are_alike(sealer: Sealer) -> None:
    assert len({sealer.seal("same") for _ in range(100)}) == 100


def test_the_secret_is_not_in_the_sealed_text(sealer: Sealer) -> None:
    sealed = sealer.seal("hunter2" * 20)
    assert b"hunter" not in base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))


def test_the_length_does_not_reveal_whether_a_part_repeats_a_secret(sealer: Sealer) -> None:
    secret = "hunter2, correct horse battery staple"
    guesses = secret, secret[::-1], "".join(sorted(secret))
    assert len({len(sealer.seal(f"{secret} {guess}")) for guess in guesses}) == 1


def test_every_byte_counts(sealer: Sealer) -> None:
    sealed = base64.urlsafe_b64decode(_padded(sealer.seal(SECRET)))
    for place in range(len(sealed)):
        for flip in (0x01, 0x80):
            altered = bytearray(sealed)
            altered[place] ^= flip
            _assert_broken(sealer, base64.urlsafe_b64encode(altered).decode().rstrip("="))


def test_every_character_counts(sealer: Sealer) -> None:
    """The unused bits of the last one too: the decoder would overlook them."""
    sealed = sealer.seal("x")
    for place, there in enumerate(sealed):
        for other in "A", "z", "_", "+", "!", " ", "=", "é":
            if other != there:
                _assert_broken(sealer, sealed[:place] + other + sealed[place + 1 :])
                _assert_broken(sealer, sealed[:place] + other + sealed[place:])


def test_every_length_counts(sealer: Sealer) -> None:
    sealed = sealer.seal(SECRET)
    for length in range(len(sealed)):
        _assert_broken(sealer, sealed[:length])
    for more in ("A", "AAAA", "=", "==", "\n", sealed):
        _assert_broken(sealer, sealed + more)


@pytest.mark.parametrize(
    "text", ["", "A", "=", "AAAA", "not base64!", "🔑", "A" * 10_000, "\ud800"]
)
def test_what_never_was_sealed_does_not_open(sealer: Sealer, text: str) -> None:
    _assert_broken(sealer, text)


def test_another_version_does_not_open_whatever_it_says_it_is(
    sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as tomorrow:
        tomorrow.setattr(sealing, "_VERSION", 2)
        sealed = sealer.seal(SECRET)
    _assert_broken(sealer, sealed)
    disguised = b"\x01" + base64.urlsafe_b64decode(_padded(sealed))[1:]
    _assert_broken(sealer, base64.urlsafe_b64encode(disguised).decode().rstrip("="))


def test_it_opens_for_its_purpose_only(sealer: Sealer) -> None:
    sealed = sealer.seal(SECRET, "flow", "pool-1")
    for purpose in [
        (),
        ("flow",),
        ("flow", "pool-2"),
        ("flow", "pool-1", ""),
        ("flowpool-1",),
        ("pool-1", "flow"),
        ('flow", "pool-1',),
    ]:
        with pytest.raises(SealBroken):
            sealer.open(sealed, *purpose)


def test_keys_can_be_changed_while_texts_are_about() -> None:
    old, new, foreign = new_key(), new_key(), new_key()
    before, between, after, later = (
        Sealer([old]),
        Sealer([old, new]),
        Sealer([new, old]),
        Sealer([new]),
    )
    by_old, by_new = before.seal("text"), after.seal("text")
    assert between.open(between.seal("text")) == before.open(between.seal("text")) == "text", (
        "the first key seals"
    )
    assert later.open(after.seal("text")) == "text", "the first key seals"
    for sealer in (between, after):
        assert sealer.open(by_old) == sealer.open(by_new) == "text", "all keys open"
    _assert_broken(later, by_old)
    _assert_broken(before, by_new)
    _assert_broken(Sealer([foreign]), by_old)


def test_age_is_counted_where_it_is_asked_for(key: str) -> None:
    clock = Clock()
    sealer = Sealer([key], clock=clock)
    sealed = sealer.seal("text")
    clock.now += 60
    assert sealer.open(sealed, max_age=60) == "text"
    clock.now += 1
    with pytest.raises(SealBroken):
        sealer.open(sealed, max_age=60)
    clock.now += 1e9
    assert sealer.open(sealed) == "text"


def test_a_refusal_does_not_tell_why(key: str) -> None:
    """Nor what was sealed, nor with what."""
    clock = Clock()
    sealer = Sealer([key], clock=clock)
    sealed = sealer.seal("hunter2")
    told = set[str]()
    clock.now += 100
    for text, max_age in [
        (sealed, 1),
        (sealed[:-1], None),
        ("A" * 200, None),
        (Sealer([new_key()]).seal("hunter2"), None),
        ("", None),
    ]:
        with pytest.raises(SealBroken) as caught:
            sealer.open(text, max_age=max_age)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        told.add(str(caught.value))
    assert len(told) == 1
    assert "hunter" not in told.pop()


def test_it_is_the_callers_error() -> None:
    assert issubclass(SealBroken, CallerError)
    assert not SealBroken.retryable


def test_a_sealer_shows_no_key(sealer: Sealer, key: str) -> None:
    assert key not in repr(sealer)


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ([], "A sealer needs a list"),
        ("A" * 43, "A sealer needs a list"),
        ([""], "A key is 32 bytes"),
        (["short"], "A key is 32 bytes"),
        (["A" * 42], "A key is 32 bytes"),
        (["A" * 44], "A key is 32 bytes"),
        (["!" * 43], "A key is 32 bytes"),
        (["é"], "A key is 32 bytes"),
        ([new_key(), "hunter2"], "A key is 32 bytes"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(keys: list[str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        Sealer(keys)
    assert "hunter2" not in str(caught.value)


def test_without_cryptography_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingExtra, match=r"auth-flow\[park\]") as caught:
        Sealer([key])
    assert caught.value.__suppress_context__


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def _assert_broken(sealer: Sealer, text: str) -> None:
    with pytest.raises(SealBroken):
        sealer.open(text)
