"""An address that holds no walk is told as one, whatever it holds."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode

import pytest

from ui.trying.walks import LARGEST, WalkError, decode


@pytest.mark.parametrize(
    "text",
    ["走", "a", "====", "é" * 9, urlsafe_b64encode(zlib.compress(b"[")).decode(),
     urlsafe_b64encode(zlib.compress(b"[" * LARGEST)).decode(),
     urlsafe_b64encode(zlib.compress(b" " * (LARGEST + 1))).decode()],
)  # fmt: skip
def test_what_is_no_walk_is_refused(text: str) -> None:
    with pytest.raises(WalkError):
        decode(text)
