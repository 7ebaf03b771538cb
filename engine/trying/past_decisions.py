"""A page of a ruleset's backtest: recorded decisions, decided anew by the draft on the facts that were read then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.database import direct
from engine.decisions.models import DecisionRecord
from engine.decisions.records import facts_of
from engine.secrets.keyring import KeyRing
from engine.trying.sums import Counts, Figure
from rules.tables.decide import Decision, decide
from rules.tables.explain import masked_outcome
from rules.tables.table import Table
from rules.types import Json


@dataclass(frozen=True)
class Asked:
    """Which decisions are decided anew, by which table."""

    key: str
    table: Table
    since: datetime
    until: datetime


def count_decisions(session: Session, asked: Asked) -> int:
    """How many there are."""
    [(n,)] = direct.rows(session, _COUNT, _given(asked))
    return int(n)


def next_decisions(session: Session, asked: Asked, after: int, limit: int) -> list[DecisionRecord]:
    """The next of them, by id."""
    return direct.objects(session, DecisionRecord, _NEXT, {**_given(asked), "after": after, "limit": limit})


def decide_anew(keys: KeyRing, asked: Asked, records: list[DecisionRecord]) -> Counts:
    """What the draft says of them, counted."""
    counts = Counts()
    for record in records:
        facts = facts_of(record, keys)
        made = decide(asked.table, facts, now=record.now, zone=ZoneInfo(record.zone))
        was, would = _recorded(record), _made(asked.table, made)
        counts.add(Figure("would", "decisions", "", record.store_id or 0))
        counts.add(Figure("was", "reason", record.reason))
        counts.add(Figure("would", "reason", made.reason))
        for row in made.rows:
            counts.add(Figure("would", "row", row))
        if (was["outcome"], was["reason"]) != (would["outcome"], would["reason"]):
            counts.add(Figure("would", "changed", f"{record.reason} → {made.reason}", record.store_id or 0))
            counts.differ(record.member_id, was, would)
    return counts


def _recorded(record: DecisionRecord) -> dict[str, Any]:
    return {"outcome": record.outcome, "reason": record.reason, "rows": record.rows, "decision": str(record.id)}


def _made(table: Table, made: Decision) -> dict[str, Json]:
    return {
        "outcome": masked_outcome(table, made.outcome),
        "reason": made.reason,
        "rows": [*made.rows],
        "missing": [*made.missing],
    }


def _given(asked: Asked) -> Mapping[str, Any]:
    return {"key": asked.key, "since": asked.since, "until": asked.until}


_THOSE = "ruleset = %(key)s AND version IS NOT NULL AND at >= %(since)s AND at < %(until)s"
_COUNT = f"SELECT count(*) FROM decisions WHERE {_THOSE}"  # noqa: S608 - our own text
_NEXT = f"SELECT * FROM decisions WHERE id > %(after)s AND {_THOSE} ORDER BY id LIMIT %(limit)s"  # noqa: S608 - ours
