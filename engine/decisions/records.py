"""Records of decisions: kept as they are made, found again by id, forgotten when they are old."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.database import direct
from engine.decisions.errors import UnknownDecisionError
from engine.decisions.models import DecisionRecord
from engine.decisions.rulesets import Ruleset
from engine.members.facts import Subject
from engine.secrets.keyring import KeyRing
from rules.tables.decide import Decision
from rules.tables.explain import masked_outcome, picked
from rules.types import Json


@dataclass(frozen=True)
class Made:
    """A decision with what it was made of; `id` once it is kept."""

    decision: Decision
    now: datetime
    zone: ZoneInfo
    subject: Subject
    facts: Mapping[str, Json]
    explanation: Mapping[str, Json] | None = None
    id: int = 0


def keep(
    session: Session,
    keys: KeyRing,
    made: Sequence[Made],
    ruleset: Ruleset,
    *,
    by: str,
    store_id: int | None,
    at: datetime,
) -> list[Made]:
    """Keep the decisions in one statement; `store_id` is where those belong that are about nobody."""
    table = ruleset.table
    given: dict[str, Any] = {
        "at": at,
        "by": by,
        "ruleset": ruleset.key,
        "version": ruleset.version,
        "hash": ruleset.hash,
        "now": [one.now for one in made],
        "zone": [one.zone.key for one in made],
        "member": [one.subject.member_id for one in made],
        "store": [_store_of(one.subject, store_id) for one in made],
        "reason": [one.decision.reason for one in made],
        "outcome": [json.dumps(masked_outcome(table, one.decision.outcome)) for one in made],
        "rows": [json.dumps(one.decision.rows) for one in made],
        "missing": [json.dumps(one.decision.missing) for one in made],
        "trouble": [json.dumps(one.decision.trouble) for one in made],
        "facts": [keys.seal_json(picked(one.facts, table.fields)) for one in made],
    }
    ids = direct.scalars(session, _KEEP, given)
    return [replace(one, id=number) for one, number in zip(made, ids, strict=True)]


def find(session: Session, decision_id: int) -> DecisionRecord:
    """One record. Raises UnknownDecisionError when none of this id is in sight."""
    found = session.get(DecisionRecord, decision_id)
    if found is None:
        raise UnknownDecisionError(f"There is no decision {decision_id} in sight.")
    return found


def facts_of(record: DecisionRecord, keys: KeyRing) -> dict[str, Json]:
    """The facts of a record, nested as rules read them."""
    nested: dict[str, Any] = {}
    for path, value in keys.open_json(record.facts_enc).items():
        *scopes, name = path.split(".")
        inner = nested
        for scope in scopes:
            inner = inner.setdefault(scope, {})
        inner[name] = value
    return nested


def trim(session: Session, *, before: datetime, limit: int) -> dict[str, int]:
    """Forget the oldest records, `limit` of them looked at."""
    gone = direct.scalars(session, _TRIM, {"before": before, "limit": limit})
    return {"judged": len(gone), "decisions": len(gone)}


def _store_of(subject: Subject, store_id: int | None) -> int | None:
    if subject.member_id is None and subject.store_id is None:
        return store_id
    return subject.store_id


# The ids are given out first: what is written may be more than the scope of the transaction lets it read again.
_KEEP = """
WITH given AS MATERIALIZED (
    SELECT nextval('decisions_id_seq') AS id, each.* FROM unnest(
        %(now)s::timestamptz[], %(zone)s::text[], %(member)s::bigint[], %(store)s::bigint[], %(reason)s::text[],
        %(outcome)s::text[], %(rows)s::text[], %(missing)s::text[], %(trouble)s::text[], %(facts)s::bytea[]
    ) WITH ORDINALITY AS each(now, zone, member_id, store_id, reason, outcome, rows, missing, trouble, facts, n)
), kept AS (
    INSERT INTO decisions (
        id, at, by, ruleset, version, hash, now, zone, member_id, store_id, reason, outcome, rows, missing, trouble,
        facts_enc)
    OVERRIDING SYSTEM VALUE
    SELECT id, %(at)s, %(by)s, %(ruleset)s, %(version)s, %(hash)s, now, zone, member_id, store_id, reason,
        NULLIF(outcome, 'null')::jsonb, rows::jsonb, missing::jsonb, NULLIF(trouble, 'null')::jsonb, facts
    FROM given
)
SELECT id FROM given ORDER BY n"""
_TRIM = """
WITH oldest AS (SELECT id, at FROM decisions ORDER BY id LIMIT %(limit)s)
DELETE FROM decisions USING oldest WHERE decisions.id = oldest.id AND oldest.at < %(before)s RETURNING decisions.id"""
