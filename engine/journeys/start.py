"""How runs start: which entry an event matches, whether re-entry allows it, who is held out, and the first state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from engine.journeys.admission import Admission
from engine.journeys.deadlines import Pause, after, deadlines
from engine.journeys.plan import Plan
from engine.journeys.state import Alert, EventIn, RunRef, State
from engine.journeys.walk import Facts, describe
from rules.duration import Duration
from rules.errors import EvaluationError
from rules.shares import salted, share_of
from rules.types import Json

BY_HAND = "run.requested"
"""The event of a start by hand; its data names the journey as `journey`. It starts at the journey's own start."""

HOLDOUT_AGE = Duration(days=90)
"""How long a holdout row is watched where the journey has no `max_age`."""


@dataclass(frozen=True)
class EntryMatch:
    """The entry that an event matched: where the run starts, and under which name the event is saved."""

    start: str
    save: str | None = None
    pointer: str = ""


def match_entry(
    plan: Plan,
    event: EventIn,
    facts: Facts,
    now: datetime,
    *,
    on_error: Callable[[Alert], None] | None = None,
) -> EntryMatch | None:
    """The first entry whose type and condition match. A condition that errs does not; `on_error` is told of it."""
    if event.type == BY_HAND:
        return EntryMatch(plan.start) if event.data.get("journey") == plan.key else None
    for audience in plan.audiences:
        if audience.takes(plan.key, event):
            return EntryMatch(audience.start, audience.save, audience.pointer)
    sight: Facts = {**facts, "event": describe(event)}
    for entry in plan.entries:
        if entry.on != event.type:
            continue
        try:
            matched = entry.when is None or entry.when.evaluate(sight, now=now, zone=plan.zone) is True
        except EvaluationError as error:
            matched = False
            if on_error:
                detail: dict[str, Json] = {"condition": entry.pointer, "message": str(error)}
                on_error(Alert("condition-error", None, detail))
        if matched:
            return EntryMatch(entry.start, entry.save, entry.pointer)
    return None


def is_too_old(plan: Plan, event: EventIn) -> bool:
    """Whether the event was older than `entry_max_age` when it was accepted; then it starts no run."""
    return after(event.at, plan.entry_max_age, plan.zone) < event.accepted_at


@dataclass(frozen=True)
class RunHistory:
    """The member's earlier runs of the journey, over all versions, holdout rows included, as before the event.

    `live`: some run had not ended before the event (it has not ended, or its `End.seq` is not below the event's).
    `latest_entered_at`: `State.entered_at` of the latest run of any status.
    """

    runs: int = 0
    live: bool = False
    latest_entered_at: datetime | None = None


Refusal: TypeAlias = Literal["once", "live", "cooldown"]


def refuse_reentry(admission: Admission | Plan, at: datetime, history: RunHistory) -> Refusal | None:
    """Why re-entry forbids a run for an event of this time, or None when it allows it."""
    if admission.reentry == "once" and history.runs:
        return "once"
    if admission.reentry == "after_exit" and history.live:
        return "live"
    free_from = cooled_down(admission, history.latest_entered_at)
    return "cooldown" if free_from and at < free_from else None


def cooled_down(admission: Admission | Plan, entered_at: datetime | None) -> datetime | None:
    """From when the cooldown lets in whoever entered then; None where nothing has to cool down."""
    return after(entered_at, admission.cooldown, admission.zone) if admission.cooldown and entered_at else None


def must_wait_for(state: State, event: EventIn, untaken: Sequence[int], pauses: Sequence[Pause]) -> bool:
    """Whether an entry by `event` cannot be decided yet because this live run of the member has not come so far.

    `untaken` are the `seq` of the run's deliveries that no turn has taken. A run waits also where a deadline before
    the event's time may act; while it is paused that is `max_age` alone.
    """
    if state.ended:
        return False
    return any(seq < event.seq for seq in untaken) or any(due.at < event.at for due in deadlines(state, pauses))


def is_kept_from_before(event: EventIn, entry: EventIn) -> bool:
    """Whether a run takes an event that was accepted before its entry event: by whole seconds, WeCom's clock."""
    return event.seq < entry.seq and event.at.replace(microsecond=0) >= entry.at.replace(microsecond=0)


def is_held_out(admission: Admission | Plan, member: str) -> bool:
    """Whether the member belongs to the holdout. By hash of salt and member, so it never changes."""
    return admission.holdout_share > 0 and share_of(salted(admission.holdout_salt, member)) < admission.holdout_share


def start_run(
    plan: Plan, run: RunRef, event: EventIn, match: EntryMatch, now: datetime, *, holdout: bool = False
) -> State:
    """The state of a run that `event` starts at `now`. Its first turn enters the first node; a holdout never does."""
    max_age = plan.max_age or (HOLDOUT_AGE if holdout else None)
    saved: dict[str, Json] = {match.save: event.data} if match.save else {}
    return State(
        run=run,
        entry=event,
        entered_at=event.at,
        started_at=now,
        now=now,
        expires=after(now, max_age, plan.zone) if max_age else None,
        holdout=holdout,
        next=match.start,
        seen=event.seq,
        considered=event.seq,
        vars=saved,
        associate=event.data.get("associate"),
    )
