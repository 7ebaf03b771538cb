"""How a journey begins: an empty document that can be checked, and a key that its title suggests."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from engine.journeys.document import SCHEMA
from rules.types import Json

_UNFIT = re.compile(r"[^a-z0-9]+")
_LONGEST = 63


def empty_journey(key: str, title: Mapping[str, str]) -> dict[str, Json]:
    """A journey that whoever adds an associate enters, and that ends at once."""
    return {
        "schema": SCHEMA,
        "key": key,
        "title": {**title},
        "subject": "member",
        "entry": [{"on": "contact.added"}],
        "start": "done",
        "nodes": {"done": {"type": "end", "outcome": "done"}},
    }


def proposed_key(title: str, taken: Collection[str]) -> str:
    """A free key made of the words of a title that keys may hold; `journey` where there are none."""
    words = _UNFIT.sub("-", title.lower()).strip("-0123456789")
    base = words[: _LONGEST - 4].rstrip("-") or "journey"
    key, number = base, 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    return key
