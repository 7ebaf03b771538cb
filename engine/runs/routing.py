"""Routing: one transaction in which a member's events, in order, reach the live runs and start new ones.

The caller holds the member's lease and, from `route_member` on, the member's row lock. After the commit it starts the
new executions and wakes the others; what is lost between the two is found by the sweeper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from engine.database import direct
from engine.definitions.live import LiveJourney
from engine.definitions.plans import Plans
from engine.events.models import Event
from engine.events.types import INTERACTIVE
from engine.journeys.plan import Plan, PlanError
from engine.journeys.start import is_kept_from_before
from engine.journeys.state import EventIn
from engine.members.contacts import TELLING_CONTACTS, is_unknown
from engine.occurrences import fates
from engine.occurrences.fates import Fate
from engine.runs import calls, holdout, inbox, store
from engine.runs.entrances import EntranceCache, Entrances
from engine.runs.models import Call as CallAsked
from engine.runs.models import Run
from engine.runs.start import Arrival, Declined, Entry, EntryWaitsError, JourneyBrokenError, Refused, Starter
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

    `broken`: the journey that it waits for, since this process cannot compile it.

    `traces` are those that accepted the events. `unknown`: nothing was done, since WeCom should be asked first who the
    contact is.
    """

    started: tuple[Call, ...] = ()
    woken: tuple[Call, ...] = ()
    events: int = 0
    waits: bool = False
    broken: str | None = None
    more: bool = False
    traces: tuple[str, ...] = ()
    unknown: bool = False


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
    held = routing.route_all(rows)
    traces = tuple(row.trace for row in rows if row.trace is not None)
    return replace(held, traces=traces, more=len(rows) == EVENTS_AT_ONCE)


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

    def route_all(self, rows: Sequence[Event]) -> Routed:
        """Route these events in order, up to the first that has to wait."""
        waits, broken = False, None
        try:
            if rows:
                self._demand_plans()
            for arrival in self._arrivals(rows):
                self._route(arrival)
        except JourneyBrokenError as error:
            waits, broken = True, error.journey
        except EntryWaitsError:
            waits = True
        if self.routed:
            direct.execute(self.session, _ROUTED, {"seqs": self.routed, "now": self.now})
        woken = tuple(call for run_id, call in self.woken.items() if run_id not in self.started)
        return Routed(tuple(self.started.values()), woken, len(self.routed), waits, broken)

    def _arrivals(self, rows: Sequence[Event]) -> list[Arrival]:
        """What came, as journeys see it where one will look at it now; what is only handed on is not read."""
        events = self._events(rows) if self._looks_at(rows) else inbox.unread(rows)
        return [Arrival(row, event) for row, event in zip(rows, events, strict=True)]

    def _looks_at(self, rows: Sequence[Event]) -> bool:
        """Whether one of them may start a run, or be the goal or the exit of a holdout."""
        if any(run.status == "holdout" for run in self.runs):
            return True
        return any(self.entrances.may_start(row.type) for row in rows)

    def _route(self, arrival: Arrival) -> None:
        """Start what the event starts, then hand it to the runs that were there before it. Raises EntryWaitsError.

        All entries are decided before the first is written: an event that has to wait has done nothing.
        """
        self._let_age_act(arrival.event)
        starter = Starter(self.session, self.member_id, self.runs, self.keys, self.now)
        call = calls.question_of(self.session, arrival.event)
        if call is not None and not self._may_enter(call):
            self.routed.append(arrival.event.seq)
            return
        entrances = self.entrances.of(arrival.event)
        decided = [
            starter.decide(*(self._pinned(call, live, plan) if call else (live, plan)), arrival)
            for live, plan in entrances
        ]
        starter.tell(decided)
        begun = [starter.begin(entry) for entry in decided if isinstance(entry, Entry)]
        if call is not None:
            self._answer(call, decided, begun)
        if fates.is_ours(arrival.event):
            self._note_fate(arrival.event, decided, begun)
        self._deliver(arrival)
        for run in begun:
            self._keep_what_is_routed(run, arrival)
            self.runs.append(run)
            if run.status != "holdout":
                self.started[run.id] = _call(run, urgent=arrival.row.priority == INTERACTIVE)
        self.routed.append(arrival.event.seq)

    def _may_enter(self, call: CallAsked) -> bool:
        """Whether a call is still waited for, and not too deep."""
        if not calls.is_waited_for(self.session, call):
            return False
        if call.depth > calls.MAX_DEPTH:
            self._refuse(call, "too-deep")
            return False
        return True

    def _pinned(self, call: CallAsked, live: LiveJourney, plan: Plan) -> tuple[LiveJourney, Plan]:
        """The version that a call enters: that to which its caller was bound, whatever is live now."""
        if call.bundle_hash is None or call.version is None or call.bundle_hash == live.bundle_hash:
            return live, plan
        try:
            pinned = self.plans.get(self.session, call.bundle_hash)
        except PlanError as error:
            raise JourneyBrokenError(live.key) from error
        return replace(live, version=call.version, bundle_hash=call.bundle_hash), pinned

    def _answer(self, call: CallAsked, decided: Sequence[Entry | Refused | Declined], begun: Sequence[Run]) -> None:
        """Tell the caller whether the member was let in."""
        if begun:
            if calls.entered(self.session, call, begun[0], keys=self.keys, now=self.now):
                self._wake(call.run_id)
            return
        first = decided[0] if decided else None
        match first:
            case Declined(why="once" | "live" | "cooldown" | "too-old" | "changed"):
                self._refuse(call, first.why)
            case Refused():
                self._refuse(call, "paused")
            case _:
                self._refuse(call, "retired")

    def _refuse(self, call: CallAsked, why: str) -> None:
        calls.refused(self.session, call, why, keys=self.keys, now=self.now)
        self._wake(call.run_id)

    def _wake(self, run_id: int) -> None:
        caller = next((run for run in self.runs if run.id == run_id), None)
        if caller is not None:
            self.woken[run_id] = _call(caller)

    def _note_fate(self, event: EventIn, decided: Sequence[Entry | Refused | Declined], begun: Sequence[Run]) -> None:
        """Tell the occurrence that chose the member what its own journey made of them."""
        own = event.data.get("journey")
        fate: Fate = "retired"
        for each in decided:
            if each.live.key == own:
                if isinstance(each, Declined) and each.why == "started":
                    return
                fate = each.why if isinstance(each, Declined) and each.why != "started" else "paused"
        for run in begun:
            if run.journey == own:
                fate = "holdout" if run.status == "holdout" else "entered"
        fates.note(self.session, event.seq, fate)

    def _deliver(self, arrival: Arrival) -> None:
        takers = [run for run in self.runs if arrival.event.type in self._plan(run).event_types]
        live = {run.id: run for run in takers if run.status != "holdout"}
        for run_id in inbox.deliver(self.session, live, arrival.event.seq, self.now) if live else ():
            self.woken[run_id] = _call(live[run_id])
        for run in takers:
            if run.status == "holdout" and run.ended_at is None:
                holdout.watch(self.session, run, self._plan(run), [arrival.event], keys=self.keys, now=self.now)

    def _demand_plans(self) -> None:
        """Raise JourneyBrokenError for a live run of which nobody can say here what it takes."""
        for run in self.runs:
            try:
                self._plan(run)
            except PlanError as error:
                raise JourneyBrokenError(run.journey) from error

    def _let_age_act(self, event: EventIn) -> None:
        """End the holdouts whose time was over before the event: nothing else waits for them."""
        for run in self.runs:
            if run.status == "holdout" and run.ended_at is None and run.wake_at and run.wake_at < event.at:
                holdout.watch(self.session, run, self._plan(run), [], keys=self.keys, now=self.now)

    def _keep_what_is_routed(self, run: Run, arrival: Arrival) -> None:
        """Events that were accepted before the entry event but are not older than it belong to the run as well.

        So do later ones that count as routed: nobody named their type while the journey was being published.
        """
        plan, entry = self._plan(run), arrival.event
        given = {"member": self.member_id, "entry": entry.seq, "types": list(plan.event_types), "since": entry.at}
        events = self._events(direct.objects(self.session, Event, _ROUTED_ALREADY, given))
        kept = [event for event in events if event.seq > entry.seq or is_kept_from_before(event, entry)]
        if run.status == "holdout":
            holdout.watch(self.session, run, plan, kept, keys=self.keys, now=self.now)
            return
        for event in kept:
            inbox.deliver(self.session, [run.id], event.seq, self.now)

    def _events(self, rows: Sequence[Event]) -> list[EventIn]:
        return inbox.events_in(self.session, rows, self.keys)

    def _plan(self, run: Run) -> Plan:
        return self.plans.get(self.session, run.bundle_hash)


def _call(run: Run, *, urgent: bool = False) -> Call:
    return Call(run.workflow_id, run.id, run.turn + 1, urgent)


_UNROUTED = """
SELECT * FROM events WHERE member_id = %(member)s AND routed_at IS NULL ORDER BY seq LIMIT %(most)s"""
_ROUTED = "UPDATE events SET routed_at = %(now)s WHERE seq = ANY(%(seqs)s)"
# Of those accepted after the entry event all belong to the run, whenever they happened.
_ROUTED_ALREADY = """
SELECT * FROM events
WHERE member_id = %(member)s AND type = ANY(%(types)s) AND (
    (seq < %(entry)s AND LEAST(time, accepted_at) >= date_trunc('second', %(since)s::timestamptz))
    OR (seq > %(entry)s AND routed_at IS NOT NULL))
ORDER BY seq"""
