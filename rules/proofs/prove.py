"""All proofs of a table: what a ruleset's author is told before publishing and on every edit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rules.proofs import messages
from rules.proofs.budget import Budget, NotSettledError
from rules.proofs.changes import changes
from rules.proofs.claims import Prover
from rules.proofs.covers import Impossible, gaps, hidden_rows
from rules.proofs.findings import MOST, Finding
from rules.proofs.overlaps import overlaps
from rules.proofs.promises import promises
from rules.proofs.proving import Proving
from rules.proofs.space import space_of
from rules.proofs.totals import totals
from rules.tables.table import Table


def prove(
    table: Table,
    *,
    now: datetime,
    prover: Prover | None,
    live: Table | None = None,
    budget: Budget | None = None,
) -> list[Finding]:
    """What can go wrong with a table that has no problems; with `live`, also for whom it changes the outcome.

    Examples are near `now` where that does not matter. Without a prover, and where the budget is used up, what is not
    settled is a finding `not-proved`. Every example was decided and confirmed.
    """
    budget = budget or Budget()
    proving = Proving(space_of((table,), table.zone, now), prover, budget)
    found = list(_defects(proving, table))
    if live is not None:
        found += changes(live, table, zone=table.zone, now=now, prover=prover, budget=budget)
    return found


def _defects(proving: Proving, table: Table) -> Iterator[Finding]:
    document = table.document
    impossible = Impossible(proving)
    yield from _bounded(impossible.findings(), "impossible-row")
    if document.hit in {"unique", "any"}:
        yield from _settled(overlaps(proving), "overlap")
    if document.hit == "first":
        yield from _bounded(hidden_rows(proving, impossible.numbers), "hidden-row")
    if document.complete or document.otherwise is None:
        yield from gaps(proving)
    yield from totals(proving)
    yield from promises(proving)


def _bounded(findings: Iterator[Finding], code: str) -> Iterator[Finding]:
    """The first findings of a code in full, and how many more there are; and what was not proved."""
    told = more = 0
    for finding in findings:
        if finding.code != code or told < MOST:
            told += finding.code == code
            yield finding
        else:
            more += 1
    if more:
        yield messages.more(code, more, "warning")


def _settled(findings: Iterator[Finding], code: str) -> Iterator[Finding]:
    """The findings; where time runs out, that the rest was not proved."""
    try:
        yield from findings
    except NotSettledError:
        yield messages.not_proved(code, "/rows")
