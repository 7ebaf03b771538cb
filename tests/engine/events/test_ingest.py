"""What ingest makes of events, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.database.retrying import run
from engine.events.incoming import IncomingEvent, IngestResult
from engine.events.ingest import ingest
from engine.secrets.keyring import KeyRing

AT = datetime(2026, 1, 7, 2, tzinfo=UTC)


def event(name: str, subject: str | None = "member:1", type: str = "store.visited", **data: object) -> IncomingEvent:
    return IncomingEvent("test", name, type, subject, AT - timedelta(minutes=1), dict(data))  # type: ignore[arg-type]


def post(database: Database, keys: KeyRing, *events: IncomingEvent) -> IngestResult:
    return run(database, lambda session: ingest(session, events, now=AT, keys=keys))


def rows(database: Database, sql: str) -> list[tuple[object, ...]]:
    with database.begin() as session:
        return [tuple(row) for row in session.connection().execute(text(sql))]


def test_a_new_subject_becomes_a_member_with_its_event_in_log_and_queue(
    database: Database, keys: KeyRing
) -> None:
    result = post(database, keys, event("a"))
    assert (result.accepted, result.duplicates, result.rejected) == (1, 0, ())
    [(member,)] = rows(database, "SELECT id FROM members")
    assert rows(database, "SELECT member_id, type, routed_at FROM events") == [(member, "store.visited", None)]
    assert rows(database, "SELECT member_id FROM member_queue") == [(member,)]


def test_the_same_source_and_id_is_a_duplicate_in_a_batch_and_after_it(database: Database, keys: KeyRing) -> None:
    first = post(database, keys, event("a"), event("b"), event("a", subject="member:2"))
    again = post(database, keys, event("a"), event("c"))
    assert (first.accepted, first.duplicates) == (2, 1)
    assert (again.accepted, again.duplicates) == (1, 1)
    assert again.seqs[0] == first.seqs[0]
    assert rows(database, "SELECT count(*) FROM members") == [(1,)]
