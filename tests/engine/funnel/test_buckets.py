"""Buckets tell a length of time to within 5 %, in Python and in SQL alike."""

from __future__ import annotations

import statistics
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from engine.database.connection import Database
from engine.funnel.buckets import bucket_of, median, seconds_of
from engine.funnel.deltas import reached
from engine.funnel.models import FunnelDelta
from tests.engine.funnel.world import NOON, STAGES, make_world

LENGTHS = st.floats(min_value=0.001, max_value=4e8, allow_nan=False)


@given(LENGTHS)
def test_a_bucket_tells_its_seconds_to_within_5_percent(seconds: float) -> None:
    assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.0501)


@given(st.lists(LENGTHS, min_size=1, max_size=40))
def test_the_median_is_told_to_within_5_percent(lengths: list[float]) -> None:
    histogram: dict[int, int] = {}
    for seconds in lengths:
        histogram[bucket_of(seconds)] = histogram.get(bucket_of(seconds), 0) + 1
    assert median(histogram) == pytest.approx(statistics.median_low(lengths), rel=0.0501, abs=0.006)


def test_nothing_has_no_median() -> None:
    assert median({}) is None
    assert median({3: 0}) is None


def test_sql_finds_the_same_bucket(database: Database) -> None:
    lengths = [0.0, 0.0004, 0.001, 0.37, 1.0, 2.0, 59.999, 60.0, 1800.0, 86400.0, 3.9e8]
    with database.begin() as session:
        world = make_world(session, members=len(lengths))
        for number, seconds in enumerate(lengths):
            run = world.run(number)
            reached(session, run, "scanned", stages=STAGES, at=NOON)
            reached(session, run, "added", stages=STAGES, at=NOON + timedelta(seconds=seconds))
        deltas = session.execute(
            select(FunnelDelta).where(col(FunnelDelta.name) == "added").order_by(col(FunnelDelta.id))
        )
        assert [delta.bucket for delta in deltas.scalars()] == [
            bucket_of(timedelta(seconds=seconds).total_seconds()) for seconds in lengths
        ]
