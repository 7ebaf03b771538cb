"""What an operator does to a run: checked under the run's lock, taken by its next turn as an input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import audit
from engine.journeys.state import OperatorKind
from engine.runs import store
from engine.runs.models import Pause, Run, RunCommand
from engine.runs.view import ports_of

Deadlines = Literal["hold", "extend"]


Against = Literal["over", "not-stuck", "order-waits", "paused", "not-paused"]
"""What of a run's state stands against an order."""


class RunStateError(Exception):
    """The run is not in a state that allows this; the message says why, and so does `reason` with the run's status."""

    def __init__(self, message: str, reason: Against, status: str) -> None:
        super().__init__(message)
        self.reason, self.status = reason, status


class UnknownPortError(ValueError):
    """The node has no such port, or it leads nowhere; `ports` are those that it has."""

    def __init__(self, message: str, node: str | None, port: str | None, ports: Sequence[str]) -> None:
        super().__init__(message)
        self.node, self.port, self.ports = node, port, tuple(ports)


@dataclass(frozen=True)
class Order:
    """Retry or skip (through `port`) what is stuck, or end the run (with `outcome`)."""

    kind: OperatorKind
    port: str | None = None
    outcome: str | None = None


def give(session: Session, run_id: int, order: Order, *, by: str, now: datetime) -> int:
    """Leave an order for the run's next turn; its id. Raises RunUnknownError, RunStateError, UnknownPortError."""
    run = _locked(session, run_id)
    if order.kind != "exit" and run.status != "stuck":
        raise RunStateError(
            f"Only a run that is stuck can be given {order.kind}; this one is {run.status}.", "not-stuck", run.status
        )
    if order.kind == "skip" and order.port not in (ports := sorted(ports_of(session, run))):
        raise UnknownPortError(
            f"The node {run.node} has no port {order.port!r}; it has {', '.join(ports)}.", run.node, order.port, ports
        )
    if untaken(session, run_id) is not None:
        raise RunStateError("An earlier order has not been taken yet; try again shortly.", "order-waits", run.status)
    args = {name: value for name, value in (("port", order.port), ("outcome", order.outcome)) if value is not None}
    command = RunCommand(run_id=run_id, kind=order.kind, args=args, by=by, at=now)
    session.add(command)
    session.flush()
    audit.record(session, by, f"run.{order.kind}", f"run/{run_id}", now=now, after=dict(args))
    return command.id


def pause(session: Session, run_id: int, *, by: str, now: datetime) -> None:
    """Let the run stand still: goal, exits, orders and its age still act. Raises RunUnknownError, RunStateError."""
    run = _locked(session, run_id)
    if _lasting(session, run_id) is not None:
        raise RunStateError("This run is paused already.", "paused", run.status)
    session.add(Pause(journey=run.journey, run_id=run_id, from_at=now))
    audit.record(session, by, "run.paused", f"run/{run_id}", now=now)


def resume(session: Session, run_id: int, *, deadlines: Deadlines, by: str, now: datetime) -> None:
    """End the run's own pause. Raises RunUnknownError, RunStateError."""
    run = _locked(session, run_id)
    interval = _lasting(session, run_id)
    if interval is None:
        raise RunStateError(
            "This run is not paused itself; a paused journey is resumed as a whole.", "not-paused", run.status
        )
    interval.to_at, interval.mode = now, deadlines
    audit.record(session, by, "run.resumed", f"run/{run_id}", now=now, after={"deadlines": deadlines})


def untaken(session: Session, run_id: int) -> RunCommand | None:
    """The order that no turn of the run has taken yet, if there is one."""
    waiting = select(RunCommand).where(col(RunCommand.run_id) == run_id, col(RunCommand.taken_turn).is_(None))
    return session.execute(waiting.order_by(col(RunCommand.id)).limit(1)).scalar_one_or_none()


def is_taken(session: Session, command_id: int) -> bool:
    """Whether a turn has taken the order."""
    return session.get_one(RunCommand, command_id).taken_turn is not None


def _locked(session: Session, run_id: int) -> Run:
    run = store.lock_run(session, run_id)
    if run.ended_at is not None or run.status == "holdout":
        raise RunStateError(f"This run is {run.status}: nothing can be done to it any more.", "over", run.status)
    return run


def _lasting(session: Session, run_id: int) -> Pause | None:
    chosen = select(Pause).where(col(Pause.run_id) == run_id, col(Pause.to_at).is_(None))
    return session.execute(chosen).scalar_one_or_none()
