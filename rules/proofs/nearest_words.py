"""The nearest change as programs and people read it; personal values are masked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rules.facts import value_parser
from rules.messages import Message
from rules.proofs.boxes import Words, field_title
from rules.proofs.messages import row_names
from rules.proofs.nearest import Change, Nearest
from rules.tables.explain import MASKED, masked_outcome
from rules.tables.table import Table, is_personal
from rules.types import Json
from rules.writing import written

NOTHING: Words = ("没有值", "without a value")


def nearest_json(found: Nearest, table: Table, zone: ZoneInfo) -> dict[str, Json]:
    """The changes, what they would have led to, and the same in a sentence."""
    decision = found.decision
    return {
        "changes": [_change_json(each, table) for each in found.changes],
        "outcome": masked_outcome(table, decision.outcome),
        "reason": decision.reason,
        "rows": [*decision.rows],
        "message": {**_sentence(found, table, zone)},
    }


def _change_json(change: Change, table: Table) -> dict[str, Json]:
    if not is_personal(table.known.get(change.field)):
        return {"field": change.field, "was": change.was, "becomes": change.becomes}
    return {"field": change.field, "was": None if change.was is None else MASKED, "becomes": MASKED}


def _sentence(found: Nearest, table: Table, zone: ZoneInfo) -> Message:
    told = [_told(change, table, zone) for change in found.changes]
    outcome = json.dumps(masked_outcome(table, found.decision.outcome), ensure_ascii=False)
    rows = row_names(found.decision.rows) if found.decision.rows else ("otherwise", "otherwise")
    return {
        "zh": f"如果{_joined(told, 0, '且')}，结果就会是 {outcome}（{rows[0]}）。",
        "en": f"Had {_joined(told, 1, ' and ')}, the outcome would have been {outcome} ({rows[1]}).",
    }


def _joined(told: Sequence[Words], language: int, word: str) -> str:
    return word.join(each[language] for each in told)


def _told(change: Change, table: Table, zone: ZoneInfo) -> Words:
    zh, en = field_title(change.field, table.known.get(change.field))
    (was_zh, was_en), (becomes_zh, becomes_en) = (
        _value(each, change.field, table, zone) for each in (change.was, change.becomes)
    )
    return f"{zh}为 {becomes_zh}(现为 {was_zh})", f"{en} been {becomes_en} (it was {was_en})"


def _value(value: Json, path: str, table: Table, zone: ZoneInfo) -> Words:
    if value is None:
        return NOTHING
    declaration = table.known[path]
    if is_personal(declaration):
        return MASKED, MASKED
    type_ = declaration.value_type
    known = value_parser(type_)(value)
    return written(known, type_, "zh", zone), written(known, type_, "en", zone)
