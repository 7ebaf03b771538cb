"""What a turn leaves behind: fates of deliveries, stages and outcomes of the funnel, the log, the run's associate."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.database import direct
from engine.funnel import deltas
from engine.journeys.plan import Plan
from engine.journeys.state import Consume, Drop, Keep, Log, Stage, State
from engine.journeys.turn import TurnInputs, TurnResult
from engine.runs import inbox
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from rules.types import Json


def write(
    session: Session, run: Run, plan: Plan, *, before: State, inputs: TurnInputs, result: TurnResult, now: datetime
) -> None:
    """Carry out the commands of a turn that concern our own records."""
    taken = [event.seq for event in inputs.events if event not in result.untaken]
    inbox.mark(session, run.id, _fates(taken, result), now)
    if result.state.associate != before.associate:
        _change_associate(session, run, result)
    for command in result.commands:
        if isinstance(command, Stage):
            deltas.reached(session, run, command.name, stages=plan.stages, at=now)
    if result.state.end is not None:
        deltas.ended(session, run, result.state.end.outcome)
        inbox.drop_rest(session, run.id, now)


def lines(result: TurnResult, keys: KeyRing) -> list[dict[str, Any]]:
    """The turn's log as it is kept. What a decision read may be personal and is sealed."""
    return [_line(command, keys) for command in result.commands if isinstance(command, Log)]


def seal_reads(reads: Json, keys: KeyRing) -> str:
    """Fields that a decision read, sealed, as text that fits into JSON."""
    return base64.b64encode(keys.seal_json(reads)).decode()


def open_reads(sealed: str, keys: KeyRing) -> Json:
    """What `seal_reads` sealed. Raises SealError."""
    opened: Json = keys.open_json(base64.b64decode(sealed))
    return opened


def _line(entry: Log, keys: KeyRing) -> dict[str, Any]:
    line: dict[str, Any] = {"kind": entry.kind, "at": entry.at.isoformat(), "node": entry.node}
    if entry.port is not None:
        line["port"] = entry.port
    if entry.detail:
        line["detail"] = dict(entry.detail)
    if entry.reads:
        line["reads"] = seal_reads(dict(entry.reads), keys)
    return line


def _fates(taken: Iterable[int], result: TurnResult) -> dict[int, str]:
    """What became of each delivery, by seq; the last word counts."""
    fates = dict.fromkeys(taken, "dropped")
    for command in result.commands:
        match command:
            case Keep(seq):
                fates[seq] = "kept"
            case Consume(seq):
                fates[seq] = "consumed"
            case Drop(seq):
                fates[seq] = "dropped"
    return fates


def _change_associate(session: Session, run: Run, result: TurnResult) -> None:
    """The run follows the associate of the latest `contact.added` that it consumed."""
    consumed = [command.seq for command in result.commands if isinstance(command, Consume)]
    latest = direct.first(session, _LATEST_ADD, {"seqs": consumed})
    if latest is not None and latest[0] != run.associate_id:
        former, run.associate_id = run.associate_id, latest[0]
        deltas.moved(session, run, from_associate=former)


_LATEST_ADD = """
SELECT associate_id FROM events WHERE seq = ANY(%(seqs)s) AND type = 'contact.added' ORDER BY seq DESC LIMIT 1"""
