"""The funnel counts what runs reached, exactly, before and after folding."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import product

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.database.connection import Database
from engine.funnel.deltas import absorbed, day_of, ended, held_out, merged, moved, reached
from engine.funnel.fold import fold
from engine.funnel.models import FunnelDelta, FunnelSum
from engine.funnel.query import BYS, By, Span, StageFigures, read_funnel
from engine.runs.models import Run
from tests.engine.funnel.world import NOON, STAGES, World, make_world


def test_a_run_counts_once_per_stage(database: Database) -> None:
    with database.begin() as session:
        run = make_world(session).run()
        assert reached(session, run, "scanned", stages=STAGES, at=NOON)
        assert not reached(session, run, "scanned", stages=STAGES, at=NOON + timedelta(hours=1))
        assert [figures.times for figures in read_funnel(session, "hook-coupon", STAGES).stages] == [1, 0, 0]


def test_conversion_leaves_out_those_who_came_in_here(database: Database) -> None:
    with database.begin() as session:
        world = make_world(session)
        scanned = [world.run(member) for member in range(4)]
        for run in scanned:
            reached(session, run, "scanned", stages=STAGES, at=NOON)
        for run in (*scanned[:2], world.run(4)):
            reached(session, run, "added", stages=STAGES, at=NOON + timedelta(seconds=100))
        first, second, third = read_funnel(session, "hook-coupon", STAGES).stages
        assert (first.times, first.entered_here, first.conversion, first.median_seconds) == (4, 4, None, None)
        assert (second.times, second.people, second.entered_here, second.conversion) == (3, 3, 1, 0.5)
        assert second.median_seconds == pytest.approx(100, rel=0.05)
        assert (third.times, third.conversion) == (0, 0.0)


def test_people_are_counted_once_whatever_the_selection(database: Database) -> None:
    with database.begin() as session:
        world = make_world(session)
        for store, days in ((0, 0), (0, 1), (1, 2)):
            run = world.run(0, store=store, entered_at=NOON + timedelta(days=days))
            reached(session, run, "scanned", stages=STAGES, at=run.entered_at)
        whole = read_funnel(session, "hook-coupon", STAGES, by="store")
        assert (whole.stages[0].times, whole.stages[0].people) == (3, 1)
        assert [(figures[0].times, figures[0].people) for figures in whole.groups.values()] == [(2, 1), (1, 1)]
        later = read_funnel(session, "hook-coupon", STAGES, first=date(2026, 1, 8))
        assert (later.stages[0].times, later.stages[0].people) == (2, 1)
        last = read_funnel(session, "hook-coupon", STAGES, first=date(2026, 1, 9), last=date(2026, 1, 9))
        assert (last.stages[0].times, last.stages[0].people) == (1, 1)


def test_a_merge_makes_two_people_one(database: Database) -> None:
    with database.begin() as session:
        world = make_world(session)
        runs = [world.run(member) for member in (0, 1)]
        for run in runs:
            reached(session, run, "scanned", stages=STAGES, at=NOON)
        runs[1].member_id = runs[0].member_id
        session.flush()
        merged(session, runs[0].member_id)
        figures = read_funnel(session, "hook-coupon", STAGES).stages[0]
        assert (figures.times, figures.people) == (2, 1)


def test_a_run_that_takes_another_in_counts_each_stage_of_both_once(database: Database) -> None:
    with database.begin() as session:
        world = make_world(session)
        kept, gone = world.run(0, channel=0), world.run(1, channel=1)
        reached(session, kept, "scanned", stages=STAGES, at=NOON)
        for minute, stage in enumerate(("added", "joined"), start=1):
            reached(session, gone, stage, stages=STAGES, at=NOON + timedelta(minutes=minute))
        fold(session)
        gone.member_id = kept.member_id
        absorbed(session, kept, gone, stages=STAGES)
        merged(session, kept.member_id)
        assert not reached(session, kept, "added", stages=STAGES, at=NOON + timedelta(hours=1))
        fold(session)
        funnel = read_funnel(session, "hook-coupon", STAGES, by="channel")
        told = [(each.times, each.people, each.entered_here) for each in funnel.stages]
        assert told == [(1, 1, 1), (1, 1, 0), (1, 1, 0)]
        cells = {place: [each.times for each in stages] for place, stages in funnel.groups.items()}
        assert cells == {str(world.channels[0]): [1, 1, 1], str(world.channels[1]): [0, 0, 0]}


def test_a_run_that_finds_its_associate_takes_its_figures_along(database: Database) -> None:
    with database.begin() as session:
        world = make_world(session)
        run = world.run()
        reached(session, run, "scanned", stages=STAGES, at=NOON)
        reached(session, run, "added", stages=STAGES, at=NOON + timedelta(seconds=9))
        fold(session)
        run.associate_id = world.associates[0]
        session.flush()
        moved(session, run, from_associate=None)
        fold(session)
        groups = read_funnel(session, "hook-coupon", STAGES, by="associate").groups
        assert {place: [figures.times for figures in stages] for place, stages in groups.items()} == {
            "0": [0, 0, 0],
            str(world.associates[0]): [1, 1, 0],
        }
        assert groups["0"][1].median_seconds is None
        assert groups[str(world.associates[0])][1].median_seconds == pytest.approx(9, rel=0.05)


def test_outcomes_and_the_holdout_have_their_own_figures(database: Database) -> None:
    with database.begin() as session:
        world = make_world(session)
        ended(session, world.run(0), "goal")
        ended(session, world.run(1), "not_added")
        for member in (2, 3):
            held_out(session, world.run(member))
        held_out(session, world.run(2), "goal")
        funnel = read_funnel(session, "hook-coupon", STAGES)
        assert funnel.outcomes == {"goal": 1, "not_added": 1}
        assert (funnel.holdout.times, funnel.holdout.outcomes) == (2, {"goal": 1})
        assert [figures.times for figures in funnel.stages] == [0, 0, 0]


def test_stages_of_older_versions_come_last(database: Database) -> None:
    with database.begin() as session:
        run = make_world(session).run()
        reached(session, run, "greeted", stages=("greeted",), at=NOON)
        names = [figures.stage for figures in read_funnel(session, "hook-coupon", STAGES).stages]
        assert names == [*STAGES, "greeted"]


def test_a_day_is_shanghais() -> None:
    assert day_of(NOON.replace(hour=15, minute=59)) == date(2026, 1, 7)
    assert day_of(NOON.replace(hour=16)) == date(2026, 1, 8)


def test_people_of_a_store_see_their_own_figures_only(database: Database) -> None:
    with database.begin() as session:
        world = make_world(session)
        for store in (0, 1, None):
            reached(session, world.run(0, store=store), "scanned", stages=STAGES, at=NOON)
        fold(session)
        reached(session, world.run(0, store=1), "scanned", stages=STAGES, at=NOON)
    with database.begin((world.stores[1],)) as session:
        funnel = read_funnel(session, "hook-coupon", STAGES, by="store")
        assert (funnel.stages[0].times, funnel.stages[0].people) == (2, 1)
        assert list(funnel.groups) == [str(world.stores[1])]


def test_folding_takes_everything_once_even_when_two_do_it(database: Database) -> None:
    with database.begin() as session:
        world = make_world(session)
        for member in range(5):
            reached(session, world.run(member), "scanned", stages=STAGES, at=NOON)
    with database.begin() as one, database.begin() as other:
        assert fold(one, most=3) == 3
        assert fold(other) == 0
    with database.begin() as session:
        assert fold(session) == 2
        assert fold(session) == 0
        assert session.execute(select(func.count()).select_from(FunnelDelta)).scalar_one() == 0
        assert session.execute(select(func.sum(FunnelSum.times))).scalar_one() == 5


SPANS = (
    Span(),
    Span(first=date(2026, 1, 8)),
    Span(last=date(2026, 1, 30)),
    Span(date(2026, 1, 7), date(2026, 1, 7)),
    Span(date(2026, 1, 5), date(2026, 1, 11)),
    Span(date(2026, 1, 1), date(2026, 1, 31)),
    Span(date(2026, 1, 6), date(2026, 2, 3)),
)


def test_people_of_whole_spans_come_from_flags() -> None:
    flags = [span.flag for span in SPANS]
    assert flags == ["people", None, None, "people_day", "people_week", "people_month", None]


@pytest.mark.parametrize("seed", range(4))
def test_the_funnel_equals_a_count_of_all_runs_at_any_moment(database: Database, seed: int) -> None:
    """Whatever happens to runs: they reach stages, find their associates, and their members prove to be one."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable play
    told: list[tuple[Run, list[str]]] = []
    with database.begin() as session:
        world = make_world(session)
        for _ in range(50):
            run = world.run(
                chance.randrange(5),
                store=chance.choice([0, 1, None]),
                channel=chance.choice([0, 1, None]),
                associate=chance.choice([0, None]),
                version=chance.choice([1, 2]),
                entered_at=NOON + timedelta(hours=chance.randrange(30 * 24)),
            )
            stages = chance.sample(STAGES, chance.randrange(1, 4))
            for stage in stages:
                reached(session, run, stage, stages=STAGES, at=run.entered_at)
            told.append((run, stages))
            if chance.random() < 0.2:
                _find_associate(session, world, chance.choice(told)[0])
            if chance.random() < 0.3:
                fold(session, most=chance.randrange(1, 20))
        _merge(session, [run for run, _ in told], world.members[0], world.members[1])
        for span, by in product(SPANS, (None, *BYS)):
            funnel = read_funnel(session, "hook-coupon", STAGES, first=span.first, last=span.last, by=by)
            groups = funnel.groups if by else {"all": funnel.stages}
            assert _told(groups) == _counted(told, _PLACES[by], span), (span, by)
            assert _told({"all": funnel.stages}) == _counted(told, _PLACES[None], span), (span, by)


def test_people_of_very_many_rows_are_estimated(database: Database) -> None:
    with database.begin() as session:
        world = make_world(session, members=20)
        for member in (*range(20), *range(20)):
            reached(session, world.run(member), "scanned", stages=STAGES, at=NOON)
        funnel = read_funnel(session, "hook-coupon", STAGES, first=date(2026, 1, 1), most_counted=20)
        assert (funnel.people_exact, funnel.stages[0].people) == (False, 20)
        assert read_funnel(session, "hook-coupon", STAGES, most_counted=20).people_exact


def _find_associate(session: Session, world: World, run: Run) -> None:
    former, run.associate_id = run.associate_id, world.associates[1]
    moved(session, run, from_associate=former)


def _merge(session: Session, runs: list[Run], survivor: int, loser: int) -> None:
    for run in runs:
        if run.member_id == loser:
            run.member_id = survivor
    merged(session, survivor)


_PLACES: dict[By | None, Callable[[Run], object]] = {
    None: lambda _: "all",
    "channel": lambda run: run.channel_id or 0,
    "store": lambda run: run.store_id or 0,
    "associate": lambda run: run.associate_id or 0,
    "version": lambda run: run.version,
    "day": lambda run: day_of(run.entered_at),
}

Figures = dict[tuple[str, str], tuple[int, int, int]]


def _told(groups: Mapping[str, Sequence[StageFigures]]) -> Figures:
    return {
        (place, figures.stage): (figures.times, figures.people, figures.entered_here)
        for place, stages in groups.items()
        for figures in stages
        if figures.times
    }


def _counted(runs: Sequence[tuple[Run, list[str]]], place: Callable[[Run], object], span: Span) -> Figures:
    times: Counter[tuple[str, str]] = Counter()
    entered: Counter[tuple[str, str]] = Counter()
    people: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for run, stages in runs:
        day = day_of(run.entered_at)
        if (span.first and day < span.first) or (span.last and day > span.last):
            continue
        for position, stage in enumerate(stages):
            cell = (str(place(run)), stage)
            before = STAGES[STAGES.index(stage) - 1] if stage != STAGES[0] else None
            times[cell] += 1
            entered[cell] += before not in stages[:position]
            people[cell].add(run.member_id)
    return {cell: (times[cell], len(people[cell]), entered[cell]) for cell in times}
