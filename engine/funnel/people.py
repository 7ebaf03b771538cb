"""Distinct people by flags: whether a run's reaching of a stage was its member's first, and within which span.

Each bit of `firsts` stands for a span; summed over the cells of that span it counts every member once. So figures of
people cost no more than figures of times. What no span fits is counted (`engine.funnel.query`).
"""

from __future__ import annotations

COLUMNS = (
    "people",
    "people_version",
    "people_day",
    "people_store",
    "people_channel",
    "people_associate",
    "people_week",
    "people_month",
)
"""The column of `funnel_sums` for each bit, from the lowest: the whole journey, then each span."""

ALL_BITS = 2 ** len(COLUMNS) - 1

_DAY = "(runs.entered_at AT TIME ZONE 'Asia/Shanghai')::date"
SPANS = (
    "0",
    "runs.version",
    _DAY,
    "COALESCE(runs.store_id, 0)",
    "COALESCE(runs.channel_id, 0)",
    "COALESCE(runs.associate_id, 0)",
    f"date_trunc('week', {_DAY})",
    f"date_trunc('month', {_DAY})",
)
"""What a run's span is, for each bit, in SQL."""

CELL = ("version", "day", "store", "channel", "associate")
"""The spans that make up a cell."""

GIVEN = (
    "0",
    *(f"given.{name}" for name in CELL),
    "date_trunc('week', given.day)",
    "date_trunc('month', given.day)",
)
"""The same of the run that a statement is given."""


def shared_bits() -> str:
    """SQL over `runs`: the bits of the spans that each row shares with the given run."""
    return " + ".join(f"{1 << bit} * ({SPANS[bit]} = {GIVEN[bit]})::int" for bit in range(len(COLUMNS)))


def first_bits() -> str:
    """SQL over `run_stages` joined with `runs`: the bits of the spans in which each row comes first."""
    order = "ORDER BY run_stages.at, run_stages.run_id"
    ranks = (f"ROW_NUMBER() OVER (PARTITION BY runs.journey, run_stages.stage, {span} {order})" for span in SPANS)
    return " + ".join(f"{1 << bit} * ({rank} = 1)::int" for bit, rank in enumerate(ranks))


def counted(column: str) -> str:
    """SQL over `funnel_deltas`: what a row adds to this column of people."""
    return f"weight * ((firsts >> {COLUMNS.index(column)}) & 1)"
