"""A record as people and programs see it: facts by path with personal ones masked, and why it was decided so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.decisions.errors import DecisionError
from engine.decisions.models import DecisionRecord
from engine.decisions.records import facts_of
from engine.decisions.rulesets import Ruleset, Rulesets
from engine.fields.personal import marked, personal_now
from engine.members.lookup import store_key
from engine.secrets.keyring import KeyRing
from rules.tables.explain import MASKED, explain, masked, masked_outcome, picked
from rules.tables.table import Table
from rules.types import Json


@dataclass(frozen=True)
class Shown:
    """A record with what is told about it. A draft's is not explained, nor what cannot be compiled here.

    What is personal now is masked, whatever the version was compiled with; of what cannot be compiled, every fact.
    `table` and `known`, all that was read, are for further questions about it, not for showing.
    """

    record: DecisionRecord
    outcome: Json
    store: str | None
    facts: dict[str, Json]
    explanation: dict[str, Json] | None
    table: Table | None = None
    known: Mapping[str, Json] = field(default_factory=dict)


def show(session: Session, keys: KeyRing, rulesets: Rulesets, record: DecisionRecord) -> Shown:
    """The record, explained again from its version and the facts that it read.

    Of a draft, and of a version that cannot be compiled here, the facts are withheld and the outcome is as recorded.
    """
    facts = facts_of(record, keys)
    ruleset = _ruleset(session, rulesets, record)
    store = store_key(session, record.store_id)
    if ruleset is None:
        return Shown(record, record.outcome, store, dict.fromkeys(_paths(facts), MASKED), None)
    known = marked(ruleset.table.known, personal_now(session))
    table, rows = replace(ruleset.table, known=known), frozenset(record.rows)
    why = explain(table, facts, now=record.now, zone=ZoneInfo(record.zone), rows=rows)
    outcome, told = masked_outcome(table, record.outcome), masked(table, picked(facts, sorted(table.fields)))
    return Shown(record, outcome, store, told, why, table, facts)


def _ruleset(session: Session, rulesets: Rulesets, record: DecisionRecord) -> Ruleset | None:
    if record.version is None:
        return None
    try:
        return rulesets.version(session, record.ruleset, record.version)
    except DecisionError:
        return None


def _paths(facts: Json, above: str = "") -> list[str]:
    if not isinstance(facts, dict):
        return [above]
    return [path for key, value in facts.items() for path in _paths(value, f"{above}.{key}" if above else key)]
