"""How the outside world names a member: `<kind>:<value>`, such as `unionid:o6_bm…` or `phone:13800000000`."""

from __future__ import annotations

import re
from typing import NamedTuple

KINDS = ("member", "unionid", "openid", "external_userid", "phone", "card")
"""The kinds that outside systems may use."""
VISITOR = "visitor"
"""An unidentified scanner, by the cookie of our own landing page; never accepted from outside."""
SINGLE = frozenset({"member", "unionid"})
"""Kinds of which a member has at most one value."""
LONGEST = 256

_PHONE = re.compile(r"(?:(?:\+|00)?86)?(1[0-9]{10})|\+?([0-9]{4,20})", re.ASCII)
_FILLING = re.compile(r"[\s()./-]+")


class HandleError(ValueError):
    """A text that names no member; the message says how to mend it."""


class Handle(NamedTuple):
    """One identity, its value in normal form: two ways to write one phone number are one handle."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def parse_handle(text: str, *, visitors: bool = False) -> Handle:
    """The handle that `text` writes. Raises HandleError."""
    kind, colon, value = text.partition(":")
    known = (*KINDS, VISITOR) if visitors else KINDS
    if not colon or kind not in known:
        raise HandleError(f"Write <kind>:<value>; kinds are {', '.join(KINDS)}.")
    value = value.strip()
    if not 0 < len(value) <= LONGEST:
        raise HandleError(f"After {kind}: comes a value of 1 to {LONGEST} characters.")
    return Handle(kind, phone_number(value) if kind == "phone" else value)


def phone_number(text: str) -> str:
    """A phone number in normal form: digits only, without the prefix of mainland China. Raises HandleError."""
    match = _PHONE.fullmatch(_FILLING.sub("", text))
    if match is None:
        raise HandleError("Write a phone number in digits, such as 13800000000 or +8613800000000.")
    return match[1] or match[2]
