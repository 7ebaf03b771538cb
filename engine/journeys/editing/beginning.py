"""How a journey begins: an empty document that can be checked."""

from __future__ import annotations

from collections.abc import Mapping

from engine.journeys.document import SCHEMA
from rules.types import Json


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
