"""The funnel as it stands at this instant: folded sums and what has not been folded yet, read in one statement.

People are counted without counting everybody: those who reached a stage more than once in the selection are subtracted
from the times, and they are found through `run_stages.again`. So the cost grows with cells and repeats, not with runs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.funnel.buckets import median
from engine.funnel.deltas import HELD_OUT, ZONE

By = Literal["channel", "store", "associate", "version", "day"]
BYS: tuple[By, ...] = get_args(By)

Place = str | None
"""What a group is by, as text: an id, a version or a day; "0" where a run has none; None for all groups together."""


@dataclass(frozen=True)
class StageFigures:
    """One stage of a funnel. `conversion` is from the stage before (0 to 1), `median_seconds` likewise, ± 5 %."""

    stage: str
    times: int
    people: int
    entered_here: int
    conversion: float | None
    median_seconds: float | None


@dataclass(frozen=True)
class Holdout:
    """Those whom the journey left alone, so that its lift can be told; their outcomes were recorded all the same."""

    times: int
    outcomes: dict[str, int]


@dataclass(frozen=True)
class Funnel:
    """The figures of a journey: all together, and by group where that was asked."""

    stages: tuple[StageFigures, ...]
    groups: dict[str, tuple[StageFigures, ...]]
    outcomes: dict[str, int]
    holdout: Holdout


@dataclass
class _Cell:
    times: int = 0
    entered_here: int = 0
    histogram: Counter[int] = field(default_factory=Counter)


Cells = dict[tuple[Place, str, str], _Cell]


def read_funnel(
    session: Session,
    journey: str,
    stages: Sequence[str],
    *,
    first: date | None = None,
    last: date | None = None,
    by: By | None = None,
) -> Funnel:
    """The funnel of the runs that entered on the days `first` to `last`, both included.

    `stages` gives the order; stages of older versions that it does not name come after it. Row-level security bounds
    what is counted to the stores of the transaction.
    """
    cells = _read_cells(session, journey, first, last, by)
    repeats = _read_repeats(session, journey, first, last, by)
    ordered = [*stages, *sorted({name for _, kind, name in cells if kind == "stage"} - set(stages))]
    places = sorted({place for place, _, _ in cells if place is not None})
    held = {name: cell.times for (place, kind, name), cell in cells.items() if kind == "holdout" and place is None}
    return Funnel(
        stages=_figures(None, ordered, cells, repeats),
        groups={place: _figures(place, ordered, cells, repeats) for place in places} if by else {},
        outcomes=_outcomes(cells),
        holdout=Holdout(held.pop(HELD_OUT, 0), dict(sorted(held.items()))),
    )


def _outcomes(cells: Cells) -> dict[str, int]:
    found = {name: cell.times for (place, kind, name), cell in cells.items() if kind == "outcome" and place is None}
    return {name: found[name] for name in sorted(found) if found[name]}


def _figures(
    place: Place, stages: Iterable[str], cells: Cells, repeats: dict[tuple[Place, str], int]
) -> tuple[StageFigures, ...]:
    figures = []
    before: int | None = None
    for stage in stages:
        cell = cells.get((place, "stage", stage), _Cell())
        figures.append(
            StageFigures(
                stage=stage,
                times=cell.times,
                people=cell.times - repeats.get((place, stage), 0),
                entered_here=cell.entered_here,
                conversion=round((cell.times - cell.entered_here) / before, 6) if before else None,
                median_seconds=median(cell.histogram),
            )
        )
        before = cell.times
    return tuple(figures)


_COLUMNS: dict[By | None, str] = {
    None: "'0'",
    "channel": "COALESCE({}channel_id, 0)::text",
    "store": "COALESCE({}store_id, 0)::text",
    "associate": "COALESCE({}associate_id, 0)::text",
    "version": "{}version::text",
    "day": "{}day::text",
}


def _read_cells(session: Session, journey: str, first: date | None, last: date | None, by: By | None) -> Cells:
    chosen = (
        "journey = :journey AND (CAST(:first AS date) IS NULL OR day >= :first)"
        " AND (CAST(:last AS date) IS NULL OR day <= :last)"
    )
    place = _COLUMNS[by].format("")
    statement = f"""
        WITH cells AS MATERIALIZED (
            SELECT {place} AS place, kind, name, times, entered_here, histogram FROM funnel_sums WHERE {chosen}
            UNION ALL
            SELECT {place}, kind, name, times, entered_here,
                CASE WHEN bucket IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object(bucket::text, times) END
            FROM funnel_deltas WHERE {chosen}
        )
        SELECT place, kind, name, NULL::int AS bucket, SUM(times)::int AS times, SUM(entered_here)::int AS entered_here
        FROM cells GROUP BY 1, 2, 3
        UNION ALL
        SELECT place, kind, name, key::int, SUM(value::int)::int, 0
        FROM cells, jsonb_each_text(histogram) GROUP BY 1, 2, 3, 4
    """  # noqa: S608 - built from the constants above
    cells: Cells = defaultdict(_Cell)
    values = {"journey": journey, "first": first, "last": last}
    for row in session.connection().execute(text(statement), values):
        for place_of in (row.place, None):
            cell = cells[place_of, row.kind, row.name]
            if row.bucket is not None:
                cell.histogram[row.bucket] += row.times
                continue
            cell.times += row.times
            cell.entered_here += row.entered_here
    return cells


def _read_repeats(
    session: Session, journey: str, first: date | None, last: date | None, by: By | None
) -> dict[tuple[Place, str], int]:
    """How often a member reached a stage beyond the first time, by group and over all."""
    place = "(runs.entered_at AT TIME ZONE :zone)::date::text" if by == "day" else _COLUMNS[by].format("runs.")
    statement = f"""
        WITH returned AS (
            SELECT DISTINCT runs.member_id FROM run_stages JOIN runs ON runs.id = run_stages.run_id
            WHERE run_stages.again AND runs.journey = :journey
        ), reached AS (
            SELECT {place} AS place, stage, member_id
            FROM runs JOIN returned USING (member_id) JOIN run_stages ON run_stages.run_id = runs.id
            WHERE runs.journey = :journey
            AND (CAST(:start AS timestamptz) IS NULL OR runs.entered_at >= :start)
            AND (CAST(:stop AS timestamptz) IS NULL OR runs.entered_at < :stop)
        )
        SELECT place, stage, COUNT(*) - COUNT(DISTINCT member_id) AS repeats
        FROM reached GROUP BY GROUPING SETS ((place, stage), (stage))
    """  # noqa: S608 - built from the constants above
    values = {
        "journey": journey,
        "zone": str(ZONE),
        "start": _midnight(first) if first else None,
        "stop": _midnight(last + timedelta(days=1)) if last else None,
    }
    return {(row.place, row.stage): row.repeats for row in session.connection().execute(text(statement), values)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)
