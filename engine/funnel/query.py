"""The funnel as it stands at this instant: folded sums and what has not been folded yet, read in one statement.

People of the whole time, of a day, an ISO week or a month come from flags. Of any other span they are counted: those
who reached a stage more than once in it are subtracted from the times. Above two million rows they are estimated.
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
from engine.funnel.deltas import HELD_OUT
from engine.funnel.people import counted
from rules.zones import HOME

By = Literal["channel", "store", "associate", "version", "day"]
BYS: tuple[By, ...] = get_args(By)

MOST_COUNTED = 2_000_000
"""So many rows are looked at to count people; of more, one member in so many that it stays below."""

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
    """The figures of a journey: all together, and by group where that was asked.

    `refused` are entry events that started no run, by reason; `people_exact` is False where people were estimated.
    """

    stages: tuple[StageFigures, ...]
    groups: dict[str, tuple[StageFigures, ...]]
    outcomes: dict[str, int]
    holdout: Holdout
    people_exact: bool = True
    refused: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """Which runs are meant: those that entered on the days `first` to `last`, both included; None is open."""

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        """The calendar's last day has no morning after: it stands for the day before."""
        if self.last == date.max:
            object.__setattr__(self, "last", date.max - timedelta(days=1))

    @property
    def flag(self) -> str | None:
        """The column that counts its people, if its days are the whole time, a day, an ISO week or a month."""
        if self.first is None and self.last is None:
            return "people"
        if self.first is None or self.last is None:
            return None
        next_day = self.last + timedelta(days=1)
        if self.first == self.last:
            return "people_day"
        if self.first.weekday() == 0 and next_day - self.first == timedelta(days=7):
            return "people_week"
        same_month = (self.first.year, self.first.month) == (self.last.year, self.last.month)
        return "people_month" if same_month and self.first.day == next_day.day == 1 else None

    def flag_by(self, by: By | None) -> str | None:
        """The column that counts the people of each group."""
        if by is None:
            return self.flag
        whole = self.first is None and self.last is None
        return f"people_{by}" if whole or by == "day" else None


@dataclass
class _Cell:
    times: int = 0
    entered_here: int = 0
    people: int = 0
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
    most_counted: int = MOST_COUNTED,
) -> Funnel:
    """The funnel of the runs that entered on the days `first` to `last`, both included.

    `stages` gives the order; stages of older versions that it does not name come after it. Row-level security bounds
    what is counted to the stores of the transaction.
    """
    span = Span(first, last)
    cells = _read_cells(session, journey, span, by)
    exact = _count_people(session, journey, span, by, cells, most_counted)
    ordered = [*stages, *sorted({name for _, kind, name in cells if kind == "stage"} - set(stages))]
    places = sorted({place for place, _, _ in cells if place is not None})
    held = {name: cell.times for (place, kind, name), cell in cells.items() if kind == "holdout" and place is None}
    return Funnel(
        stages=_figures(None, ordered, cells),
        groups={place: _figures(place, ordered, cells) for place in places} if by else {},
        outcomes=_counted(cells, "outcome"),
        holdout=Holdout(held.pop(HELD_OUT, 0), dict(sorted(held.items()))),
        people_exact=exact,
        refused=_counted(cells, "refused"),
    )


def _counted(cells: Cells, of: str) -> dict[str, int]:
    found = {name: cell.times for (place, kind, name), cell in cells.items() if kind == of and place is None}
    return {name: found[name] for name in sorted(found) if found[name]}


def _figures(place: Place, stages: Iterable[str], cells: Cells) -> tuple[StageFigures, ...]:
    figures = []
    before: int | None = None
    for stage in stages:
        cell = cells.get((place, "stage", stage), _Cell())
        figures.append(
            StageFigures(
                stage=stage,
                times=cell.times,
                people=cell.people,
                entered_here=cell.entered_here,
                conversion=round((cell.times - cell.entered_here) / before, 6) if before else None,
                median_seconds=median(cell.histogram),
            )
        )
        before = cell.times
    return tuple(figures)


def _count_people(session: Session, journey: str, span: Span, by: By | None, cells: Cells, most: int) -> bool:
    """Put the people into cells whose figure no flag gives; False when they are estimated.

    Whoever sees some stores only has everything counted: a flag may belong to a run in a store out of sight.
    """
    everything = session.connection().execute(text("SELECT current_setting('waystation.stores', true)")).scalar() == "*"
    if everything and span.flag and span.flag_by(by):
        return True
    reached = sum(cell.times for (place, kind, _), cell in cells.items() if kind == "stage" and place is None)
    stride = max(1, -(-reached // most))
    repeats = _read_repeats(session, journey, span, by, stride)
    for (place, kind, stage), cell in cells.items():
        if kind == "stage" and not (everything and (span.flag if place is None else span.flag_by(by))):
            cell.people = max(0, cell.times - repeats.get((place, stage), 0) * stride)
    return stride == 1


_COLUMNS: dict[By | None, str] = {
    None: "'0'",
    "channel": "COALESCE({}channel_id, 0)::text",
    "store": "COALESCE({}store_id, 0)::text",
    "associate": "COALESCE({}associate_id, 0)::text",
    "version": "{}version::text",
    "day": "{}day::text",
}


def _read_cells(session: Session, journey: str, span: Span, by: By | None) -> Cells:
    chosen = (
        "journey = :journey AND (CAST(:first AS date) IS NULL OR day >= :first)"
        " AND (CAST(:last AS date) IS NULL OR day <= :last)"
    )
    place = _COLUMNS[by].format("")
    all_flag, group_flag = span.flag or "people", span.flag_by(by) or "people"
    statement = f"""
        WITH cells AS MATERIALIZED (
            SELECT {place} AS place, kind, name, times, entered_here, histogram,
                {all_flag} AS people, {group_flag} AS group_people
            FROM funnel_sums WHERE {chosen}
            UNION ALL
            SELECT {place}, kind, name, times, entered_here,
                CASE WHEN bucket IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object(bucket::text, times) END,
                {counted(all_flag)}, {counted(group_flag)}
            FROM funnel_deltas WHERE {chosen}
        )
        SELECT place, kind, name, NULL::int AS bucket, SUM(times)::int AS times, SUM(entered_here)::int AS entered_here,
            SUM(people)::int AS people, SUM(group_people)::int AS group_people
        FROM cells GROUP BY 1, 2, 3
        UNION ALL
        SELECT place, kind, name, key::int, SUM(value::int)::int, 0, 0, 0
        FROM cells, jsonb_each_text(histogram) GROUP BY 1, 2, 3, 4
    """  # noqa: S608 - built from the constants above
    cells: Cells = defaultdict(_Cell)
    values = {"journey": journey, "first": span.first, "last": span.last}
    for row in session.connection().execute(text(statement), values):
        for place_of, people in ((row.place, row.group_people), (None, row.people)):
            cell = cells[place_of, row.kind, row.name]
            if row.bucket is not None:
                cell.histogram[row.bucket] += row.times
                continue
            cell.times += row.times
            cell.entered_here += row.entered_here
            cell.people += people
    return cells


def _read_repeats(
    session: Session, journey: str, span: Span, by: By | None, stride: int
) -> dict[tuple[Place, str], int]:
    """How often a member reached a stage beyond the first time, by group and over all; of one member in `stride`."""
    place = "(runs.entered_at AT TIME ZONE :zone)::date::text" if by == "day" else _COLUMNS[by].format("runs.")
    statement = f"""
        WITH returned AS (
            SELECT DISTINCT runs.member_id FROM run_stages JOIN runs ON runs.id = run_stages.run_id
            WHERE run_stages.firsts & 1 = 0 AND runs.journey = :journey AND runs.member_id % :stride = 0
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
        "stride": stride,
        "zone": str(HOME),
        "start": _midnight(span.first) if span.first else None,
        "stop": _midnight(span.last + timedelta(days=1)) if span.last else None,
    }
    return {(row.place, row.stage): row.repeats for row in session.connection().execute(text(statement), values)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HOME)
