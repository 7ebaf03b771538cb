"""Documents with conditions for the tests to build: a journey with one branch, and a small ruleset."""

from __future__ import annotations

import json
from typing import Any

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.drafts import find_draft
from engine.definitions.kinds import Kind
from engine.edits.store import put_draft
from rules.types import Fields

CASE = "/nodes/how/cases/0/when"
LINES = {"type": "list", "optional": True, "of": {"sku": {"type": "text"}, "qty": {"type": "integer"}}}


def branch(condition: Any, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """The document; without a condition the case has no `when`."""
    case = {"port": "yes"} if condition is None else {"when": condition, "port": "yes"}
    return {
        "schema": "waystation/journey@1",
        "key": "branch",
        "title": {"zh": "分支", "en": "A branch"},
        "entry": [{"on": "contact.scanned"}],
        "policies": {"max_age": "P30D"},
        "fields": {"event.lines": LINES} if fields is None else fields,
        "start": "how",
        "nodes": {
            "how": {"type": "choice", "cases": [case], "ports": {"yes": "end", "else": "end"}},
            "end": {"type": "end", "outcome": "done"},
        },
    }


def table() -> dict[str, Any]:
    """A ruleset with a condition of each kind."""
    return {
        "schema": "waystation/ruleset@1",
        "key": "segments",
        "inputs": [{"field": "member.points"}],
        "outputs": [{"key": "segment", "type": "text"}],
        "rows": [
            {"id": "r1", "when": [{">=": [{"var": ""}, 100]}], "and": {"condition": "vip"}, "then": {"segment": "a"}},
            {"id": "r2", "when": [None], "then": {"segment": "b"}},
        ],
        "hit": "first",
        "conditions": {"vip": {"has_any": [{"var": "member.tags"}, ["vip"]]}},
    }


def put_branch(database: Database, clock: FixedClock, condition: Any, fields: Fields | None = None) -> None:
    """Keep a journey with this condition as the draft of `branch`."""
    told = (
        None
        if fields is None
        else {path: each.model_dump(mode="json", exclude_defaults=True) for path, each in fields.items()}
    )
    put_document(database, clock, "journey", branch(condition, told))


def put_document(database: Database, clock: FixedClock, kind: Kind, document: dict[str, Any]) -> None:
    """Keep a draft under its own key."""
    with database.begin() as session:
        text = json.dumps(document, ensure_ascii=False)
        put_draft(session, kind, document["key"], text, by="user:admin", now=clock.now())


def condition_in(database: Database) -> Any:
    """The condition as the draft holds it now; None where it has none."""
    with database.begin() as session:
        draft = find_draft(session, "journey", "branch")
        assert draft is not None
        return condition_of(json.loads(draft.document))


def condition_of(document: dict[str, Any]) -> Any:
    """The condition of the branch; None where it has none."""
    return document["nodes"]["how"]["cases"][0].get("when")
