"""The lift: how much more often those who went through a journey reached its goal than those who were left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.funnel.query import Funnel, Span
from rules.zones import HOME

GOAL = "goal"


@dataclass(frozen=True)
class Lift:
    """Runs that entered, and how many of them reached the goal so far; the same of the holdout.

    Shares are 0 to 1. `difference` is that of the shares; None while one of the groups is empty.
    """

    entered: int
    goals: int
    share: float | None
    held_out: int
    held_out_goals: int
    held_out_share: float | None
    difference: float | None


def read_lift(
    session: Session, journey: str, funnel: Funnel, *, first: date | None = None, last: date | None = None
) -> Lift | None:
    """The lift over the runs of a funnel that was read with the same days; None where nobody was held out."""
    if not funnel.holdout.times:
        return None
    entered = sum(funnel.outcomes.values()) + _still_going(session, journey, Span(first, last))
    goals, left_alone = funnel.outcomes.get(GOAL, 0), funnel.holdout.outcomes.get(GOAL, 0)
    share, held_out_share = _share(goals, entered), _share(left_alone, funnel.holdout.times)
    difference = None if share is None or held_out_share is None else round(share - held_out_share, 6)
    return Lift(entered, goals, share, funnel.holdout.times, left_alone, held_out_share, difference)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _still_going(session: Session, journey: str, span: Span) -> int:
    """How many runs of these days have no outcome yet."""
    given = {"journey": journey, "start": _midnight(span.first), "stop": _midnight(span.last, days=1)}
    return int(session.connection().execute(_STILL_GOING, given).scalar_one())


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=days), time(), HOME)


_STILL_GOING = text("""
SELECT count(*) FROM runs WHERE journey = :journey AND status IN ('running', 'waiting', 'paused', 'stuck')
AND (CAST(:start AS timestamptz) IS NULL OR entered_at >= :start)
AND (CAST(:stop AS timestamptz) IS NULL OR entered_at < :stop)""")
