"""A small ruleset of price zones, and how tests publish one."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.definitions.publish import Published, publish
from engine.edits.store import put_draft

NOW = "2026-01-07T10:00:00+08:00"


def zones(**changes: Any) -> dict[str, Any]:
    """Gold members see special prices in the mini-program, so does whoever scores high; all others see full ones."""
    return {
        "schema": "waystation/ruleset@1",
        "key": "zones",
        "title": {"zh": "价格区", "en": "Price zones"},
        "fields": {"event.score": {"type": "integer", "optional": True}},
        "inputs": [{"field": "member.tier"}, {"field": "event.sales_channel"}],
        "outputs": [{"key": "zone", "type": "text"}],
        "conditions": {"gold": {"==": [{"var": "member.tier"}, "gold"]}, "vip": {"condition": "gold"}},
        "rows": [
            {"id": "app", "when": ["gold", "mini_program"], "then": {"zone": "SPECIAL"}},
            {"id": "score", "when": [{"not": "gold"}, None], "then": {"zone": "SPECIAL"},
             "and": {">": [{"var": "event.score"}, 9]}},
        ],
        "otherwise": {"zone": "FULL"},
        "on_unknown": "otherwise",
        "tests": [
            {"name": "gold in the app", "then": {"zone": "SPECIAL", "row": "app"},
             "given": {"member": {"tier": "gold"}, "event": {"sales_channel": "mini_program"}}},
            {"name": "nobody knows", "then": {"zone": "FULL", "reason": "uncertain"}},
        ],
        **changes,
    }  # fmt: skip


def publish_ruleset(session: Session, document: dict[str, Any], now: datetime) -> Published:
    """Makes the document the live version of its key."""
    key = document["key"]
    put_draft(session, "ruleset", key, json.dumps(document, ensure_ascii=False), by="user:a", now=now)
    return publish(session, "ruleset", key, catalogue={}, by="user:a", now=now)
