"""How many would come to a journey by events, as far as it can be told honestly before it is published.

Events of each type in the last days, and of the latest ones how many meet the condition with what is known of their
member now; re-entry, holdout and age are not looked at. Whom the entries that choose would take is told by `outlook`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from engine.database import direct
from engine.events.models import Event
from engine.journeys.plan import Plan
from engine.journeys.start import match_entry
from engine.journeys.steps import Entry
from engine.members.facts import read_facts
from engine.runs import inbox
from engine.secrets.keyring import KeyRing

DAYS = 7
LOOKED_AT = 50_000
"""So many of the latest events are looked through."""
TRIED = 100
"""So many of them are tested with the condition."""


@dataclass(frozen=True)
class ByEvent:
    """Events of a type in the last days; of `tried` latest ones, `met` meet an entry of the journey.

    `partial`: there are more events in these days than are looked through.
    """

    on: str
    events: int
    members: int
    tried: int
    met: int
    partial: bool = False


def by_event(session: Session, keys: KeyRing, plan: Plan, *, now: datetime) -> list[ByEvent]:
    """For each event type that starts the journey; the transaction sees whatever stores it sees."""
    types = sorted({entry.on for entry in plan.entries if isinstance(entry, Entry)})
    given = {"types": types, "since": now - timedelta(days=DAYS), "most": LOOKED_AT}
    counted = {on: (events, members) for on, events, members in direct.rows(session, _COUNTED, given)}
    found, partial = [], direct.scalars(session, _ALL, given) == [LOOKED_AT]
    for on in types:
        rows = direct.objects(session, Event, _LATEST, {**given, "type": on, "tried": TRIED})
        events, members = counted.get(on, (0, 0))
        found.append(ByEvent(on, events, members, len(rows), _met(session, keys, plan, rows, now), partial))
    return found


def _met(session: Session, keys: KeyRing, plan: Plan, rows: Sequence[Event], now: datetime) -> int:
    met = 0
    for row, event in zip(rows, inbox.events_in(session, rows, keys), strict=True):
        if row.member_id is None:
            continue
        place = {"member_id": row.member_id, "store_id": row.store_id, "associate_id": row.associate_id}
        facts = read_facts(session, keys, **place, paths=plan.fields, now=now)
        met += match_entry(plan, event, facts, now) is not None
    return met


_ALL = """
SELECT count(*) FROM (SELECT accepted_at FROM events ORDER BY seq DESC LIMIT %(most)s) AS recent
WHERE accepted_at > %(since)s"""
_RECENT = """(SELECT * FROM events ORDER BY seq DESC LIMIT %(most)s) AS recent
WHERE accepted_at > %(since)s AND member_id IS NOT NULL"""
_COUNTED = f"""
SELECT type, count(*), count(DISTINCT member_id) FROM {_RECENT} AND type = ANY(%(types)s) GROUP BY type"""  # noqa: S608 - constants
_LATEST = f"SELECT * FROM {_RECENT} AND type = %(type)s ORDER BY seq DESC LIMIT %(tried)s"  # noqa: S608 - constants
