"""Bad luck in a play: what strikes, that it ends with the play, and that it is counted."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.workflows.demo.world import World
from workflows.demo.luck import LIMIT_EVERY, SPELLS, WHO, Luck, bad_luck


async def spells_cast(world: World, number: int) -> None:
    async with asyncio.timeout(10):
        while len(world.faults) < number:  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(0.001)


async def test_every_spell_is_cast_and_in_the_end_all_is_well() -> None:
    world = World()
    async with bad_luck(world.simulator(), spell=0.001) as luck:
        await spells_cast(world, len(SPELLS))
    for spell in SPELLS:
        assert any(spell.items() <= cast.items() for cast in world.faults)
    assert all(cast["seconds"] > 0 and cast["duplicate"] for cast in world.faults[:-1])
    assert world.faults[-1] == {}
    assert luck.struck == Counter({"duplicate": len(world.faults) - 1})


async def test_a_play_that_is_interrupted_leaves_no_faults_behind() -> None:
    world = World()

    async def play() -> None:
        async with bad_luck(world.simulator(), spell=60):
            await asyncio.Event().wait()

    playing = asyncio.create_task(play())
    await spells_cast(world, 1)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert world.faults[-1] == {}


async def test_what_struck_before_is_not_counted_and_a_simulator_started_again_counts_from_zero() -> None:
    world = World(struck=Counter(lose=7))
    luck = Luck(world.simulator())
    await luck.begin()
    for world.struck in (Counter(lose=9), Counter(lose=9, delay=1), Counter(delay=3), Counter(delay=4, lose=1)):
        await luck.count()
    assert luck.struck == Counter(lose=3, delay=5)


async def test_a_simulator_that_is_away_misses_its_spell_only() -> None:
    world = World(refuses="/control/faults")
    luck = Luck(world.simulator(), spell=0.001)
    running = asyncio.create_task(luck.run())
    await spells_cast(world, 3)
    assert not running.done()
    running.cancel()


async def test_an_api_is_closed_once_in_five_minutes_at_most() -> None:
    world = World()
    async with bad_luck(world.simulator(), spell=0.001):
        await spells_cast(world, 3 * len(SPELLS))
    limits = [cast for cast in world.faults if cast.get("errcode", {}).get("code") == 45009]
    assert len(limits) == 1
    assert LIMIT_EVERY > 60


def test_who_a_contact_is_can_always_be_told_in_time() -> None:
    for spell in SPELLS:
        errcode, silence = spell.get("errcode"), spell.get("silence")
        assert not isinstance(silence, dict) or silence["api"] != WHO
        if isinstance(errcode, dict) and errcode["api"] == WHO:
            assert errcode["code"] in {-1, 40014}
            assert errcode["times"] in {1, 2}
