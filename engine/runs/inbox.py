"""What waits for a run's next turn: deliveries of events, commands of operators, and the pauses that bind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.events.log import events_facts
from engine.events.models import Event
from engine.journeys.deadlines import Pause as PauseInterval
from engine.journeys.state import EventIn, Operator, OperatorKind
from engine.runs.models import Delivery, Pause, Run, RunCommand
from engine.secrets.keyring import KeyRing
from rules.types import Json


class Untaken(NamedTuple):
    """A command that an operator gave, by its row."""

    row: RunCommand
    operator: Operator


def deliver_unrouted(session: Session, run: Run, types: Collection[str], now: datetime) -> None:
    """Hand the run every accepted event of its member that the router has not come to yet and that it can use."""
    values = {"run": run.id, "member": run.member_id, "types": list(types), "entry": run.entry_seq, "now": now}
    session.connection().execute(_DELIVER_UNROUTED, values)


def new_events(session: Session, run_id: int) -> Sequence[Event]:
    """The events that the run has not looked at, in the order of the member's log."""
    wanted = select(Event).join(Delivery, col(Delivery.seq) == col(Event.seq))
    mine = wanted.where(col(Delivery.run_id) == run_id, col(Delivery.state) == "new")
    return session.execute(mine.order_by(col(Event.seq))).scalars().all()


def untaken_seqs(session: Session, run_id: int) -> list[int]:
    """The places in the log of the events that the run has not looked at."""
    mine = select(col(Delivery.seq)).where(col(Delivery.run_id) == run_id, col(Delivery.state) == "new")
    return list(session.execute(mine).scalars())


def events_in(session: Session, events: Sequence[Event], keys: KeyRing) -> list[EventIn]:
    """Events as the interpreter takes them: with personal parts in place, and the records that they refer to."""
    facts = events_facts(session, events, keys=keys) if events else {}
    return [
        EventIn(event.seq, event.type, event.time, event.accepted_at, _data(facts[event.seq]), event.source)
        for event in events
    ]


def _data(facts: dict[str, Json]) -> dict[str, Json]:
    """Without what the interpreter adds itself when it tests an event."""
    return {name: value for name, value in facts.items() if name not in {"type", "time"}}


def mark(session: Session, run_id: int, fates: dict[int, str], now: datetime) -> None:
    """Record what became of deliveries: kept, consumed or dropped, by seq."""
    for state in set(fates.values()):
        seqs = [seq for seq, fate in fates.items() if fate == state]
        session.connection().execute(_MARK, {"run": run_id, "seqs": seqs, "state": state, "now": now})


def commands(session: Session, run_id: int) -> list[Untaken]:
    """What operators asked and no turn has taken, oldest first."""
    untaken = select(RunCommand).where(col(RunCommand.run_id) == run_id, col(RunCommand.taken_turn).is_(None))
    return [Untaken(row, _operator(row)) for row in session.execute(untaken.order_by(col(RunCommand.id))).scalars()]


def _operator(row: RunCommand) -> Operator:
    return Operator(cast("OperatorKind", row.kind), row.args.get("port"), row.args.get("outcome"), row.by)


def pauses(session: Session, run: Run) -> list[PauseInterval]:
    """The pauses of the run and of its journey that may bind it: those that did not end before it began."""
    binding = select(Pause).where(
        col(Pause.journey) == run.journey,
        or_(col(Pause.run_id).is_(None), col(Pause.run_id) == run.id),
        or_(col(Pause.to_at).is_(None), col(Pause.to_at) > run.entered_at),
    )
    return [_interval(row) for row in session.execute(binding).scalars()]


def _interval(row: Pause) -> PauseInterval:
    if row.to_at is None:
        return PauseInterval(row.from_at)
    return PauseInterval(row.from_at, row.to_at, "extend" if row.mode == "extend" else "hold")


def deliver(session: Session, run_ids: Iterable[int], seq: int, now: datetime) -> list[int]:
    """Hand an event to runs, once per run; those that had not got it yet."""
    given = {"runs": list(run_ids), "seq": seq, "now": now}
    return list(session.connection().execute(_DELIVER, given).scalars())


_DELIVER = text("""
INSERT INTO deliveries (run_id, seq, state, at)
SELECT run_id, :seq, 'new', :now FROM unnest(CAST(:runs AS bigint[])) AS given (run_id)
ON CONFLICT DO NOTHING RETURNING run_id
""")

_DELIVER_UNROUTED = text("""
INSERT INTO deliveries (run_id, seq, state, at)
SELECT :run, seq, 'new', :now FROM events
WHERE member_id = :member AND routed_at IS NULL AND seq > :entry AND type = ANY(:types)
ON CONFLICT DO NOTHING
""")

_MARK = text("UPDATE deliveries SET state = :state, at = :now WHERE run_id = :run AND seq = ANY(:seqs)")
