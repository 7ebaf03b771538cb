"""A small journey and the activity types that it needs."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict

from engine.journeys.catalogue import ActivityType, Catalogue, Reference


class IssueParams(BaseModel):
    model_config = ConfigDict(extra="forbid")

    batch: Annotated[str, Reference("coupon-batch")]


class NoteParams(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str


CATALOGUE: Catalogue = {
    "coupon.issue": ActivityType(
        "coupon.issue", {"zh": "发券", "en": "Issue a coupon"}, IssueParams, outcomes=("sold_out",), doc="Issue one."
    ),
    "test.note": ActivityType("test.note", {"zh": "记", "en": "Note"}, NoteParams, doc="Write a note."),
}


def journey(**changes: Any) -> dict[str, Any]:
    """Scan, note, wait for the add: a journey without findings of severity error."""
    return {
        "schema": "waystation/journey@1",
        "key": "small",
        "title": {"zh": "小旅程", "en": "Small"},
        "subject": "member",
        "entry": [{"on": "contact.scanned"}],
        "policies": {"max_age": "P45D"},
        "start": "note",
        "nodes": {
            "note": {
                "type": "activity",
                "stage": "scanned",
                "title": {"zh": "扫码", "en": "Scanned"},
                "activity": "test.note",
                "params": {"text": "{{store.title}}"},
                "ports": {"done": "wait"},
            },
            "wait": {
                "type": "wait",
                "for": [{"on": "contact.added", "port": "added"}],
                "timeout": "P7D",
                "ports": {"added": "added", "timeout": "not_added"},
            },
            "added": {"type": "end", "outcome": "added"},
            "not_added": {"type": "end", "outcome": "not_added"},
        },
        "tests": [
            {
                "name": "who adds is done",
                "given": {"store": {"title": "灯塔路店"}},
                "when": [{"at": "PT0S", "on": "contact.scanned"}, {"at": "PT2M", "on": "contact.added"}],
                "then": {"outcome": "added", "path": ["note", "wait", "added"]},
            }
        ],
        **changes,
    }


def text_of(**changes: Any) -> str:
    """The same as text."""
    return json.dumps(journey(**changes), ensure_ascii=False, indent=2)
