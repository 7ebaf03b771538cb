"""Equal shares of a population by hash: who is in which part never changes."""

from __future__ import annotations

import hashlib


def share_of(text: str, modulo: int = 10_000) -> int:
    """The place of `text` among `modulo` equal parts: the first 8 bytes of its SHA-256. It never changes."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % modulo


def salted(salt: str, value: object) -> str:
    """The text whose share is that of a value under a salt: the same in splits, holdouts and `bucket`."""
    return f"{salt}:{value}"
