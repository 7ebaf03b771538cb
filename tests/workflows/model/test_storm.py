"""Everything at once: threads that ingest, merge, route, take turns, call, operate and sweep, on the same few people.

What comes out differs from time to time; what must hold does not. The laws are looked at when all have come to rest.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from typing import Any, cast

import psycopg
import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from engine.database.connection import Database
from engine.database.direct import DATABASE_IS_AWAY
from engine.database.retrying import ContendedError
from engine.secrets.keyring import KeyRing
from tests.engine.journeys.world import activity, document, wait
from tests.law import TIMES
from tests.workflows.model.audit import Audit
from tests.workflows.model.happenings import PEOPLE, Stage
from tests.workflows.model.outside import PERFORMS
from tests.workflows.model.plays import Play
from workflows.position import Position
from workflows.router import Router, RouterParts

THREADS, HAPPENINGS = 4, 120


def through_everything() -> dict[str, Any]:
    """A journey with a local effect, a coupon, a remote effect, two waits and a way round."""
    return document(
        {
            "note": activity("note", {"text": "x"}, stage="noted", ports={"done": "first", "error": "first"}),
            "first": wait("custom.b", timeout="PT10M", ports={"got": "coupon", "timeout": "coupon"}),
            "coupon": activity(
                "coupon.issue", {"batch": "B"}, stage="given", ports={"done": "call", "sold_out": "call"}
            ),
            "call": activity("call", {"text": "x"}, stage="given", ports={"done": "second", "error": "second"}),
            "second": wait("custom.c", timeout="PT1H", stage="called", ports={"got": "note", "timeout": "late"}),
        },
        goal={"on": "contact.lost", "stage": "reached"},
        policies={"max_age": "P1D"},
    )


@pytest.mark.parametrize("seed", range(2 * TIMES))
def test_whatever_happens_at_once_the_laws_hold(database: Database, keys: KeyRing, seed: int) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(cast("Any", PERFORMS))
    with asyncio.Runner() as loop, closing(Play(database, keys, loop)) as play:
        play.publish([through_everything()], stock=5)
        with ThreadPoolExecutor(THREADS) as threads:
            for each in [threads.submit(storm, play, random.Random(f"{seed}/{n}")) for n in range(THREADS)]:  # noqa: S311
                each.result()
        play.joined |= {member for (member,) in play.rows("SELECT merged_into FROM members WHERE merged_into > 0")}
        audit = Audit(play)
        audit.what_ended_stays()
        stage = Stage(play, audit)
        play.change_journey(0, "hold")
        for run in play.runs():
            play.resume(run, "hold")
        stage.all_goes_well()
        assert play.rows("SELECT count(*) FROM turns")[0][0] > 10
        play.clock.advance(timedelta(days=3))
        stage.all_goes_well()
        audit.stages_are_those_of_the_log()
        assert play.runs() == []


def storm(play: Play, rng: random.Random) -> None:
    """What one thread does."""
    parts = RouterParts(cast("Client", play.temporal), play.database, play.clock, play.keys, play.world.plans)
    router = Router(parts)
    happenings: list[Callable[[], object]] = [
        lambda: play.tell(rng.choice(PEOPLE), rng.choice(["custom.a", "custom.b", "custom.c", "custom.d"]), {}),
        lambda: play.tell(rng.choice(PEOPLE), "custom.a", {}),
        lambda: asyncio.run(router.route_some()),
        lambda: asyncio.run(router.route_some()),
        lambda: take_some_turn(play, rng),
        lambda: take_some_turn(play, rng),
        lambda: take_some_turn(play, rng),
        lambda: call_some_effect(play, rng),
        lambda: call_some_effect(play, rng),
        lambda: play.clock.advance(timedelta(minutes=rng.choice([1, 10]))),
    ]
    seldom: list[Callable[[], object]] = [
        lambda: play.join(*rng.sample(PEOPLE, 2)),
        lambda: with_some_run(play, rng, play.pause),
        lambda: with_some_run(play, rng, lambda run: play.resume(run, rng.choice(["hold", "extend"]))),
        lambda: with_some_run(play, rng, lambda run: play.order(run, "exit", 0)),
        lambda: [play.change_journey(0, action) for action in ("pause", rng.choice(["hold", "extend"]))],
        play.fold,
    ]
    for _ in range(HAPPENINGS):
        rng.choice(rng.choices([happenings, seldom], [9, 1])[0])()


def take_some_turn(play: Play, rng: random.Random) -> None:
    """Any run is asked for its next turn, which another thread may be taking."""

    def take(run: Any) -> None:
        # After a deadlock Temporal would ask again.
        with suppress(*DATABASE_IS_AWAY):
            play.take(Position(run.id, run.turn + 1))

    with_some_run(play, rng, take)


def call_some_effect(play: Play, rng: random.Random) -> None:
    """Any effect is attempted, which another thread may be attempting."""
    rows = play.world.effects()
    remote = [row for row in rows if row.type == "call"]
    if remote:
        row = rng.choice(remote)
        with suppress(ApplicationError):
            asyncio.run(ActivityEnvironment().run(play.executor.execute, f"{row.run_id}/{row.node}/{row.visit}"))


def with_some_run(play: Play, rng: random.Random, work: Callable[[Any], object]) -> None:
    """Something with one of the live runs, if there is one."""
    if runs := play.runs():
        # It went to another member meanwhile: whoever asked is told to ask again.
        with suppress(ContendedError):
            work(rng.choice(runs))
