"""Trying a ruleset on what was written into a form: the decision, why it is so, and the try as a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session

from engine.decisions.asking import Question, facts_for, subject_of
from engine.decisions.changing import would_change
from engine.decisions.errors import DecisionError
from rules.scalars import parse_instant
from rules.tables.decide import Decision, decide
from rules.tables.explain import explain, masked_outcome
from rules.tables.table import Table, is_personal
from rules.types import Json
from ui.pages.visit import Visit
from ui.rulesets.tables import named
from ui.trying.facts import Filled, fill, put


@dataclass(frozen=True)
class Tried:
    """What came of a try; `outcome` is that of the decision, with what is personal masked."""

    decision: Decision
    outcome: Json
    missing: str
    explanation: Mapping[str, Json]
    test: dict[str, Json]
    """The same as a test without a name, and without what is personal."""


@dataclass(frozen=True)
class Trial:
    """The form as it was sent, and what came of it, or why nothing did."""

    form: Filled | None
    sent: Mapping[str, str] = field(default_factory=dict)
    tried: Tried | None = None
    failure: str | None = None


async def sent_form(request: Request) -> dict[str, str]:
    """The entries of a form."""
    async with request.form() as form:
        return {name: text for name, text in form.items() if isinstance(text, str)}


def trial_of(visit: Visit, session: Session, table: Table, sent: Mapping[str, str]) -> Trial:
    """What comes of a form as it was sent."""
    form = fill(table, sent, visit.language)
    try:
        now = _now(sent.get("now", ""), table, visit.now())
    except ValueError:
        return Trial(form, sent, failure="now")
    if form.failed:
        return Trial(form, sent, failure="entry")
    question = Question(now, sent.get("subject", "").strip() or None, form.facts)
    try:
        subject = subject_of(session, visit.deps.keys, question)
    except DecisionError:
        return Trial(form, sent, failure="subject")
    [facts] = facts_for(session, visit.deps.keys, table, [(question, subject)])
    return Trial(form, sent, _tried(visit, table, facts, now))


def test_of(table: Table, facts: Mapping[str, Any], now: datetime) -> dict[str, Json]:
    """Facts and what comes of them as a test: only what the table reads, and nothing that is personal."""
    given: dict[str, Json] = {}
    for path in sorted(table.fields):
        value = _read(facts, path)
        if value is not None and not is_personal(table.known.get(path)):
            put(given, path, value)
    decision = decide(table, given, now=now)
    at = now.astimezone(table.zone).isoformat(timespec="seconds")
    return {"given": {"now": at, **given}, "then": _stated(table, decision)}


def _stated(table: Table, decision: Decision) -> dict[str, Json]:
    """What a test says of a decision."""
    then: dict[str, Json] = {}
    if table.document.gives == "one" and isinstance(decision.outcome, dict):
        then |= {key: value for key, value in decision.outcome.items() if key not in table.personal_outputs}
    elif not table.personal_outputs:
        then["outcome"] = decision.outcome
    if len(decision.rows) == 1:
        then["row"] = decision.rows[0]
    elif decision.rows:
        then["rows"] = [*decision.rows]
    if decision.reason != "matched":
        then["reason"] = decision.reason
    return then


def _tried(visit: Visit, table: Table, facts: Mapping[str, Json], now: datetime) -> Tried:
    decision = decide(table, facts, now=now)
    rows = {*decision.rows, *decision.undecided}
    why = explain(table, facts, now=now, zone=table.zone, rows=rows)
    changed = would_change(table, facts, now=now, zone=table.zone, proofs=visit.deps.proofs)
    outcome = masked_outcome(table, decision.outcome)
    missing = named(decision.missing, table.known, visit.language)
    return Tried(decision, outcome, missing, {**why, "would_change": changed}, test_of(table, facts, now))


def _now(text: str, table: Table, present: datetime) -> datetime:
    if not text.strip():
        return present
    at = datetime.fromisoformat(text.strip())
    return parse_instant((at if at.tzinfo else at.replace(tzinfo=table.zone)).isoformat())


def _read(facts: Mapping[str, Any], path: str) -> Json:
    found: Any = facts
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    value: Json = found
    return value
