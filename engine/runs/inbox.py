"""What waits for a run's next turn: deliveries of events, commands of operators, and the pauses that bind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from engine.database import direct
from engine.events.log import events_facts
from engine.events.models import Event
from engine.journeys.deadlines import Pause as PauseInterval
from engine.journeys.state import EventIn, Operator, OperatorKind
from engine.runs.models import Pause, Run, RunCommand
from engine.secrets.keyring import KeyRing
from rules.types import Json


def take_up(session: Session, run: Run, types: Collection[str], now: datetime) -> list[Event]:
    """The events that the run has not looked at, in the order of the member's log.

    Accepted events that the router has not come to yet, and that the run can use, are delivered to it here.
    """
    given = {"run": run.id, "member": run.member_id, "types": list(types), "entry": run.entry_seq, "now": now}
    return direct.objects(session, Event, _TAKE_UP, given)


def untaken_seqs(session: Session, run_id: int) -> list[int]:
    """The places in the log of the events that the run has not looked at."""
    return direct.scalars(session, _UNTAKEN, {"run": run_id})


def events_in(session: Session, events: Sequence[Event], keys: KeyRing) -> list[EventIn]:
    """Events as the interpreter takes them: with personal parts in place, and the records that they refer to."""
    facts = events_facts(session, events, keys=keys) if events else {}
    return [
        EventIn(event.seq, event.type, event.time, event.accepted_at, _data(facts[event.seq]), event.source)
        for event in events
    ]


def unread(events: Sequence[Event]) -> list[EventIn]:
    """Events of which only type, place and times matter: their personal parts stay sealed, references stay keys."""
    return [EventIn(one.seq, one.type, one.time, one.accepted_at, one.data, one.source) for one in events]


def drop_rest(session: Session, run_id: int, now: datetime) -> None:
    """A run that has ended looks at nothing any more."""
    direct.execute(session, _DROP_REST, {"run": run_id, "now": now})


@dataclass(frozen=True)
class Orders:
    """What operators asked and no turn has taken, oldest first, and the pauses that bind the run."""

    commands: tuple[RunCommand, ...]
    pauses: tuple[PauseInterval, ...]

    def operators(self) -> tuple[Operator, ...]:
        """The commands as the interpreter takes them."""
        return tuple(
            Operator(cast("OperatorKind", each.kind), each.args.get("port"), each.args.get("outcome"), each.by)
            for each in self.commands
        )


def orders(session: Session, run: Run) -> Orders:
    """Commands and pauses of a run, read under its lock."""
    found = direct.first(session, _ORDERS, _binding(run))
    commands, intervals = found or (None, None)
    return Orders(
        tuple(RunCommand(**{**row, "at": _instant(row["at"])}) for row in commands or ()),
        tuple(_interval(Pause(**_instants(row))) for row in intervals or ()),
    )


def take_commands(session: Session, taken: Iterable[RunCommand], turn: int) -> None:
    """Note which turn took the commands."""
    if ids := [command.id for command in taken]:
        direct.execute(session, _TAKE_COMMANDS, {"ids": ids, "turn": turn})


def pauses(session: Session, run: Run) -> list[PauseInterval]:
    """The pauses of the run and of its journey that may bind it: those that did not end before it began."""
    return [_interval(row) for row in direct.objects(session, Pause, _PAUSES, _binding(run))]


def _binding(run: Run) -> dict[str, object]:
    return {"run": run.id, "journey": run.journey, "since": run.entered_at}


def end_pause(session: Session, run_id: int, now: datetime) -> None:
    """A run that has ended does not stand still any more."""
    direct.execute(session, _END_PAUSE, {"run": run_id, "now": now})


def deliver(session: Session, run_ids: Iterable[int], seq: int, now: datetime) -> list[int]:
    """Hand an event to runs, once per run; those that had not got it yet."""
    return direct.scalars(session, _DELIVER, {"runs": list(run_ids), "seq": seq, "now": now})


def _data(facts: dict[str, Json]) -> dict[str, Json]:
    """Without what the interpreter adds itself when it tests an event."""
    return {name: value for name, value in facts.items() if name not in {"type", "time"}}


def _instants(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "from_at": _instant(row["from_at"]), "to_at": _instant(row["to_at"])}


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _interval(row: Pause) -> PauseInterval:
    if row.to_at is None:
        return PauseInterval(row.from_at)
    return PauseInterval(row.from_at, row.to_at, "extend" if row.mode == "extend" else "hold")


_TAKE_UP = """
WITH fresh AS (
    INSERT INTO deliveries (run_id, seq, state, at)
    SELECT %(run)s, seq, 'new', %(now)s FROM events
    WHERE member_id = %(member)s AND routed_at IS NULL AND seq > %(entry)s AND type = ANY(%(types)s)
    ON CONFLICT DO NOTHING RETURNING seq
)
SELECT * FROM events WHERE seq IN (
    SELECT seq FROM fresh UNION SELECT seq FROM deliveries WHERE run_id = %(run)s AND state = 'new')
ORDER BY seq"""
_UNTAKEN = "SELECT seq FROM deliveries WHERE run_id = %(run)s AND state = 'new'"
_DROP_REST = "UPDATE deliveries SET state = 'dropped', at = %(now)s WHERE run_id = %(run)s AND state = 'new'"
_TAKE_COMMANDS = "UPDATE run_commands SET taken_turn = %(turn)s WHERE id = ANY(%(ids)s)"
_PAUSES = """
SELECT * FROM pauses WHERE journey = %(journey)s AND run_id IS NULL AND (to_at IS NULL OR to_at > %(since)s)
UNION ALL
SELECT * FROM pauses WHERE run_id = %(run)s AND (to_at IS NULL OR to_at > %(since)s)"""
_END_PAUSE = "UPDATE pauses SET to_at = %(now)s, mode = 'hold' WHERE run_id = %(run)s AND to_at IS NULL"
_ORDERS = f"""
SELECT
    (SELECT json_agg(given ORDER BY id) FROM run_commands AS given WHERE run_id = %(run)s AND taken_turn IS NULL),
    (SELECT json_agg(binding) FROM ({_PAUSES}) AS binding)"""  # noqa: S608 - built from constants
_DELIVER = """
INSERT INTO deliveries (run_id, seq, state, at)
SELECT run_id, %(seq)s, 'new', %(now)s FROM unnest(%(runs)s::bigint[]) AS given (run_id)
ON CONFLICT DO NOTHING RETURNING run_id"""
