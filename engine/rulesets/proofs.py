"""What can go wrong with a ruleset, and for whom it changes the outcome: the proofs, as findings."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from rules.proofs import findings as proofs
from rules.proofs.budget import Budget
from rules.proofs.changes import may_differ
from rules.proofs.prove import prove
from rules.tables.table import Table

SOME_DAY = datetime(2026, 1, 7, 2, tzinfo=UTC)
"""The moment that examples are near to where nobody says which day it is."""


def proved(table: Table, context: CheckContext) -> list[Finding]:
    """What the proofs find; nothing where none are tried."""
    if context.proofs is None:
        return []
    pinned = context.rulesets(table.key)
    live = pinned.table if pinned is not None else None
    found = prove(
        table,
        now=context.now or SOME_DAY,
        prover=context.proofs.prover,
        live=live if live is not None and may_differ(live, table) else None,
        budget=Budget(context.proofs.seconds),
    )
    return [_as_finding(each) for each in found]


def _as_finding(found: proofs.Finding) -> Finding:
    return Finding(
        code=found.code,
        severity=found.severity,
        pointer=found.pointer,
        message={**found.message},
        example=found.example,
        rows=found.rows,
        box=found.box if found.example is not None else None,
    )
