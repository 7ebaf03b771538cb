"""The queue of members: a lease takes as many as were asked for, whatever plan PostgreSQL makes of it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.events import queue
from tests.engine.chain import NOW, Chain, event

# The plan that PostgreSQL makes when a table has grown by much since it was analysed last.
ROW_BY_ROW = "; ".join(
    f"SET LOCAL enable_{way} = off"
    for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material", "indexscan", "bitmapscan")
)


def lease(session: Session, most: int) -> list[int]:
    session.execute(text(ROW_BY_ROW))
    return queue.lease(session, "r", now=NOW, until=NOW + timedelta(seconds=15), limit=most)


def test_a_lease_takes_no_more_members_than_asked_for(chain: Chain) -> None:
    chain.tell(*(event("store.visited", subject=f"member:{number}") for number in range(20)))
    with chain.database.begin() as session:
        assert len(lease(session, 3)) == 3
    with chain.database.begin() as session:
        assert len(lease(session, 30)) == 17
