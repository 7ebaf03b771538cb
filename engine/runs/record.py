"""What a turn leaves behind: fates of deliveries, stages and outcomes of the funnel, the log, the run's associate."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.alerts.models import Kind
from engine.alerts.store import settle, signal
from engine.database import direct
from engine.events.models import Event
from engine.funnel import deltas
from engine.journeys.plan import Plan
from engine.journeys.state import Alert, Consume, Drop, Keep, Local, Log, Remote, Stage, State, Uncalled
from engine.journeys.steps import Activity
from engine.journeys.turn import TurnResult
from engine.runs import effects, health, inbox
from engine.runs.effects import EffectKey
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from rules.types import Json


def write(
    session: Session,
    run: Run,
    plan: Plan,
    *,
    before: State,
    told: Sequence[Event],
    result: TurnResult,
    now: datetime,
) -> None:
    """Carry out the commands of a turn beside its row: the run's associate, the funnel, and what an end leaves behind.

    `told` are the turn's new events.
    """
    if result.state.associate != before.associate:
        _change_associate(session, run, told, result)
    for command in result.commands:
        if isinstance(command, Stage):
            deltas.reached(session, run, command.name, stages=plan.stages, at=now)
        elif isinstance(command, Alert):
            _signal(session, run, command, now)
        elif isinstance(command, Uncalled):
            _fail_uncalled(session, run, plan, command, now)
    if _was_stuck(before, result) and result.state.stuck is None:
        settle(session, "run-stuck", f"run/{run.id}", by=_helper(result), now=now)
    if result.state.end is not None:
        deltas.ended(session, run, result.state.end.outcome)
        inbox.drop_rest(session, run.id, now)
        if before.phase in {"acting", "retrying"} or any(isinstance(each, Local | Remote) for each in result.commands):
            effects.cancel_asked(session, run.id, now=now)


def fates(told: Sequence[Event], result: TurnResult) -> dict[int, str]:
    """What became of each delivery that the turn took, by seq; the last word counts."""
    left = {event.seq for event in result.untaken}
    found = {event.seq: "dropped" for event in told if event.seq not in left}
    for command in result.commands:
        match command:
            case Keep(seq):
                found[seq] = "kept"
            case Consume(seq):
                found[seq] = "consumed"
            case Drop(seq):
                found[seq] = "dropped"
    return found


def lines(result: TurnResult, keys: KeyRing) -> list[dict[str, Any]]:
    """The turn's log as it is kept. What a decision read may be personal and is sealed."""
    return [line(command, keys) for command in result.commands if isinstance(command, Log)]


def seal_reads(reads: Json, keys: KeyRing) -> str:
    """Fields that a decision read, sealed, as text that fits into JSON."""
    return base64.b64encode(keys.seal_json(reads)).decode()


def open_reads(sealed: str, keys: KeyRing) -> dict[str, Json]:
    """What `seal_reads` sealed."""
    opened: dict[str, Json] = keys.open_json(base64.b64decode(sealed))
    return opened


def line(entry: Log, keys: KeyRing) -> dict[str, Any]:
    """One line of a log as it is kept."""
    kept: dict[str, Any] = {"kind": entry.kind, "at": entry.at.isoformat(), "node": entry.node}
    if entry.port is not None:
        kept["port"] = entry.port
    if entry.detail:
        kept["detail"] = dict(entry.detail)
    if entry.reads:
        kept["reads"] = seal_reads(dict(entry.reads), keys)
    return kept


def _fail_uncalled(session: Session, run: Run, plan: Plan, command: Uncalled, now: datetime) -> None:
    """The row of an effect that was not called, so that its node's failures are counted. A retry finds it."""
    key = EffectKey.of_run(run.id, command.key)
    work = plan.steps[key.node].work
    contact = work.type.contact if isinstance(work, Activity) else "none"
    row = effects.find(session, key) or effects.ask(
        key, journey=run.journey, type_name=command.type, contact=contact, params=None, now=now
    )
    effects.fail(row, command.failure, now=now)
    effects.save(session, row)
    health.look_after_failure(session, row, now=now)


OF_RULESETS: Mapping[str, Kind] = {"decision-uncertain": "decision-uncertain", "decision-failed": "decision-failed"}
"""Alerts of the interpreter that are about a ruleset."""


def _signal(session: Session, run: Run, alert: Alert, now: datetime) -> None:
    """Tell people of it, in words that hold no personal data: what a message quotes may be personal."""
    at_node = f"journey/{run.journey}/{alert.node}" if alert.node else f"journey/{run.journey}"
    if alert.reason == "stuck":
        detail = {"journey": run.journey, "node": alert.node, "reason": alert.detail["reason"]}
        signal(session, "run-stuck", f"run/{run.id}", now=now, detail=detail, store_id=run.store_id)
    elif alert.reason in OF_RULESETS:
        kind, key = OF_RULESETS[alert.reason], alert.detail["ruleset"]
        detail = {name: value for name, value in alert.detail.items() if name != "ruleset"}
        signal(session, kind, f"ruleset/{key}", now=now, detail=detail)
    else:
        detail = {"condition": alert.detail["condition"], "run": str(run.id)}
        signal(session, "condition-error", at_node, now=now, detail=detail)


def _was_stuck(before: State, result: TurnResult) -> bool:
    """Whether the run was stuck before the turn or within it, so that people may have been told."""
    got_stuck = any(isinstance(each, Alert) and each.reason == "stuck" for each in result.commands)
    return got_stuck or before.stuck is not None


def _helper(result: TurnResult) -> str:
    """Who got the run out of where it was stuck; nobody where its age or an event did."""
    orders = [each for each in result.commands if isinstance(each, Log) and each.kind == "operator"]
    return str(orders[-1].detail["by"]) if orders else health.ITSELF


def _change_associate(session: Session, run: Run, told: Sequence[Event], result: TurnResult) -> None:
    """The run follows the associate of the latest `contact.added` that it consumed."""
    consumed = {command.seq for command in result.commands if isinstance(command, Consume)}
    missing = consumed - {event.seq for event in told}
    known = [*told, *(direct.objects(session, Event, _EVENTS, {"seqs": list(missing)}) if missing else ())]
    adds = [event for event in known if event.seq in consumed and event.type == "contact.added"]
    if adds and adds[-1].associate_id != run.associate_id:
        former, run.associate_id = run.associate_id, adds[-1].associate_id
        deltas.moved(session, run, from_associate=former)


_EVENTS = "SELECT * FROM events WHERE seq = ANY(%(seqs)s) ORDER BY seq"
