"""What is measured and traced of turns, effects and routing: one context manager each, around what it observes.

A trace crosses from an event into a run by links: the event keeps the trace that accepted it, and the span of whatever
takes the event points there. Temporal carries nothing of it (docs/adr/0019).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from opentelemetry.trace import Span
from sqlalchemy.orm import Session

from engine.database import direct
from engine.events.models import Event
from engine.journeys.state import Failure
from engine.runs.effects import UNKNOWN_OUTCOME, EffectKey
from engine.runs.models import Run
from engine.runs.routing import Routed
from engine.telemetry import traces
from workflows.activities.registry import Result
from workflows.measures import (
    ATTEMPT_SECONDS,
    ATTEMPTS,
    CHORE_SECONDS,
    CHORES,
    ROUTED,
    ROUTING_SECONDS,
    TURN_EVENTS,
    TURN_SECONDS,
    TURNS,
)
from workflows.position import Position


@dataclass
class TurnSeen:
    """A turn that is being taken; whoever takes it says what it comes to. Elsewhere, if nobody does."""

    span: Span
    result: str = "elsewhere"
    events: int = 0

    def repeated(self) -> None:
        """The turn was decided before: the stored answer is given."""
        self.result = "repeated"

    def decided(self, session: Session, run: Run, events: Sequence[Event]) -> None:
        """The turn decided what these events mean; the run stands where it went. The first has its entry event."""
        self.result, self.events = "decided", len(events)
        if self.span.is_recording():
            traces.describe(
                self.span, journey=run.journey, version=run.version, node=run.node or "", events=len(events)
            )
            entry = direct.scalars(session, _ENTRY, {"seq": run.entry_seq}) if run.turn == 1 else ()
            traces.add_links(self.span, (*entry, *(event.trace for event in events)))


@contextmanager
def turn(position: Position) -> Iterator[TurnSeen]:
    """Observe a turn, with all its tries."""
    started = time.perf_counter()
    with traces.span("turn", run=position.run, turn=position.turn) as span:
        seen = TurnSeen(span)
        try:
            yield seen
        except BaseException:
            seen.result = "failed"
            raise
        finally:
            TURNS.labels(seen.result).inc()
            TURN_SECONDS.observe(time.perf_counter() - started)
            if seen.result == "decided":
                TURN_EVENTS.observe(seen.events)


@dataclass
class AttemptSeen:
    """An attempt at a remote effect; broken off, if nobody says what came of it."""

    span: Span
    result: str = "broken-off"

    def came(self, what: Result | Failure) -> None:
        """Say what came of it."""
        if isinstance(what, Result):
            self.result = "settled"
            return
        self.result = "unknown" if what.code == UNKNOWN_OUTCOME else "refused" if what.final else "failed"
        traces.mark(self.span, self.result)


@contextmanager
def attempt(key: str, type_name: str, journey: str) -> Iterator[AttemptSeen]:
    """Observe one call of the outside, for the effect `run/node/visit`."""
    started, of = time.perf_counter(), EffectKey.parse(key)
    with traces.span(f"remote {type_name}", run=of.run_id, node=of.node, visit=of.visit, journey=journey) as span:
        seen = AttemptSeen(span)
        try:
            yield seen
        finally:
            ATTEMPTS.labels(type_name, seen.result).inc()
            ATTEMPT_SECONDS.labels(type_name).observe(time.perf_counter() - started)


def local_effect(key: EffectKey, type_name: str, journey: str) -> AbstractContextManager[Span]:
    """Trace a local effect, inside its turn."""
    return traces.span(f"local {type_name}", run=key.run_id, node=key.node, visit=key.visit, journey=journey)


@dataclass
class RoutingSeen:
    """A member that is being routed; failed, if nobody says otherwise."""

    span: Span
    result: str = "failed"

    def routed(self, what: Routed) -> None:
        """The member's events reached these runs."""
        self.result = "routed"
        traces.add_links(self.span, what.traces)

    def away(self) -> None:
        """The database went away meanwhile."""
        self.result = "away"


@contextmanager
def routing(member: int) -> Iterator[RoutingSeen]:
    """Observe the routing of a member, enrichment included."""
    started = time.perf_counter()
    with traces.span("route", member=member) as span:
        seen = RoutingSeen(span)
        try:
            yield seen
        finally:
            ROUTED.labels(seen.result).inc()
            ROUTING_SECONDS.observe(time.perf_counter() - started)


@contextmanager
def chore(name: str) -> Iterator[None]:
    """Observe a chore of the router role. Chores are too many to be traced."""
    started, result = time.perf_counter(), "failed"
    try:
        yield
        result = "done"
    except asyncio.CancelledError:
        result = "cancelled"
        raise
    finally:
        CHORES.labels(name, result).inc()
        CHORE_SECONDS.labels(name).observe(time.perf_counter() - started)


_ENTRY = "SELECT trace FROM events WHERE seq = %(seq)s"
