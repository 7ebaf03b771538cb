"""What an entry that chooses is about to do and has done: when next, how many would enter, and what became of whom.

What can be counted by one statement is: of whom it is true, whom re-entry refuses as things stand, who is held out.
What cannot is whoever changes until then. Those whom SQL leaves open are examined up to `MOST_EXAMINED`, and stand for
the rest; then the figures are not exact. By personal data nobody is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.audiences.asking import is_personal
from engine.audiences.counting import Counting
from engine.audiences.errors import TooSlowError
from engine.audiences.sealed import sealed_names
from engine.database import direct
from engine.journeys.audience_entries import AudienceEntry, Becoming
from engine.journeys.plan import Plan
from engine.members.facts import Subject, read_all
from engine.occurrences.models import EntryClock, Occurrence
from engine.runs.reentry import blocked, held_out
from engine.secrets.keyring import KeyRing
from rules.compile import Rule
from rules.errors import EvaluationError

MOST_EXAMINED = 2_000
PATIENCE = timedelta(seconds=10)
LATEST = 5


@dataclass(frozen=True)
class Expected:
    """Of how many it is true, and what would become of them. `first`: a first check, by which nobody enters."""

    matching: int
    refused: int
    held_out: int
    enter: int
    exact: bool
    first: bool = False


@dataclass(frozen=True)
class Past:
    """An occurrence as far as the viewer sees its members; `fates` count what became of them, `waiting` those told
    and not routed, `untold` those who were not told.
    """

    occurrence: Occurrence
    chosen: int
    fates: Mapping[str, int]


@dataclass(frozen=True)
class Outlook:
    """One entry. `uncounted` says why `expected` is none though there is a next occurrence."""

    entry: AudienceEntry
    next_at: datetime | None
    expected: Expected | None = None
    uncounted: Literal["personal", "too-slow"] | None = None
    past: Sequence[Past] = field(default_factory=tuple)


def outlooks(
    session: Session, keys: KeyRing, plan: Plan, *, now: datetime, whole: bool, latest: int = LATEST
) -> list[Outlook]:
    """The entries of a plan that choose, live or about to be. `whole`: the viewer sees all stores."""
    clocks = _clocks(session, plan.key)
    past = _past(session, plan, latest, whole=whole)
    return [_outlook(session, keys, plan, entry, clocks.get(entry.id), past.get(entry.id, ()), now)
            for entry in plan.audiences]  # fmt: skip


def _outlook(
    session: Session,
    keys: KeyRing,
    plan: Plan,
    entry: AudienceEntry,
    clock: EntryClock | None,
    past: Sequence[Past],
    now: datetime,
) -> Outlook:
    next_at = clock.next_at if clock else entry.next_after(now, plan.zone)
    rule = entry.rule(next_at, plan.zone) if next_at else None
    if next_at is None or rule is None:
        return Outlook(entry, next_at, past=past)
    fields, sealed = entry.declared, sealed_names(session)
    if any(is_personal(path, fields, sealed) for path in rule.fields):
        return Outlook(entry, next_at, uncounted="personal", past=past)
    counting = Counting(session, keys, fields, next_at, plan.zone, patience=PATIENCE)
    first = isinstance(entry.choosing, Becoming) and (clock is None or clock.checked_at is None)
    try:
        with session.begin_nested():
            expected = _expected(counting, plan, entry, rule, next_at, first=first)
    except TooSlowError:
        return Outlook(entry, next_at, uncounted="too-slow", past=past)
    return Outlook(entry, next_at, expected, past=past)


def _expected(
    counting: Counting, plan: Plan, entry: AudienceEntry, rule: Rule, at: datetime, *, first: bool
) -> Expected:
    scan = counting.scan(rule)
    is_blocked, one = blocked(plan, "found.member_id", at)
    is_held, other = held_out(plan, "found.member_id")
    new = isinstance(entry.choosing, Becoming) and not first
    statement = _COUNTED.format(found=scan.everybody(), blocked=is_blocked, held=is_held, new=_NEW if new else "TRUE")
    given = {**scan.parameters, **one, **other, "journey": plan.key, "entry": entry.id, "most": MOST_EXAMINED}
    [(matching, refused, held, doubtful, people)] = counting.rows(statement, given)
    found = _fitting(counting, rule, people or (), at)
    more = doubtful / len(people) if people else 0.0
    matching += round(len(found) * more)
    refused += round(sum(each[3] for each in found) * more)
    held += round(sum(each[4] and not each[3] for each in found) * more)
    enter = 0 if first else min(matching - refused - held, entry.limit or matching)
    return Expected(matching, refused, held, enter, doubtful <= MOST_EXAMINED, first)


def _fitting(counting: Counting, rule: Rule, people: Sequence[Sequence[Any]], at: datetime) -> list[Sequence[Any]]:
    subjects = [Subject(*each[:3]) for each in people]
    facts = read_all(counting.session, counting.keys, subjects, paths=rule.fields, now=at)
    return [each for each, known in zip(people, facts, strict=True) if _holds(rule, known, counting)]


def _holds(rule: Rule, facts: Mapping[str, Any], counting: Counting) -> bool:
    try:
        return rule.evaluate(facts, now=counting.now, zone=counting.zone) is True
    except EvaluationError:
        return False


def _clocks(session: Session, journey: str) -> dict[str, EntryClock]:
    rows = session.execute(select(EntryClock).where(col(EntryClock.journey) == journey)).scalars()
    return {clock.entry: clock for clock in rows}


def _past(session: Session, plan: Plan, latest: int, *, whole: bool) -> dict[str, list[Past]]:
    """The latest occurrences of each entry, newest first."""
    found: dict[str, list[Occurrence]] = {}
    for entry in plan.audiences:
        wanted = select(Occurrence).where(col(Occurrence.journey) == plan.key, col(Occurrence.entry) == entry.id)
        rows = session.execute(wanted.order_by(col(Occurrence.id).desc()).limit(latest)).scalars()
        found[entry.id] = list(rows)
    ids = [each.id for some in found.values() for each in some]
    fates: dict[int, dict[str, int]] = {}
    for occurrence, fate, count in direct.rows(session, _FATES, {"ids": ids}):
        fates.setdefault(occurrence, {})[fate] = count
    return {entry: [_told(each, fates.get(each.id, {}), whole=whole) for each in some] for entry, some in found.items()}


def _told(occurrence: Occurrence, fates: dict[str, int], *, whole: bool) -> Past:
    return Past(occurrence, occurrence.chosen if whole else sum(fates.values()), fates)


# As a list, which is hashed once: a look for each member would take the planner's worst way where it knows few of them.
_NEW = """found.member_id NOT IN (
    SELECT member_id FROM entry_truths WHERE journey = %(journey)s AND entry = %(entry)s)"""
_COUNTED = """
WITH found AS MATERIALIZED ({found}),
judged AS MATERIALIZED (SELECT found.*, {blocked} AS blocked, {held} AS held FROM found WHERE {new})
SELECT count(*) FILTER (WHERE NOT doubtful), count(*) FILTER (WHERE NOT doubtful AND blocked),
    count(*) FILTER (WHERE NOT doubtful AND held AND NOT blocked), count(*) FILTER (WHERE doubtful),
    (SELECT jsonb_agg(jsonb_build_array(member_id, store_id, associate_id, blocked, held)) FROM (
        SELECT * FROM judged WHERE doubtful ORDER BY hashint8(member_id), member_id LIMIT %(most)s) first)
FROM judged"""
_FATES = """
SELECT occurrence_id, COALESCE(fate, CASE WHEN seq IS NULL THEN 'untold' ELSE 'waiting' END), count(*)
FROM chosen_members WHERE occurrence_id = ANY(%(ids)s) GROUP BY 1, 2"""
