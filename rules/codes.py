"""Texts as numbers: a code for each text that a problem names, in the order of the texts, and room between any two."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from fractions import Fraction
from math import floor

_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_READABLE = "maA0"
"""What a text is made longer by, where there is a choice."""


class Codes:
    """The codes of one problem. A text keeps its code; between two neighbours lie the texts that nobody named."""

    def __init__(self) -> None:
        self._texts: list[str] = [""]
        self._codes: dict[str, Fraction] = {"": Fraction(0)}
        self._named: dict[Fraction, str] = {Fraction(0): ""}

    def of(self, text: str) -> Fraction:
        """The code of a text: greater than that of every text before it."""
        code = self._codes.get(text)
        if code is None:
            code = self._room_for(text)
            insort(self._texts, text)
            self._codes[text], self._named[code] = code, text
        return code

    def _room_for(self, text: str) -> Fraction:
        place = bisect_left(self._texts, text)
        below = self._codes[self._texts[place - 1]]
        if place == len(self._texts):
            return Fraction(floor(below) + 1)
        above = self._codes[self._texts[place]]
        whole = (below + above) / 2
        return Fraction(round(whole)) if below < round(whole) < above else whole

    def text(self, code: Fraction) -> str | None:
        """A text that stands where the code does; it keeps that code. None where no text fits."""
        if code in self._named:
            return self._named[code]
        if code < 0:
            return None
        place = bisect_left([self._codes[text] for text in self._texts], code)
        above = self._texts[place] if place < len(self._texts) else None
        made = between(self._texts[place - 1], above)
        if made is not None:
            self._texts.insert(place, made)
            self._codes[made], self._named[code] = code, made
        return made

    @property
    def texts(self) -> Sequence[str]:
        """All texts that have a code, in their order."""
        return self._texts


def between(below: str, above: str | None) -> str | None:
    """A text after `below` and before `above`; None for the end of the order; None when there is none."""
    last = ord(above[len(below)]) - 1 if above is not None and above.startswith(below) else 0
    for letter in (*map(ord, _READABLE), last if last not in _SURROGATES else _SURROGATES.start - 1):
        made = below + chr(letter)
        if letter and (above is None or made < above):
            return made
    return None


def after_prefix(prefix: str) -> str | None:
    """The least text that is greater than every text with the prefix; None when there is none."""
    while prefix:
        last = ord(prefix[-1]) + 1
        last = _SURROGATES.stop if last in _SURROGATES else last
        if last <= _LAST:
            return prefix[:-1] + chr(last)
        prefix = prefix[:-1]
    return None
