"""The router's chores: done until nothing is left."""

from __future__ import annotations

from sqlalchemy import text

from engine.clock import FixedClock
from engine.database.connection import Database
from workflows.chores import Chores

OLD_KEYS = text(
    "INSERT INTO event_keys (digest, day, seq)"
    " SELECT sha256(n::text::bytea), CAST(:day AS date) - 500, n FROM generate_series(1, :count) AS n"
)


async def test_all_of_them_can_be_done_on_an_empty_database(database: Database, clock: FixedClock) -> None:
    for chore in Chores(database, clock).all():
        await chore.do()


async def test_a_chore_goes_on_until_less_is_left_than_it_does_at_once(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        session.connection().execute(OLD_KEYS, {"day": clock.now().date(), "count": 2_500})
    forget = next(chore for chore in Chores(database, clock).all() if chore.name == "forget event keys")
    await forget.do()
    with database.begin() as session:
        assert session.connection().execute(text("SELECT count(*) FROM event_keys")).scalar_one() == 0
