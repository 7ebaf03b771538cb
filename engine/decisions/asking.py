"""Asking rulesets: facts are read and given, a version decides, and what it decided is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.decisions import telling
from engine.decisions.records import Made, keep
from engine.decisions.rulesets import Ruleset
from engine.decisions.subjects import find_subject
from engine.members.facts import Subject, read_all
from engine.organisation.regions import with_regions_above
from engine.secrets.keyring import KeyRing
from rules.tables.decide import decide
from rules.tables.explain import explain
from rules.tables.table import Table
from rules.types import Json


@dataclass(frozen=True)
class Question:
    """What is asked: about whom, with which facts beside those that are known, as of when and where."""

    now: datetime
    subject: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    zone: ZoneInfo | None = None
    explain: bool = False


@dataclass(frozen=True)
class Asker:
    """Who asks: their name in the record, and the store that their questions belong to if nothing else tells one."""

    name: str
    store_id: int | None = None


def subject_of(session: Session, keys: KeyRing, question: Question) -> Subject:
    """Whom a question is about. A store whose key is given is the store meant. Raises UnknownSubjectError."""
    store = question.facts.get("store")
    key = store.get("key") if isinstance(store, dict) else None
    return find_subject(session, keys, question.subject, key if isinstance(key, str) else None)


def ask(
    session: Session,
    keys: KeyRing,
    ruleset: Ruleset,
    questions: Sequence[tuple[Question, Subject]],
    *,
    asker: Asker,
    at: datetime,
) -> list[Made]:
    """The decisions, in the order of the questions, kept; with alerts where a live version wants data or goes wrong."""
    made = [
        _decided(ruleset, question, subject, facts)
        for (question, subject), facts in zip(
            questions, facts_for(session, keys, ruleset.table, questions), strict=True
        )
    ]
    if ruleset.version is not None:
        telling.tell(session, ruleset, [each.decision for each in made], at=at)
    return keep(session, keys, made, ruleset, by=asker.name, store_id=asker.store_id, at=at)


def _decided(ruleset: Ruleset, question: Question, subject: Subject, facts: Mapping[str, Json]) -> Made:
    table, zone = ruleset.table, question.zone or ruleset.table.zone
    decision = decide(table, facts, now=question.now, zone=zone)
    why = None
    if question.explain:
        rows = {*decision.rows, *decision.undecided}
        why = explain(table, facts, now=question.now, zone=zone, rows=rows)
    return Made(decision, question.now, zone, subject, facts, why)


def facts_for(
    session: Session, keys: KeyRing, table: Table, questions: Sequence[tuple[Question, Subject]]
) -> list[Mapping[str, Json]]:
    """The facts of each question: those that are read, below those that are given and what follows from them."""
    found: list[Mapping[str, Json]] = [{} for _ in questions]
    for now in {question.now for question, _ in questions}:
        places = [i for i, (question, _) in enumerate(questions) if question.now == now]
        subjects = [questions[i][1] for i in places]
        read = read_all(session, keys, subjects, paths=_wanted(table, subjects), now=now)
        for i, facts in zip(places, read, strict=True):
            found[i] = below(facts, with_regions_above(session, questions[i][0].facts, table.fields))
    return found


def _wanted(table: Table, subjects: Sequence[Subject]) -> frozenset[str]:
    """The fields to be read; none where nobody is asked about."""
    asked = any(one.member_id or one.store_id or one.associate_id for one in subjects)
    return table.fields if asked else frozenset()


def below(read: Mapping[str, Json], given: Mapping[str, Json]) -> dict[str, Json]:
    """Facts that are read below facts that are given: a given null hides what was read."""
    found = dict(read)
    for key, value in given.items():
        inner = found.get(key)
        found[key] = below(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return found
