"""Starting runs: whether an event may, by re-entry, age, pauses and publication, and the row that a new run gets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.live import LiveJourney
from engine.events.models import Event
from engine.funnel import deltas
from engine.journeys.plan import Plan
from engine.journeys.start import (
    EntryMatch,
    RunHistory,
    is_held_out,
    is_too_old,
    match_entry,
    must_wait_for,
    refuse_reentry,
    start_run,
)  # fmt: skip
from engine.journeys.state import EventIn, RunRef
from engine.members.facts import read_facts
from engine.runs import inbox, states
from engine.runs.models import Pause, Run
from engine.secrets.keyring import KeyRing


@dataclass(frozen=True)
class Place:
    """Where a run belongs, fixed at entry."""

    store_id: int | None
    associate_id: int | None
    channel_id: int | None


@dataclass(frozen=True)
class Arrival:
    """An event on the way into journeys: its row, and as the interpreter takes it."""

    row: Event
    event: EventIn


class EntryWaitsError(Exception):
    """The entry cannot be decided before a live run of the journey has caught up. This is no failure."""


@dataclass(frozen=True)
class Starter:
    """Decides entries of one member, whose row the caller has locked."""

    session: Session
    member_id: int
    keys: KeyRing
    now: datetime

    def start(self, live: LiveJourney, plan: Plan, arrival: Arrival) -> Run | None:
        """The run that the event starts, holdouts included; None if it starts none. Raises EntryWaitsError."""
        event = arrival.event
        if not self._takes(live, event) or is_too_old(plan, event):
            return None
        place = self._place(arrival.row)
        match = self._match(plan, event, place)
        if match is None:
            return None
        history = self._history(plan.key, event.seq)
        if history is None:
            return None
        if plan.reentry == "after_exit" and history.live:
            self._must_be_decidable(plan.key, event)
        if refuse_reentry(plan, event, history):
            return None
        return self._insert(live, plan, arrival, match, place)

    def _takes(self, live: LiveJourney, event: EventIn) -> bool:
        """Whether the journey was published, not retired and not paused when the event was accepted."""
        at = event.accepted_at
        if at < live.first_published_at or (live.retired_at is not None and at >= live.retired_at):
            return False
        paused = select(Pause).where(
            col(Pause.journey) == live.key,
            col(Pause.run_id).is_(None),
            col(Pause.from_at) <= at,
            or_(col(Pause.to_at).is_(None), col(Pause.to_at) > at),
        )
        return self.session.execute(paused.limit(1)).first() is None

    def _place(self, event: Event) -> Place:
        """The event's store, else its channel's, its associate's, the owner's; its associate, else the owner."""
        given = {"seq": event.seq, "member": self.member_id}
        store, associate = self.session.connection().execute(_PLACE, given).one()
        return Place(store, associate, event.channel_id)

    def _match(self, plan: Plan, event: EventIn, place: Place) -> EntryMatch | None:
        where = {"member_id": self.member_id, "store_id": place.store_id, "associate_id": place.associate_id}
        facts = read_facts(self.session, self.keys, **where, paths=plan.fields, now=self.now)
        return match_entry(plan, event, facts, self.now)

    def _history(self, journey: str, seq: int) -> RunHistory | None:
        """The member's runs of the journey before the event; None if the event has started one already."""
        given = {"journey": journey, "member": self.member_id, "seq": seq}
        runs, live, latest, started = self.session.connection().execute(_HISTORY, given).one()
        return None if started else RunHistory(runs, bool(live), latest)

    def _must_be_decidable(self, journey: str, event: EventIn) -> None:
        """Raise EntryWaitsError while a live run has an earlier event to take, or a deadline that may act first."""
        wanted = select(Run).where(col(Run.journey) == journey, col(Run.member_id) == self.member_id)
        for run in self.session.execute(wanted.where(col(Run.ended_at).is_(None))).scalars():
            if run.status == "holdout":
                continue
            untaken = inbox.untaken_seqs(self.session, run.id)
            if must_wait_for(states.load(run, self.keys), event, untaken, inbox.pauses(self.session, run)):
                raise EntryWaitsError

    def _insert(self, live: LiveJourney, plan: Plan, arrival: Arrival, match: EntryMatch, place: Place) -> Run:
        event, key = arrival.event, plan.key
        numbers = self.session.connection().execute(_NUMBERS, {"journey": key, "member": self.member_id})
        run_id, n = numbers.one()
        holdout = is_held_out(plan, str(self.member_id))
        reference = RunRef(str(run_id), key, live.version, str(self.member_id))
        state = start_run(plan, reference, event, match, self.now, holdout=holdout)
        run = Run(
            id=run_id,
            journey=key,
            version=live.version,
            bundle_hash=live.bundle_hash,
            member_id=self.member_id,
            n=n,
            workflow_id=f"journey/{key}/{self.member_id}/{n}",
            entry_seq=event.seq,
            store_id=place.store_id,
            associate_id=place.associate_id,
            channel_id=place.channel_id,
            entered_at=event.at,
            now=self.now,
        )
        wake_at = state.expires if holdout else self.now
        states.keep(run, state, self.keys, paused=False, wake_at=wake_at, personal=arrival.row.personal_enc is not None)
        self.session.add(run)
        self.session.flush()
        if holdout:
            deltas.held_out(self.session, run)
        return run


_PLACE = text("""
SELECT COALESCE(event.store_id, channel.store_id, associate.store_id, owner.store_id, member.store_id),
       COALESCE(event.associate_id, owner.id)
FROM events AS event
JOIN members AS member ON member.id = :member
LEFT JOIN channels AS channel ON channel.id = event.channel_id
LEFT JOIN associates AS associate ON associate.id = event.associate_id
LEFT JOIN associates AS owner ON owner.id = member.owner_id
WHERE event.seq = :seq
""")

_HISTORY = text("""
SELECT count(*), bool_or(ended_at IS NULL OR ended_seq >= :seq), max(entered_at), bool_or(entry_seq = :seq)
FROM runs WHERE journey = :journey AND member_id = :member AND entry_seq <= :seq
""")

_NUMBERS = text("""
SELECT nextval('runs_id_seq'), COALESCE(max(n), 0) + 1 FROM runs WHERE journey = :journey AND member_id = :member
""")
