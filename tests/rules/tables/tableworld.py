"""The fields and the makers that the tests of tables share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rules.reader import NO_CONDITIONS
from rules.tables.compile import compile_ruleset, examine
from rules.tables.decide import Decision, decide
from rules.tables.table import Table
from rules.types import Conditions, Fields, Json, Problem
from tests.rules.ruleworld import NOW, declared

FIELDS: Fields = declared(
    member__tier={"type": "enum", "values": ["gold", "silver", "black"]},
    member__tags={"type": "tags", "values": ["vip", "tea"]},
    member__name={"type": "text", "optional": True, "personal": True},
    member__orders={"type": "integer", "min": 0},
    member__weight={"type": "decimal"},
    member__spend={"type": "money", "currency": "CNY"},
    member__friend={"type": "boolean"},
    member__birthday={"type": "date"},
    member__seen_at={"type": "instant"},
    member__patience={"type": "duration"},
    store__key={"type": "ref:store"},
    event__lines={"type": "list", "of": {"sku": {"type": "text"}, "qty": {"type": "integer"}}},
)


def row(id_: str, *when: Json, then: Json = None, **more: Json) -> dict[str, Json]:
    """A row that gives its own id for the output `out`, unless it says otherwise."""
    return {"id": id_, "when": list(when), "then": {"out": id_} if then is None else then, **more}


def ruleset(*rows: Json, inputs: tuple[str, ...] = ("member.tier",), **more: Json) -> dict[str, Json]:
    """A document with these rows."""
    return {
        "schema": "waystation/ruleset@1",
        "key": "table",
        "inputs": [{"field": path} for path in inputs],
        "outputs": [{"key": "out", "type": "text"}],
        "rows": list(rows),
        **more,
    }


def table_of(document: Json, conditions: Conditions = NO_CONDITIONS) -> Table:
    return compile_ruleset(document, FIELDS, conditions)


def problems_of(document: Json) -> list[Problem]:
    return examine(document, FIELDS)[1]


def decided(document: Json, facts: Mapping[str, Any], *, now: datetime = NOW, zone: ZoneInfo | None = None) -> Decision:
    return decide(table_of(document), facts, now=now, zone=zone)


def member(**facts: Any) -> dict[str, Any]:
    return {"member": facts}
