"""Routing: one transaction in which a member's events, in order, reach the live runs and start new ones.

The caller holds the member's lease and, from `route_member` on, the member's row lock. After the commit it starts the
new executions and wakes the others; what is lost between the two is found by the sweeper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from engine.database import direct
from engine.definitions.live import LiveJourney, live_journeys
from engine.definitions.plans import Plans
from engine.events.models import Event
from engine.events.types import INTERACTIVE
from engine.journeys.plan import Plan
from engine.journeys.start import BY_HAND, is_kept_from_before
from engine.journeys.state import EventIn
from engine.members.contacts import TELLING_CONTACTS, is_unknown
from engine.runs import holdout, inbox, store
from engine.runs.models import Run
from engine.runs.start import Arrival, Entry, EntryWaitsError, Starter
from engine.secrets.keyring import KeyRing

EVENTS_AT_ONCE = 200


@dataclass(frozen=True)
class Call:
    """A run whose execution is to be started or woken: its id in Temporal, and its next turn.

    `urgent`: a customer is waiting for what it begins with.
    """

    workflow_id: str
    run_id: int
    next_turn: int
    urgent: bool = False


@dataclass(frozen=True)
class Routed:
    """What a routing did. `waits`: the next event's entry cannot be decided yet; `more`: there are further events.

    `traces` are those that accepted the events. `unknown`: nothing was done, since WeCom should be asked first who the
    contact is.
    """

    started: tuple[Call, ...] = ()
    woken: tuple[Call, ...] = ()
    events: int = 0
    waits: bool = False
    more: bool = False
    traces: tuple[str, ...] = ()
    unknown: bool = False


@dataclass(frozen=True)
class Entrances:
    """The live journeys, compiled, by the event types that start them, as of a revision."""

    revision: int
    by_type: Mapping[str, Sequence[tuple[LiveJourney, Plan]]]
    by_key: Mapping[str, tuple[LiveJourney, Plan]]

    def of(self, arrival: Arrival) -> Sequence[tuple[LiveJourney, Plan]]:
        """The journeys that an event may start."""
        if arrival.event.type == BY_HAND:
            wanted = self.by_key.get(str(arrival.event.data.get("journey")))
            return [wanted] if wanted else []
        return self.by_type.get(arrival.event.type, [])


@dataclass
class EntranceCache:
    """The entrances as they were read last. Threads may share it: each is given one whole revision."""

    plans: Plans
    _latest: Entrances | None = None

    def read(self, session: Session) -> Entrances:
        """The entrances now. Only the revision is looked at unless it has changed."""
        latest = self._latest
        if latest is None or direct.scalars(session, _REVISION, {}) != [latest.revision]:
            latest = self._latest = self._compiled(session)
        return latest

    def _compiled(self, session: Session) -> Entrances:
        live = live_journeys(session)
        compiled = [(journey, self.plans.get(session, journey.bundle_hash)) for journey in live.journeys]
        by_type: dict[str, list[tuple[LiveJourney, Plan]]] = {}
        for journey, plan in compiled:
            for event_type in plan.entry_event_types:
                by_type.setdefault(event_type, []).append((journey, plan))
        return Entrances(live.revision, by_type, {journey.key: (journey, plan) for journey, plan in compiled})


def route_member(
    session: Session,
    member_id: int,
    *,
    cache: EntranceCache,
    plans: Plans,
    keys: KeyRing,
    now: datetime,
    ask_first: bool = False,
) -> Routed:
    """Route what the member has waiting, as far as it can be decided now.

    `ask_first`: leave a contact alone of whom only WeCom's name is known, so that the caller can ask who it is.
    """
    store.lock_member(session, member_id)
    rows = direct.objects(session, Event, _UNROUTED, {"member": member_id, "most": EVENTS_AT_ONCE})
    if ask_first and any(row.type in TELLING_CONTACTS for row in rows) and is_unknown(session, member_id):
        return Routed(unknown=True)
    # Read after the events: none of them meets a live set that is older than itself.
    routing = _Routing(session, member_id, cache.read(session), plans, keys, now)
    waits = False
    for arrival in routing.arrivals(rows):
        try:
            routing.route(arrival)
        except EntryWaitsError:
            waits = True
            break
    routing.finish()
    traces = tuple(row.trace for row in rows if row.trace is not None)
    return replace(routing.result(waits=waits, more=len(rows) == EVENTS_AT_ONCE), traces=traces)


@dataclass
class _Routing:
    session: Session
    member_id: int
    entrances: Entrances
    plans: Plans
    keys: KeyRing
    now: datetime
    routed: list[int] = field(default_factory=list)
    started: dict[int, Call] = field(default_factory=dict)
    woken: dict[int, Call] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runs = store.live_runs(self.session, self.member_id)

    def arrivals(self, rows: Sequence[Event]) -> list[Arrival]:
        """What came, as journeys see it where one will look at it now; what is only handed on is not read."""
        events = self._events(rows) if self._looks_at(rows) else inbox.unread(rows)
        return [Arrival(row, event) for row, event in zip(rows, events, strict=True)]

    def _looks_at(self, rows: Sequence[Event]) -> bool:
        """Whether one of them may start a run, or be the goal or the exit of a holdout."""
        if any(run.status == "holdout" for run in self.runs):
            return True
        return any(row.type == BY_HAND or row.type in self.entrances.by_type for row in rows)

    def route(self, arrival: Arrival) -> None:
        """Start what the event starts, then hand it to the runs that were there before it. Raises EntryWaitsError.

        All entries are decided before the first is written: an event that has to wait has done nothing.
        """
        self._let_age_act(arrival.event)
        starter = Starter(self.session, self.member_id, self.runs, self.keys, self.now)
        decided = [starter.decide(journey, plan, arrival) for journey, plan in self.entrances.of(arrival)]
        starter.tell(decided)
        begun = [starter.begin(entry) for entry in decided if isinstance(entry, Entry)]
        self._deliver(arrival)
        for run in begun:
            self._keep_from_before(run, arrival)
            self.runs.append(run)
            if run.status != "holdout":
                self.started[run.id] = _call(run, urgent=arrival.row.priority == INTERACTIVE)
        self.routed.append(arrival.event.seq)

    def finish(self) -> None:
        """Mark what was routed."""
        if self.routed:
            direct.execute(self.session, _ROUTED, {"seqs": self.routed, "now": self.now})

    def result(self, *, waits: bool, more: bool) -> Routed:
        woken = tuple(call for run_id, call in self.woken.items() if run_id not in self.started)
        return Routed(tuple(self.started.values()), woken, len(self.routed), waits, more)

    def _deliver(self, arrival: Arrival) -> None:
        takers = [run for run in self.runs if arrival.event.type in self._plan(run).event_types]
        live = {run.id: run for run in takers if run.status != "holdout"}
        for run_id in inbox.deliver(self.session, live, arrival.event.seq, self.now) if live else ():
            self.woken[run_id] = _call(live[run_id])
        for run in takers:
            if run.status == "holdout" and run.ended_at is None:
                holdout.watch(self.session, run, self._plan(run), [arrival.event], keys=self.keys, now=self.now)

    def _let_age_act(self, event: EventIn) -> None:
        """End the holdouts whose time was over before the event: nothing else waits for them."""
        for run in self.runs:
            if run.status == "holdout" and run.ended_at is None and run.wake_at and run.wake_at < event.at:
                holdout.watch(self.session, run, self._plan(run), [], keys=self.keys, now=self.now)

    def _keep_from_before(self, run: Run, arrival: Arrival) -> None:
        """Events that were accepted before the entry event but are not older than it belong to the run as well."""
        plan, entry = self._plan(run), arrival.event
        given = {"member": self.member_id, "entry": entry.seq, "types": list(plan.event_types), "since": entry.at}
        rows = direct.objects(self.session, Event, _ACCEPTED_BEFORE, given)
        before = [event for event in self._events(rows) if is_kept_from_before(event, entry)]
        if run.status == "holdout":
            holdout.watch(self.session, run, plan, before, keys=self.keys, now=self.now)
            return
        for event in before:
            inbox.deliver(self.session, [run.id], event.seq, self.now)

    def _events(self, rows: Sequence[Event]) -> list[EventIn]:
        return inbox.events_in(self.session, rows, self.keys)

    def _plan(self, run: Run) -> Plan:
        return self.plans.get(self.session, run.bundle_hash)


def _call(run: Run, *, urgent: bool = False) -> Call:
    return Call(run.workflow_id, run.id, run.turn + 1, urgent)


_REVISION = "SELECT revision FROM live_revision"
_UNROUTED = """
SELECT * FROM events WHERE member_id = %(member)s AND routed_at IS NULL ORDER BY seq LIMIT %(most)s"""
_ROUTED = "UPDATE events SET routed_at = %(now)s WHERE seq = ANY(%(seqs)s)"
_ACCEPTED_BEFORE = """
SELECT * FROM events
WHERE member_id = %(member)s AND seq < %(entry)s AND type = ANY(%(types)s)
AND LEAST(time, accepted_at) >= date_trunc('second', %(since)s::timestamptz)
ORDER BY seq"""
