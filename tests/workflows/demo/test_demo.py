"""The demonstration: everybody gets a fate, the tally is exact, and a funnel that lies is caught."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from engine.clock import FixedClock
from tests.workflows.demo.world import ASSOCIATES, CHANNELS, CHATS, World
from workflows.demo import run_demo
from workflows.demo.command import DemoError
from workflows.demo.doors import Door, NoDoorsError, doors_of
from workflows.demo.fates import FATES, INVITED_AFTER, cast
from workflows.demo.outside import Outside, OutsideError
from workflows.demo.run import Play, Summary, play
from workflows.demo.show import bar, show

DOOR = Door("E01-till", "E01-till", "E01", "u1", ("wr_e01_2", "wr_e01_1", "wr_e02_1"))


async def played(
    world: World, clock: FixedClock, customers: int = 40, patience: float = 3.0, *, faults: bool = False
) -> Summary:
    @contextmanager
    def silent(_steps: int) -> Iterator[Callable[[], None]]:
        yield lambda: None

    asked = Play(customers, 0.05, "t", random.Random(1), patience, faults)  # noqa: S311 - a repeatable play
    return await play(asked, world.service(), world.simulator(), clock, silent)


def test_doors_are_codes_in_stores_with_staff_and_a_group() -> None:
    assert doors_of(CHANNELS, ASSOCIATES, CHATS) == [
        DOOR,
        Door("E02-till", "E02-till", "E02", "u2", ("wr_e02_1", "wr_e01_2", "wr_e01_1")),
    ]


def test_without_a_chain_there_are_no_doors() -> None:
    with pytest.raises(NoDoorsError, match="--no-seed"):
        doors_of([], [], [])


@pytest.mark.parametrize("number", [1, 3, 8, 20, 57, 200])
def test_everybody_gets_a_fate_a_door_and_a_name_of_their_own(number: int) -> None:
    people = cast(number, [DOOR], seconds=60, tag="x", chance=random.Random(number))  # noqa: S311 - likewise
    assert len({one.person for one in people}) == number
    fates = Counter(one.fate.name for one in people)
    assert len(fates) == min(number, len(FATES))
    for one in people:
        assert len(one.waits) == len(one.fate.steps)
        assert sum(one.waits) <= 60
        assert min(one.waits) >= 0


@pytest.mark.parametrize(("seconds", "share"), [(60, 0.5), (3_600, 0.87)])
def test_customers_come_in_the_first_half_of_a_short_play_and_nearly_all_the_time_of_a_long_one(
    seconds: float, share: float
) -> None:
    people = cast(2_000, [DOOR], seconds=seconds, tag="x", chance=random.Random(2))  # noqa: S311 - likewise
    last = max(one.waits[0] for one in people)
    assert (share - 0.02) * seconds < last <= (share + 0.01) * seconds


@pytest.mark.parametrize(("seconds", "wait"), [(60, 20), (1_800, 600), (2_000, INVITED_AFTER)])
def test_who_adds_late_is_invited_only_in_a_long_play(seconds: float, wait: float) -> None:
    people = cast(20, [DOOR], seconds=seconds, tag="x", chance=random.Random(1))  # noqa: S311 - likewise
    assert {one.waits[1] for one in people if one.fate.late} == {wait}


async def test_a_service_that_counts_right_agrees(clock: FixedClock) -> None:
    world = World()
    summary = await played(world, clock)
    assert summary.agrees, summary.to_json()
    assert summary.played.people["scanned"] > summary.played.people["added"] > summary.played.people["coupon"] > 0
    assert summary.played.entered_here["added"] > 0
    assert set(summary.played.outcomes) == {"goal", "lost"}


async def test_a_second_play_counts_only_its_own(clock: FixedClock) -> None:
    world = World()
    await played(world, clock)
    again = await played(world, clock, 20)
    assert again.agrees, again.to_json()
    assert sum(again.played.people.values()) < 100


async def test_with_faults_it_tells_what_struck(clock: FixedClock) -> None:
    world = World()
    summary = await played(world, clock, 10, faults=True)
    assert summary.agrees
    assert summary.to_json()["faults"] == {"duplicate": 1}
    assert world.faults[-1] == {}
    out = StringIO()
    show(Console(file=out, width=160), summary)
    assert "faults: 1 callbacks came twice" in out.getvalue()
    assert (await played(world, clock, 10)).to_json()["faults"] is None


async def test_who_is_held_out_is_named_and_counted_apart(clock: FixedClock) -> None:
    world = World(holds_out=lambda person: person.endswith("3"))
    summary = await played(world, clock)
    assert summary.agrees, summary.to_json()
    assert [one.person[-1] for one in summary.held_out] == ["3"] * 4
    assert summary.played.held_out == 4
    told = summary.to_json()["held_out"]
    assert isinstance(told, list)
    assert len(told) == 4


@pytest.mark.parametrize("stage", ["scanned", "added", "joined", "coupon", "redeemed"])
async def test_a_funnel_that_forgets_is_caught(clock: FixedClock, stage: str) -> None:
    summary = await played(World(forgets=(stage,)), clock, patience=1.0)
    assert not summary.agrees
    assert not summary.failures


async def test_a_coupon_that_never_comes_is_a_failure_of_its_customer(clock: FixedClock) -> None:
    summary = await played(World(stock=3), clock, patience=1.0)
    assert not summary.agrees
    assert {one.fate.name for one in summary.failures} <= {"redeems", "claims"}
    assert all("no coupon came" in str(one.failure) for one in summary.failures)
    assert summary.played == summary.funnel


async def test_events_come_from_the_till_and_the_mini_program(clock: FixedClock) -> None:
    world = World()
    await played(world, clock)
    events = [body for path, body in world.calls if path == "events"]
    claimed = next(event for event in events if event["type"] == "coupon.claimed")
    redeemed = next(event for event in events if event["type"] == "coupon.redeemed")
    assert (claimed["source"], set(claimed["data"])) == ("demo/mini-program", {"batch", "code"})
    assert (redeemed["source"], set(redeemed["data"])) == ("demo/till", {"batch", "code", "store"})
    assert claimed["time"] == clock.now().isoformat()


async def test_who_finds_a_group_full_goes_to_the_next_and_in_the_end_a_guest_makes_room(clock: FixedClock) -> None:
    world = World(room=3)
    summary = await played(world, clock)
    assert summary.agrees, summary.to_json()
    assert summary.played.people["joined"] > 9
    assert {chat: len(people) for chat, people in world.seats.items()} == {
        "wr_e01_1": 3,
        "wr_e01_2": 3,
        "wr_e02_1": 3,
    }


async def test_a_busy_service_is_asked_again(clock: FixedClock) -> None:
    summary = await played(World(busy=2), clock, 3)
    assert summary.agrees


async def test_a_refusal_is_told_with_its_words() -> None:
    refusing = httpx.MockTransport(lambda _: httpx.Response(403, text="no such scope"))
    outside = Outside(httpx.AsyncClient(transport=refusing, base_url="http://world"), "Waystation")
    with pytest.raises(OutsideError, match="Waystation answered 403: no such scope at GET /x"):
        await outside.ask("GET", "/x")


async def test_the_summary_shows_both_sides_where_they_differ(clock: FixedClock) -> None:
    out = StringIO()
    console = Console(file=out, width=160)
    show(console, await played(World(), clock, 20))
    assert "The funnel tells exactly what was played." in out.getvalue()
    show(console, await played(World(forgets=("joined",)), clock, 20, patience=1.0))
    assert "≠ 0" in out.getvalue()
    with bar(console, 3) as step_over:
        step_over()


def test_the_summary_is_json_for_programs(clock: FixedClock) -> None:
    told = json.loads(json.dumps(asyncio.run(played(World(), clock, 20)).to_json()))
    assert told["agrees"] is True
    assert told["customers"] == 20
    assert {group["key"] for group in told["channels"]} == {"E01-till", "E02-till"}
    assert told["stores"][0]["stages"]["scanned"]["played"] == told["stores"][0]["stages"]["scanned"]["funnel"]


def test_without_a_running_service_it_says_how_to_start_one(tmp_path: Path, clock: FixedClock) -> None:
    with pytest.raises(DemoError, match=r"uv run server\.py dev --data"):
        run_demo(tmp_path, clock, customers=1, seconds=1)
