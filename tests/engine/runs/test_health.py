"""A journey that keeps failing at a node pauses itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.live import live_revision
from engine.definitions.models import Live
from engine.journeys.state import Failure
from engine.runs import effects, health
from engine.runs.effects import EffectKey
from engine.runs.models import Effect, Pause
from engine.secrets.keyring import KeyRing
from tests.workflows.world import World

SETTLED = text("""
INSERT INTO effects (run_id, node, visit, journey, type, contact, state, failures, asked_at, settled_at)
SELECT :run, 'coupon', n, :journey, 'test.give', 'none', state, 0, :now,
    CAST(:now AS timestamptz) + n * interval '1 second'
FROM unnest(CAST(:states AS text[])) WITH ORDINALITY AS given (state, n)""")


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    world = World(database, clock, keys)
    world.publish()
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    return world


def settled(world: World, session: Session, *, ok: int, failed: int) -> Effect:
    """So many effects at one node, the failed ones last; the last of them."""
    states = ["settled"] * ok + ["failed"] * failed
    given = {"run": world.run().id, "journey": world.document["key"], "states": states, "now": world.clock.now()}
    session.connection().execute(SETTLED, given)
    last = effects.find(session, EffectKey(world.run().id, "coupon", len(states)))
    assert last is not None
    return last


@pytest.mark.parametrize(
    ("ok", "failed", "pauses"),
    [(90, 10, True), (91, 9, False), (0, 99, False), (500, 10, True), (89, 11, True)],
)
def test_ten_failures_among_the_last_hundred_pause_the_journey(
    world: World, ok: int, failed: int, pauses: bool
) -> None:
    with world.database.begin() as session:
        last = settled(world, session, ok=ok, failed=failed)
        assert health.look_after_failure(session, last, now=world.clock.now()) is pauses
    with world.database.begin() as session:
        state = session.get_one(Live, ("journey", world.document["key"])).state
        assert (state, session.execute(select(func.count()).select_from(Pause)).scalar_one()) == (
            ("paused", 1) if pauses else ("live", 0)
        )


def test_an_effect_that_was_cancelled_has_not_tried_the_node(world: World) -> None:
    with world.database.begin() as session:
        last = settled(world, session, ok=90, failed=10)
        session.connection().execute(text("UPDATE effects SET state = 'cancelled' WHERE visit = 1"))
        assert not health.look_after_failure(session, last, now=world.clock.now())


def test_a_journey_that_is_paused_already_is_not_paused_again(world: World) -> None:
    with world.database.begin() as session:
        last = settled(world, session, ok=90, failed=10)
        health.look_after_failure(session, last, now=world.clock.now())
        health.look_after_failure(session, last, now=world.clock.now() + timedelta(seconds=1))
        assert session.execute(select(func.count()).select_from(Pause)).scalar_one() == 1


def fail_again(world: World, session: Session, first: int, times: int) -> Effect:
    """Further failures at the node, a second after each other from now on; the last of them."""
    for n in range(first, first + times):
        world.pass_time()
        row = effects.ask(
            EffectKey(world.run().id, "coupon", n), journey=str(world.document["key"]), type_name="test.give",
            contact="none", params=None, now=world.clock.now(),
        )  # fmt: skip
        effects.fail(row, Failure("away", "it did not work", final=True), now=world.clock.now())
        effects.save(session, row)
    return row


@pytest.mark.parametrize(("further", "pauses"), [(1, False), (9, False), (10, True)])
def test_a_journey_that_was_resumed_is_not_paused_for_what_failed_before(
    world: World, further: int, pauses: bool
) -> None:
    with world.database.begin() as session:
        health.look_after_failure(session, settled(world, session, ok=90, failed=10), now=world.clock.now())
    world.pass_time(timedelta(minutes=5))
    world.resume()
    with world.database.begin() as session:
        last = fail_again(world, session, 101, further)
        assert health.look_after_failure(session, last, now=world.clock.now()) is pauses
        assert len([pause for pause in session.execute(select(Pause)).scalars() if pause.to_at is None]) == pauses


def test_what_fails_while_the_journey_is_paused_does_not_touch_the_live_set(world: World) -> None:
    with world.database.begin() as session:
        last = settled(world, session, ok=90, failed=10)
        health.look_after_failure(session, last, now=world.clock.now())
        before = live_revision(session)
        health.look_after_failure(session, last, now=world.clock.now())
        assert live_revision(session) == before
