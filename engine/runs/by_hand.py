"""A start by hand: the event `run.requested`, accepted like any other, so that entry, re-entry and holdout hold.

StartError
├── UnknownJourneyError     nothing of this key is published
├── JourneyClosedError      it is paused or retired: it lets nobody in
├── UnknownMemberError      an internal id that is nobody's, or whoever is out of sight by whatever name
└── UnusableSubjectError    what was given is no identity, or tells of another's store

Whoever sees all stores may name somebody new, who is made on the spot as by any event; not on a page, where a new name
is a slip of the hand (`known`). Whoever sees some stores starts journeys for people in sight alone, and is not told
whether others exist. The event tells as `requested_by` who asked, and the audit keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import audit
from engine.database import retrying
from engine.database.connection import Database, Scope
from engine.definitions.models import Live
from engine.events.incoming import INTERNAL, IncomingEvent
from engine.events.ingest import ingest
from engine.events.models import Event
from engine.journeys.start import BY_HAND
from engine.members.handles import HandleError, parse_handle
from engine.members.lookup import find_member
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from rules.types import Json

SOURCE = f"{INTERNAL}runs"
BY = "requested_by"
"""Where the event's data says who asked."""


class StartError(Exception):
    """The root of what can be wrong with a start by hand."""


class UnknownJourneyError(StartError):
    """Nothing of this key is published."""


class JourneyClosedError(StartError):
    """The journey lets nobody in."""


class UnknownMemberError(StartError):
    """Nobody has this internal id, or whoever is meant is out of sight."""


class UnusableSubjectError(StartError):
    """What was given names nobody; `pointer` is the place in the request."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


@dataclass(frozen=True)
class Wanted:
    """Who asks for which journey for whom. One `name` asks once, however often it is sent: it makes the event's id.

    `known`: for a member that there is, and nobody new.
    """

    journey: str
    subject: str
    by: str
    name: str
    stores: Scope
    data: Mapping[str, Json] = field(default_factory=dict)
    known: bool = False


def whom(database: Database, keys: KeyRing, wanted: Wanted) -> int:
    """The member in sight whom a start would be about. Asks for nothing. Raises StartError, for somebody new too."""
    with database.begin() as session:
        _demand_live(session, wanted.journey)
    member, _ = _whom(database, keys, wanted)
    if member is None:
        raise UnknownMemberError(_NOBODY)
    return member


def ask(database: Database, keys: KeyRing, wanted: Wanted, *, now: datetime) -> int:
    """Accept the event that asks for a run; its place in the log. Raises StartError."""
    with database.begin() as session:
        _demand_live(session, wanted.journey)
    member, subject = _whom(database, keys, wanted)
    data = {**wanted.data, "journey": wanted.journey, BY: wanted.by}
    event = IncomingEvent(SOURCE, f"{wanted.by}/{wanted.name}", BY_HAND, subject, now, data, member_id=member)

    def work(session: Session) -> int:
        result = ingest(session, [event], now=now, keys=keys, stores=wanted.stores)
        if result.rejected:
            raise UnusableSubjectError(result.rejected[0].pointer, result.rejected[0].message)
        seq = result.seqs[0] or 0
        if not result.duplicates:
            _record(session, wanted, seq, now)
        return seq

    return retrying.run(database, work)


def asked_by(session: Session, seq: int) -> tuple[datetime, str] | None:
    """When and by whom a run was asked for whose entry is this event; None for one that began otherwise."""
    found = session.get(Event, seq)
    by = found.data.get(BY) if found is not None and found.type == BY_HAND else None
    return (found.time, by) if found is not None and isinstance(by, str) else None


def started(session: Session, journey: str, seq: int) -> int | None:
    """The run that the event began, if it has."""
    return session.execute(select(col(Run.id)).where(col(Run.journey) == journey, col(Run.entry_seq) == seq)).scalar()


def is_routed(session: Session, journey: str, seq: int) -> bool | None:
    """Whether the event has been routed, so that a run not begun will not begin; None if it asked for no run of it."""
    asked = col(Event.seq) == seq, col(Event.type) == BY_HAND, col(Event.data)["journey"].as_string() == journey
    return session.execute(select(col(Event.routed_at).is_not(None)).where(*asked)).scalar_one_or_none()


def _record(session: Session, wanted: Wanted, seq: int, now: datetime) -> None:
    member = session.execute(select(col(Event.member_id)).where(col(Event.seq) == seq)).scalar()
    after = {"event": str(seq), "member": None if member is None else str(member)}
    audit.record(session, wanted.by, BY_HAND, f"journey/{wanted.journey}", now=now, after=after)


def _demand_live(session: Session, journey: str) -> None:
    live = session.get(Live, ("journey", journey))
    if live is None:
        raise UnknownJourneyError(f"There is no published journey {journey!r}.")
    if live.state != "live":
        raise JourneyClosedError(f"The journey {journey!r} is {live.state}: it lets nobody in.")


def _whom(database: Database, keys: KeyRing, wanted: Wanted) -> tuple[int | None, str | None]:
    """The member, if one is in sight, else the identity of somebody who is to be made."""
    with database.begin(wanted.stores) as session:
        member = find_member(session, keys, wanted.subject)
    bound = wanted.stores != "*"
    if bound and "identities" in wanted.data:
        raise UnusableSubjectError("/data/identities", "A key of a region or store names the member by subject alone.")
    subject = None if member is not None else _handle(wanted.subject)
    if subject is not None and (bound or wanted.known):
        raise UnknownMemberError(_NOBODY)
    return member, subject


def _handle(subject: str) -> str:
    if subject.isdigit():
        raise UnknownMemberError(_NOBODY)
    try:
        handle = parse_handle(subject)
    except HandleError as error:
        raise UnusableSubjectError("/subject", str(error)) from error
    if not (_WECOM if handle.kind in _WECOM_KINDS else _ANY).fullmatch(handle.value):
        raise UnusableSubjectError("/subject", f"After {handle.kind}: comes an id in one word, as its system wrote it.")
    return str(handle)


_WECOM_KINDS = frozenset({"unionid", "openid", "external_userid"})
_WECOM = re.compile(r"[A-Za-z0-9_-]{1,128}")
_ANY = re.compile(r"[^\s\x00-\x1f\x7f]+")
_NOBODY = "There is no such member."
