"""A walk stands in the address: what is none is refused, and moves are taken back one by one."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest

from ui.trying.walks import LARGEST, LONGEST, MOST_BACK, Walk, WalkError, answer, decode, encode, run


@pytest.mark.parametrize(
    "text",
    ["走", "a", "====", "é" * 9, urlsafe_b64encode(zlib.compress(b"[")).decode(),
     urlsafe_b64encode(zlib.compress(b"[" * LARGEST)).decode(),
     urlsafe_b64encode(zlib.compress(b" " * (LARGEST + 1))).decode()],
)  # fmt: skip
def test_what_is_no_walk_is_refused(text: str) -> None:
    with pytest.raises(WalkError):
        decode(text)


def test_a_long_walk_forgets_how_to_take_back_its_oldest_moves_alone() -> None:
    walk = Walk()
    for n in range(MOST_BACK + 9):
        walk = answer(walk, f"activity-{n}", 0, sha256(str(n).encode()).hexdigest())
    assert len(walk.before) == MOST_BACK
    found = decode(encode(walk))
    assert found.when == walk.when
    assert found.before == walk.before[-len(found.before) :]
    assert 0 < len(found.before) < MOST_BACK
    assert len(encode(walk)) <= LONGEST


def test_what_changes_nothing_is_no_move() -> None:
    once = run(Walk(until="last"))
    assert (len(once.before), run(once)) == (1, once)
