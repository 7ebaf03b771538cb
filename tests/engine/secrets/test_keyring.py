"""Sealed values open with any key of the ring, and with no other; look-ups are stable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.secrets.keyring import KeyRing, KeyRingError, SealError, new_key

RING = KeyRing.from_text(new_key())


@given(st.binary(max_size=200))
def test_what_was_sealed_opens(plain: bytes) -> None:
    assert RING.open(RING.seal(plain)) == plain


def test_a_new_first_key_seals_while_older_ones_still_open_and_look_up() -> None:
    old = new_key()
    newer = KeyRing.from_text("2:" + new_key().removeprefix("1:") + "," + old)
    sealed = KeyRing.from_text(old).seal(b"x")
    assert newer.open(sealed) == b"x"
    assert newer.lookup("phone", "1") == KeyRing.from_text(old).lookup("phone", "1")
    with pytest.raises(SealError, match="not in"):
        KeyRing.from_text(old).open(newer.seal(b"x"))


@given(st.integers(min_value=3))
def test_an_altered_value_does_not_open(position: int) -> None:
    sealed = bytearray(RING.seal(b"secret"))
    sealed[3 + position % (len(sealed) - 3)] ^= 1
    with pytest.raises(SealError):
        RING.open(bytes(sealed))


def test_look_ups_of_different_kinds_differ() -> None:
    assert RING.lookup("phone", "1") != RING.lookup("card", "1")


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "empty"), ("1:abc", "32 are needed"), ("1:a", "not base64"), (f"1:{'A' * 43},1:{'B' * 43}", "twice")],
)
def test_a_bad_ring_is_refused_with_a_remedy(text: str, says: str) -> None:
    with pytest.raises(KeyRingError, match=says):
        KeyRing.from_text(text)
