"""Starting runs: whether an event may, by re-entry, age, pauses and publication, and the row that a new run gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy.orm import Session

from engine.alerts.store import signal
from engine.database import direct
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
from engine.journeys.state import Alert, EventIn, RunRef
from engine.members.facts import read_facts
from engine.runs import inbox, states, store
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing


@dataclass(frozen=True)
class Arrival:
    """An event on the way into journeys: its row, and as the interpreter takes it."""

    row: Event
    event: EventIn


class EntryWaitsError(Exception):
    """The entry cannot be decided before a live run of the journey has caught up. This is no failure."""


class JourneyBrokenError(EntryWaitsError):
    """The journey cannot be compiled here: whoever may enter it, or is inside, waits until it is mended."""

    def __init__(self, journey: str) -> None:
        super().__init__(f"The journey {journey} cannot be compiled here.")
        self.journey = journey


@dataclass(frozen=True)
class Circumstances:
    """What an entry depends on, read in one statement. `started`: the event has started a run of the journey before."""

    paused: bool
    store_id: int | None
    associate_id: int | None
    runs: int
    live: bool
    latest: datetime | None
    started: bool
    highest: int
    next_id: int

    @property
    def history(self) -> RunHistory:
        """The member's runs of the journey before the event."""
        return RunHistory(self.runs, self.live, self.latest)


@dataclass(frozen=True)
class Entry:
    """A run that an event is to start, decided and not yet written."""

    live: LiveJourney
    plan: Plan
    arrival: Arrival
    match: EntryMatch
    here: Circumstances


Why: TypeAlias = Literal["too-old", "live", "once", "cooldown", "started", "changed"]
"""Why an event starts no run: its age, re-entry, that it has done so before, or that no entry matches it."""


@dataclass(frozen=True)
class Declined:
    """A run that the event does not start."""

    live: LiveJourney
    why: Why


@dataclass(frozen=True)
class Refused:
    """An entry that only its journey's pause kept out: it is counted."""

    live: LiveJourney
    arrival: Arrival
    here: Circumstances


@dataclass(frozen=True)
class Starter:
    """Decides entries of one member, whose row the caller has locked. `runs` are the member's live runs.

    `alerts` are errors of entry conditions, each with its journey.
    """

    session: Session
    member_id: int
    runs: Sequence[Run]
    keys: KeyRing
    now: datetime
    alerts: list[tuple[str, Alert]] = field(default_factory=list)

    def decide(self, live: LiveJourney, plan: Plan, arrival: Arrival) -> Entry | Refused | Declined:
        """The run that the event is to start, or why it starts none. Writes nothing. Raises EntryWaitsError."""
        event = arrival.event
        if is_too_old(plan, event):
            return Declined(live, "too-old")
        if plan.reentry == "after_exit" and self._refused_while_live(plan.key, event):
            return Declined(live, "live")
        here = self._look(plan.key, event)
        if here.started:
            return Declined(live, "started")
        match = self._match(plan, event, here)
        if match is None:
            return Declined(live, "changed")
        refusal = refuse_reentry(plan, event.at, here.history)
        if here.paused:
            return Declined(live, refusal) if refusal else Refused(live, arrival, here)
        if plan.reentry == "after_exit" and self._lag(plan.key, event):
            raise EntryWaitsError
        return Declined(live, refusal) if refusal else Entry(live, plan, arrival, match, here)

    def begin(self, entry: Entry) -> Run:
        """Insert the run that was decided; a holdout's row where the member is left alone."""
        live, plan, arrival, here = entry.live, entry.plan, entry.arrival, entry.here
        event, n = arrival.event, here.highest + 1
        run_id = here.next_id
        holdout = is_held_out(plan, str(self.member_id))
        reference = RunRef(str(run_id), plan.key, live.version, str(self.member_id))
        state = start_run(plan, reference, event, entry.match, self.now, holdout=holdout)
        run = Run(
            id=run_id,
            journey=plan.key,
            version=live.version,
            bundle_hash=live.bundle_hash,
            member_id=self.member_id,
            n=n,
            workflow_id=f"journey/{plan.key}/{self.member_id}/{n}",
            entry_seq=event.seq,
            store_id=here.store_id,
            associate_id=here.associate_id,
            channel_id=arrival.row.channel_id,
            entered_at=event.at,
            now=self.now,
        )
        wake_at = state.expires if holdout else self.now
        states.keep(run, state, self.keys, wake_at=wake_at, personal=arrival.row.personal_enc is not None)
        store.add(self.session, run)
        if holdout:
            deltas.held_out(self.session, run)
        return run

    def tell(self, decided: Iterable[Entry | Refused | Declined]) -> None:
        """Count what a pause refused, and signal conditions that erred, once the event need not wait."""
        for each in decided:
            if isinstance(each, Refused):
                row, here = each.arrival.row, each.here
                place = (here.store_id, row.channel_id, here.associate_id)
                deltas.refused(
                    self.session,
                    deltas.RefusedEntry(each.live.key, each.live.version, each.arrival.event.at, *place),
                )
        for journey, alert in self.alerts:
            detail = {"condition": alert.detail["condition"]}
            signal(self.session, "condition-error", f"journey/{journey}", now=self.now, detail=detail)

    def _look(self, journey: str, event: EventIn) -> Circumstances:
        given = {"journey": journey, "member": self.member_id, "seq": event.seq, "at": event.accepted_at}
        [here] = direct.objects(self.session, Circumstances, _CIRCUMSTANCES, given)
        return here

    def _match(self, plan: Plan, event: EventIn, here: Circumstances) -> EntryMatch | None:
        where = {"member_id": self.member_id, "store_id": here.store_id, "associate_id": here.associate_id}
        facts = read_facts(self.session, self.keys, **where, paths=plan.fields, now=self.now)
        return match_entry(plan, event, facts, self.now, on_error=lambda alert: self.alerts.append((plan.key, alert)))

    def _refused_while_live(self, journey: str, event: EventIn) -> bool:
        """Whether a live run, which has taken all that came before, refuses the event whatever its condition says."""
        mine = [run for run in self.runs if run.journey == journey and run.ended_at is None]
        live = any(run.entry_seq < event.seq for run in mine)
        return live and not self._lag(journey, event)

    def _lag(self, journey: str, event: EventIn) -> bool:
        """Whether a live run of the journey has an earlier event to take, or a deadline that may act first."""
        return any(self._lags(run, event) for run in self.runs if run.journey == journey and run.status != "holdout")

    def _lags(self, run: Run, event: EventIn) -> bool:
        state, untaken = states.load(run, self.keys), inbox.untaken_seqs(self.session, run.id)
        # A pause can only move deadlines away: it is looked at when one seems to be due.
        return must_wait_for(state, event, untaken, ()) and must_wait_for(
            state, event, untaken, inbox.pauses(self.session, run)
        )


# The place: the event's store, else its channel's, its associate's, the owner's; the event's associate, else the owner.
_CIRCUMSTANCES = """
SELECT
    EXISTS (SELECT 1 FROM pauses WHERE journey = %(journey)s AND run_id IS NULL
            AND from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s)) AS paused,
    COALESCE(event.store_id, channel.store_id, associate.store_id, owner.store_id, member.store_id) AS store_id,
    COALESCE(event.associate_id, owner.id) AS associate_id,
    history.*, nextval('runs_id_seq') AS next_id
FROM events AS event
JOIN members AS member ON member.id = %(member)s
LEFT JOIN channels AS channel ON channel.id = event.channel_id
LEFT JOIN associates AS associate ON associate.id = event.associate_id
LEFT JOIN associates AS owner ON owner.id = member.owner_id
CROSS JOIN (
    SELECT count(*) FILTER (WHERE entry_seq < %(seq)s) AS runs,
        COALESCE(bool_or(entry_seq < %(seq)s AND (ended_at IS NULL OR ended_seq >= %(seq)s)), false) AS live,
        max(entered_at) FILTER (WHERE entry_seq < %(seq)s) AS latest,
        COALESCE(bool_or(entry_seq = %(seq)s), false) AS started,
        COALESCE(max(n), 0) AS highest
    FROM runs WHERE journey = %(journey)s AND member_id = %(member)s
) AS history
WHERE event.seq = %(seq)s"""
