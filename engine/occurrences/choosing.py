"""Chooses the members of an occurrence: one statement, then closures for those whom SQL leaves open, page by page.

An entry that becomes true keeps of whom it was true at the last check that was finished (`entry_truths`; its clock says
which). Its statement chooses those of whom it is true now and was not then; of whom it is true at its first check does
not enter. So the occurrences of an entry are chosen strictly in order: one begins when those before it have ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from engine.audiences.counting import Counting
from engine.audiences.errors import TooSlowError
from engine.database import direct
from engine.definitions.plans import Plans
from engine.journeys.audience_entries import AudienceEntry, Becoming
from engine.journeys.plan import Plan
from engine.members.facts import Subject, read_all
from engine.occurrences.models import Occurrence, Reason
from engine.occurrences.opening import live_entry, was_paused
from engine.runs.reentry import blocked
from engine.secrets.keyring import KeyRing
from rules.compile import Rule
from rules.errors import EvaluationError

PATIENCE = timedelta(minutes=5)
"""So long one statement may choose."""
PAGE = 500


@dataclass(frozen=True)
class _Choosing:
    """One occurrence that is being chosen, with the entry as the live version has it."""

    session: Session
    keys: KeyRing
    plan: Plan
    entry: AudienceEntry
    rule: Rule
    occurrence: Occurrence
    now: datetime
    patience: timedelta

    @property
    def given(self) -> dict[str, Any]:
        one = self.occurrence
        return {"occurrence": one.id, "journey": one.journey, "entry": one.entry, "at": one.at, "page": PAGE}

    @property
    def is_becoming(self) -> bool:
        return isinstance(self.entry.choosing, Becoming)


def unchosen(session: Session) -> list[int]:
    """The occurrences whose members are not all chosen, oldest first."""
    return direct.scalars(session, _UNCHOSEN, {})


def choose_page(
    session: Session, occurrence_id: int, *, plans: Plans, keys: KeyRing, now: datetime, patience: timedelta = PATIENCE
) -> int:
    """Choose some members; 0 when nothing is left to choose, or another router is at it or at one before it."""
    if direct.first(session, _LOCK, {"occurrence": occurrence_id}) is None:
        return 0
    occurrence = session.get_one(Occurrence, occurrence_id, populate_existing=True)
    live = live_entry(session, occurrence.journey, occurrence.entry, plans)
    rule = live.entry.rule(occurrence.at, live.plan.zone) if live is not None else None
    if live is None or rule is None:
        return 0
    choosing = _Choosing(session, keys, live.plan, live.entry, rule, occurrence, now, patience)
    try:
        more = _choose(choosing)
    except TooSlowError:
        _end(occurrence, "skipped", "too-slow", now)
        more = False
    session.flush()
    return int(more)


def _choose(choosing: _Choosing) -> bool:
    """Whether there may be more to do at once."""
    if choosing.occurrence.state == "choosing":
        with choosing.session.begin_nested():
            _by_statement(choosing)
        choosing.occurrence.state = "deciding"
        return True
    if _decide_page(choosing):
        return True
    if not choosing.is_becoming or _note_check(choosing):
        _finish(choosing)
    return False


def _by_statement(choosing: _Choosing) -> None:
    """All of whom the condition may be true, in one statement; with them, for a check, who is not any more."""
    occurrence, entry, zone = choosing.occurrence, choosing.entry, choosing.plan.zone
    if choosing.is_becoming:
        last = direct.first(choosing.session, _LAST_CHECK, choosing.given)
        occurrence.since = last[0] if last else None
    counting = Counting(
        choosing.session, choosing.keys, entry.declared, occurrence.at, zone, patience=choosing.patience
    )
    scan = counting.scan(choosing.rule)
    if choosing.is_becoming and occurrence.since is None:
        direct.execute(choosing.session, _FORGET_TRUTHS, choosing.given)
    statement = (_TURNED_TRUE if choosing.is_becoming else _CHOSEN).format(found=scan.everybody())
    counting.execute(statement, {**scan.parameters, **choosing.given})


def _decide_page(choosing: _Choosing) -> bool:
    """Let closures decide on some whom SQL left open; false when nobody is left."""
    people = [Subject(*row) for row in direct.rows(choosing.session, _DOUBTFUL, choosing.given)]
    if not people:
        return False
    fits = _fitting(choosing, people)
    everybody = [one.member_id for one in people]
    given = {**choosing.given, "all": everybody, "fits": fits, "rest": [one for one in everybody if one not in fits]}
    for statement in (_KEEP, *((_STILL_TRUE, _NO_LONGER_TRUE) if choosing.is_becoming else ()), _LEAVE_OUT):
        direct.execute(choosing.session, statement, given)
    return True


def _fitting(choosing: _Choosing, people: Sequence[Subject]) -> list[int]:
    rule, at = choosing.rule, choosing.occurrence.at
    facts = read_all(choosing.session, choosing.keys, people, paths=rule.fields, now=at)
    return [one.member_id or 0 for one, known in zip(people, facts, strict=True) if _holds(choosing, known)]


def _holds(choosing: _Choosing, facts: Mapping[str, Any]) -> bool:
    try:
        return choosing.rule.evaluate(facts, now=choosing.occurrence.at, zone=choosing.plan.zone) is True
    except EvaluationError:
        return False


def _note_check(choosing: _Choosing) -> bool:
    """Note on the entry's clock that this check is finished; false while its members are told, or it is published."""
    if direct.first(choosing.session, _LOCK_CLOCK, choosing.given) is None:
        return False
    direct.execute(choosing.session, _CHECKED, choosing.given)
    return True


def _finish(choosing: _Choosing) -> None:
    """All are decided: keep the truths, hold to the limit, and let them be told unless something stands against it."""
    session, occurrence, given = choosing.session, choosing.occurrence, choosing.given
    if choosing.is_becoming:
        direct.execute(session, _KEEP_TRUTHS, given)
    against = _against(choosing)
    if against is None and choosing.entry.limit is not None:
        block, more = blocked(choosing.plan, "c.member_id", occurrence.at)
        limit = {"limit": choosing.entry.limit, **more}
        direct.execute(session, _HOLD_TO_LIMIT.format(blocked=block), {**given, **limit})
    [occurrence.chosen] = direct.scalars(session, _COUNT, given)
    if against is not None:
        direct.execute(session, _FORGET_CHOSEN, given)
        _end(occurrence, "skipped", against, choosing.now)
    elif occurrence.chosen:
        occurrence.state = "issuing"
    else:
        _end(occurrence, "done", None, choosing.now)


def _against(choosing: _Choosing) -> Reason | None:
    """Why a check tells nobody of whom it found it true."""
    if not choosing.is_becoming:
        return None
    if choosing.occurrence.since is None:
        return "first-check"
    return "paused" if was_paused(choosing.session, choosing.plan.key, choosing.occurrence.at) else None


def _end(occurrence: Occurrence, state: str, reason: Reason | None, now: datetime) -> None:
    occurrence.state, occurrence.reason, occurrence.ended_at = state, reason, now


_UNCHOSEN = """
SELECT id FROM occurrences WHERE state IN ('choosing', 'deciding') AND ended_at IS NULL ORDER BY at, id"""
# Those before it never begin again, so what the statement does not see stays so while the row is locked.
_LOCK = """
SELECT 1 FROM occurrences o WHERE o.id = %(occurrence)s AND o.state IN ('choosing', 'deciding') AND NOT EXISTS (
    SELECT 1 FROM occurrences b WHERE b.journey = o.journey AND b.entry = o.entry AND b.id < o.id
    AND b.state IN ('choosing', 'deciding') AND b.ended_at IS NULL)
FOR UPDATE OF o SKIP LOCKED"""
_LAST_CHECK = "SELECT checked_at FROM entry_clocks WHERE journey = %(journey)s AND entry = %(entry)s"
# Publishing locks the clock before the occurrence: so it is not waited for here.
_LOCK_CLOCK = f"{_LAST_CHECK} FOR UPDATE SKIP LOCKED"
_CHECKED = "UPDATE entry_clocks SET checked_at = %(at)s WHERE journey = %(journey)s AND entry = %(entry)s"
_CHOSEN = """
WITH found AS MATERIALIZED ({found})
INSERT INTO chosen_members (occurrence_id, member_id, doubtful)
SELECT %(occurrence)s, member_id, doubtful FROM found
ON CONFLICT DO NOTHING"""
_TURNED_TRUE = """
WITH found AS MATERIALIZED ({found}),
before AS MATERIALIZED (SELECT member_id FROM entry_truths WHERE journey = %(journey)s AND entry = %(entry)s),
over AS (
    DELETE FROM entry_truths WHERE journey = %(journey)s AND entry = %(entry)s
    AND member_id IN (SELECT member_id FROM before EXCEPT SELECT member_id FROM found))
INSERT INTO chosen_members (occurrence_id, member_id, doubtful)
SELECT %(occurrence)s, member_id, doubtful FROM found
WHERE doubtful OR member_id NOT IN (SELECT member_id FROM before)
ON CONFLICT DO NOTHING"""
_FORGET_TRUTHS = "DELETE FROM entry_truths WHERE journey = %(journey)s AND entry = %(entry)s"
_DOUBTFUL = """
SELECT m.id, m.store_id, m.owner_id FROM chosen_members c JOIN members m ON m.id = c.member_id
WHERE c.occurrence_id = %(occurrence)s AND c.doubtful ORDER BY m.id LIMIT %(page)s"""
_KEEP = """
UPDATE chosen_members SET doubtful = FALSE WHERE occurrence_id = %(occurrence)s AND member_id = ANY(%(fits)s)"""
_STILL_TRUE = """
DELETE FROM chosen_members c USING entry_truths t
WHERE c.occurrence_id = %(occurrence)s AND c.member_id = ANY(%(fits)s)
AND t.journey = %(journey)s AND t.entry = %(entry)s AND t.member_id = c.member_id"""
_NO_LONGER_TRUE = """
DELETE FROM entry_truths WHERE journey = %(journey)s AND entry = %(entry)s AND member_id = ANY(%(rest)s)"""
_LEAVE_OUT = """
DELETE FROM chosen_members WHERE occurrence_id = %(occurrence)s AND member_id = ANY(%(all)s) AND doubtful"""
_KEEP_TRUTHS = """
INSERT INTO entry_truths (journey, entry, member_id, since)
SELECT %(journey)s, %(entry)s, member_id, %(at)s FROM chosen_members WHERE occurrence_id = %(occurrence)s
ON CONFLICT DO NOTHING"""
# Whom re-entry would refuse comes last, and who of the others is taken differs from one occurrence to the next.
_HOLD_TO_LIMIT = """
DELETE FROM chosen_members WHERE occurrence_id = %(occurrence)s AND member_id IN (
    SELECT c.member_id FROM chosen_members c WHERE c.occurrence_id = %(occurrence)s
    ORDER BY {blocked}, hashint8extended(c.member_id, %(occurrence)s), c.member_id OFFSET %(limit)s)"""
_COUNT = "SELECT count(*) FROM chosen_members WHERE occurrence_id = %(occurrence)s"
_FORGET_CHOSEN = "DELETE FROM chosen_members WHERE occurrence_id = %(occurrence)s"
