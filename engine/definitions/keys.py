"""The key that the titles of a new definition suggest."""

from __future__ import annotations

import re
from collections.abc import Collection

from pypinyin import lazy_pinyin

_UNFIT = re.compile(r"[^a-z0-9]+")
_LONGEST = 63
_ROOM = 4
"""For a hyphen and a number."""


def proposed_key(english: str, chinese: str, taken: Collection[str], otherwise: str) -> str:
    """A free key: the words of the English title, else the Chinese one in pinyin, else `otherwise`.

    What keys may not hold is left out; where a key is taken, a number follows.
    """
    base = _words(english) or _words(pinyin(chinese)) or otherwise
    key, number = base, 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    return key


def pinyin(chinese: str) -> str:
    """Chinese as it is pronounced, without tones, a hyphen between syllables; all else as it is."""
    return "-".join(lazy_pinyin(chinese))


def _words(title: str) -> str:
    words = _UNFIT.sub("-", title.lower()).strip("-0123456789")
    return words[: _LONGEST - _ROOM].rstrip("-")
