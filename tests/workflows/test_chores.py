"""The router's chores: done until nothing is left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.clock import FixedClock
from engine.coupons.issue import issue
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.engine.chain import NOW, build_chain, event
from workflows.chores import Chores
from workflows.router import Chore

OLD_KEYS = text(
    "INSERT INTO event_keys (digest, day, seq)"
    " SELECT sha256(n::text::bytea), CAST(:day AS date) - 500, n FROM generate_series(1, :count) AS n"
)


@pytest.fixture
def chores(database: Database, clock: FixedClock, keys: KeyRing) -> list[Chore]:
    """The chores of the test's own database."""
    return Chores(database, clock, keys).all()


async def test_all_of_them_can_be_done_on_an_empty_database(chores: list[Chore]) -> None:
    assert "forget event keys" in {chore.name for chore in chores}
    for chore in chores:
        await chore.do()


async def test_a_chore_goes_on_until_less_is_left_than_it_does_at_once(
    chores: list[Chore], database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        session.connection().execute(OLD_KEYS, {"day": clock.now().date(), "count": 2_500})
    forget = next(chore for chore in chores if chore.name == "forget event keys")
    await forget.do()
    with database.begin() as session:
        assert session.connection().execute(text("SELECT count(*) FROM event_keys")).scalar_one() == 0


async def test_coupons_whose_time_is_over_expire(database: Database, keys: KeyRing) -> None:
    chain = build_chain(database, keys)
    chain.tell(event("store.visited", subject="member:1"))
    [(member,)] = chain.rows("SELECT id FROM members")
    with chain.database.begin() as session:
        session.connection().execute(text("UPDATE coupon_batches SET valid_for = 'P30D'"))
        issue(session, batch_key="HOOK", member_id=member, effect_key="1:a:1", keys=chain.keys, now=NOW)
    later = FixedClock(NOW + timedelta(days=400))
    for chore in Chores(chain.database, later, chain.keys).all():
        await chore.do()
    assert chain.rows("SELECT status FROM coupons WHERE member_id IS NOT NULL") == [("expired",)]
    assert chain.rows("SELECT count(*) FROM events WHERE type = 'coupon.expired'") == [(1,)]
