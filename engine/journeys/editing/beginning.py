"""How a journey begins: an empty document that can be checked."""

from __future__ import annotations

from collections.abc import Mapping

from engine.journeys.document import SCHEMA
from rules.types import Json


def empty_journey(key: str, title: Mapping[str, str]) -> dict[str, Json]:
    """A journey that whoever adds an associate enters once in their life, and that ends at once: more is for the author
    to allow, for most journeys give something away.
    """
    return {
        "schema": SCHEMA,
        "key": key,
        "title": {**title},
        "subject": "member",
        "entry": [{"on": "contact.added"}],
        "policies": {"reentry": {"mode": "once"}},
        "start": "done",
        "nodes": {"done": {"type": "end", "outcome": "done"}},
    }
