"""Definitions of fields for tests, and how they are published."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.definitions.publish import Published, publish
from engine.edits.store import put_draft


def document(**fields: Any) -> dict[str, Any]:
    """A definition; `member_stars={…}` declares `member.stars`."""
    return {
        "schema": "waystation/fields@1",
        "fields": {name.replace("_", ".", 1): each for name, each in fields.items()},
    }


def publish_fields(session: Session, now: datetime, key: str = "ours", **fields: Any) -> Published:
    """Publish a definition as the API does."""
    put_draft(session, "fields", key, json.dumps(document(**fields)), by="user:a", now=now)
    return publish(session, "fields", key, catalogue={}, by="user:a", now=now)
