"""A journey's document, tried on a real or made-up member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.database import direct
from engine.definitions import checks
from engine.definitions.errors import NotPublishableError
from engine.events.log import events_facts
from engine.events.models import Event
from engine.journeys.compiled import compiled
from engine.journeys.context import CheckContext
from engine.journeys.plan import Plan, PlanError
from engine.journeys.start import match_entry
from engine.journeys.state import EventIn
from engine.journeys.trying.privacy import Privacy, personal_of
from engine.journeys.trying.script import Script
from engine.journeys.trying.simulation import Simulation, simulate
from engine.members.facts import Subject, read_all
from engine.members.profile import mask
from engine.secrets.keyring import KeyRing
from engine.trying.people import find_person, with_records
from rules.types import Fields, Json

LATEST = 60
"""So many of the latest events are looked at for members who would enter."""


@dataclass(frozen=True)
class Suggestion:
    """A member whose latest event would let them enter: the event as a script gives it."""

    member_id: int
    on: str
    data: dict[str, Json]
    at: datetime


def plan_to_try(key: str, document: dict[str, Json], context: CheckContext) -> Plan:
    """The plan of a document. Raises NotPublishableError, with its findings, for one that cannot run."""
    try:
        return compiled(document, context)
    except PlanError as error:
        raise NotPublishableError(checks.find("journey", key, document, context)) from error


def try_script(
    session: Session, keys: KeyRing, plan: Plan, script: Script, *, fields: Fields, now: datetime
) -> Simulation:
    """What becomes of a script. The session sees what whoever asks may see. Raises UnknownPersonError."""
    when = with_records(session, script.when)
    script, who = script.model_copy(update={"when": when}), script.member
    if who is None:
        return simulate(plan, script)
    moment = script.given.now or now.isoformat()
    script = script.model_copy(update={"given": script.given.model_copy(update={"now": moment})})
    person = find_person(session, keys, plan, who, when, now=now)
    privacy = Privacy(personal_of(fields), mask)
    return simulate(plan, script, member=str(person.member_id), known=person.known, privacy=privacy)


def suggest(session: Session, keys: KeyRing, plan: Plan, *, now: datetime, most: int = 3) -> list[Suggestion]:
    """Members in sight whom a recent event would let enter, the latest first, each once."""
    wanted = {"types": sorted(plan.entry_event_types), "limit": LATEST}
    rows = direct.objects(session, Event, _LATEST, wanted) if plan.entry_event_types else []
    facts = events_facts(session, rows)
    subjects = [Subject(row.member_id, row.store_id, row.associate_id) for row in rows]
    known = read_all(session, keys, subjects, paths=plan.fields, now=now) if rows else []
    found: dict[int, Suggestion] = {}
    for row, about in zip(rows, known, strict=True):
        event = EventIn(row.seq, row.type, row.time, row.accepted_at, facts[row.seq])
        if row.member_id is not None and row.member_id not in found and match_entry(plan, event, about, now):
            found[row.member_id] = Suggestion(row.member_id, row.type, dict(row.data), row.accepted_at)
    return [*found.values()][:most]


_LATEST = """
SELECT * FROM events WHERE type = ANY(%(types)s) AND member_id IS NOT NULL ORDER BY seq DESC LIMIT %(limit)s"""
