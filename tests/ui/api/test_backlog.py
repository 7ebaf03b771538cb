"""Back-pressure: from 100,000 unrouted events on the door asks senders to come again later."""

from __future__ import annotations

from datetime import timedelta

from httpx import AsyncClient
from sqlalchemy import text

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events import queue
from engine.events.heard import hear
from engine.events.types import EVENT_TYPES
from tests.ui.api.test_events import cloud_event, post


def pile_up(database: Database, events: int) -> None:
    """So many events of one member wait to be routed, since journeys name them."""
    with database.begin() as session:
        hear(session, EVENT_TYPES)
        execute = session.connection().execute
        member = execute(
            text("INSERT INTO members (created_at, attributes, is_staff) VALUES (now(), '{}', false) RETURNING id")
        ).scalar_one()
        execute(
            text(
                "INSERT INTO events (source, event_id, type, member_id, time, accepted_at, data, priority)"
                " SELECT 'pile', n::text, 'order.paid', :member, now(), now(), '{}', 1 FROM generate_series(1, :n) n"
            ),
            {"member": member, "n": events},
        )


def clear(database: Database) -> None:
    with database.begin() as session:
        session.connection().execute(text("DELETE FROM events WHERE source = 'pile'"))


async def test_a_backlog_that_is_too_long_is_answered_429_until_it_is_shorter(
    api: AsyncClient, database: Database, clock: FixedClock
) -> None:
    pile_up(database, queue.BACKLOG - 1)
    assert (await post(api, cloud_event())).status_code == 202
    clock.advance(timedelta(seconds=2))
    for _ in range(2):
        refused = await post(api, cloud_event(id="e2"))
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert int(refused.headers["retry-after"]) > 0
    clear(database)
    clock.advance(timedelta(seconds=2))
    assert (await post(api, cloud_event(id="e2"))).json()["accepted"] == 1


async def test_a_refused_event_has_changed_nothing(api: AsyncClient, database: Database, clock: FixedClock) -> None:
    pile_up(database, queue.BACKLOG)
    assert (await post(api, cloud_event(id="late"))).status_code == 429
    with database.begin() as session:
        counted = session.connection().execute(text("SELECT count(*) FROM events WHERE source <> 'pile'"))
        assert counted.scalar_one() == 0
        assert session.connection().execute(text("SELECT count(*) FROM event_keys")).scalar_one() == 0


async def test_how_long_the_backlog_is_is_looked_at_once_a_second(
    api: AsyncClient, database: Database, clock: FixedClock
) -> None:
    assert (await post(api, cloud_event(id="a"))).status_code == 202
    pile_up(database, queue.BACKLOG)
    assert (await post(api, cloud_event(id="b"))).status_code == 202
    clock.advance(timedelta(seconds=1))
    assert (await post(api, cloud_event(id="c"))).status_code == 429
