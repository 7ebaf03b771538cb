"""The random journeys of the laws, made fit for the real log: other types of events, fields that are declared."""

from __future__ import annotations

import json
from typing import Any

FIELDS = {
    "event.n": {"type": "integer", "optional": True},
    "member.due": {"type": "instant", "optional": True},
}
"""What the random journeys read and the catalogue does not know."""


def adapted(document: dict[str, Any], key: str, *, entry: str = "custom.a") -> dict[str, Any]:
    """The document under another key; losing a contact, which has a meaning in the log, becomes an event of our own."""
    plain = json.dumps({**document, "key": key, "fields": FIELDS})
    changed: dict[str, Any] = json.loads(plain.replace("contact.lost", "custom.d").replace("custom.a", entry))
    return changed
