"""Figures of what waits and lives: right, cheap, and never read more often than they may be."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event as sql_events
from sqlalchemy import text

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from engine.telemetry.standing import LIMIT, Standing, read
from tests.engine.chain import NOW, Chain, build_chain, event


def figures(chain: Chain, *, after: timedelta = timedelta()) -> dict[str, dict[tuple[str, ...], float]]:
    with chain.database.begin() as session:
        return {one.name: one.values for one in read(session, NOW + after)}


def test_an_empty_service_shows_zero_where_something_could_wait(database: Database, keys: KeyRing) -> None:
    shown = figures(build_chain(database, keys))
    assert shown["waystation_events_unrouted"] == {("interactive",): 0, ("bulk",): 0}
    assert shown["waystation_events_unrouted_oldest_seconds"] == {("interactive",): 0, ("bulk",): 0}
    assert shown["waystation_members_parked"] == shown["waystation_runs_overdue"] == {(): 0}
    assert shown["waystation_runs"] == shown["waystation_effects_unsettled"] == {}


def test_what_waits_to_be_routed_is_told_by_class_with_the_age_of_the_oldest(database: Database, keys: KeyRing) -> None:
    chain = build_chain(database, keys)
    chain.tell(event("contact.scanned", subject="member:1"), event("member.updated", subject="member:2", nickname="x"))
    chain.tell(event("member.updated", subject="member:2", nickname="x"))
    shown = figures(chain, after=timedelta(seconds=90))
    assert shown["waystation_events_unrouted"] == {("interactive",): 1, ("bulk",): 2}
    assert shown["waystation_events_unrouted_oldest_seconds"] == {("interactive",): 90, ("bulk",): 90}


RUNS = """
INSERT INTO runs (journey, version, bundle_hash, member_id, n, workflow_id, entry_seq, status, state, entered_at, now,
    turn, wake_at, ended_at, trimmed)
SELECT journey, 1, 'b', (SELECT min(id) FROM members), n, journey || n, n, status, '{}', :now, :now, 1,
    CASE WHEN ended THEN NULL ELSE :now + make_interval(mins => n) END, CASE WHEN ended THEN :now END, 0
FROM (VALUES ('a', 1, 'waiting', false), ('a', 2, 'waiting', false), ('a', 3, 'stuck', false),
    ('a', 4, 'completed', true), ('b', 1, 'waiting', false), ('b', 2, 'stuck', false)
) AS given (journey, n, status, ended)"""


def test_live_runs_are_told_by_journey_and_status(database: Database, keys: KeyRing) -> None:
    chain = build_chain(database, keys)
    chain.tell(event("store.visited", subject="member:1"))
    with database.begin() as session:
        session.connection().execute(text(RUNS), {"now": NOW})
        session.connection().execute(
            text("INSERT INTO pauses (journey, from_at, run_id) VALUES ('b', :now, NULL)"), {"now": NOW}
        )
    shown = figures(chain, after=timedelta(minutes=2, seconds=30))
    assert shown["waystation_runs"] == {
        ("a", "waiting"): 2,
        ("a", "stuck"): 1,
        ("b", "paused"): 1,
        ("b", "stuck"): 1,
    }
    assert shown["waystation_runs_overdue"] == {(): 2}, "due a minute before: the first of each journey"


def test_figures_are_kept_while_they_are_fresh_and_longer_where_looking_took_long(database: Database) -> None:
    # Asked, read and looked; then asked and told.
    slow, kept, quick, kept_too = [0.0, 2.0, 2.0, 2.0], [41.5, 41.5], [42.0, 42.25, 42.25, 42.25], [52.0, 52.0]
    times = iter([*slow, *kept, *quick, *kept_too])
    looks: list[str] = []
    sql_events.listen(database.engine, "begin", lambda _: looks.append("look"))
    standing = Standing(database, FixedClock(NOW), timer=lambda: next(times), fresh_for=10)
    ages = [standing.figures()[-1].values[()] for _ in range(4)]
    assert len(looks) == 2, "a look of two seconds is good for forty more"
    assert ages == [0.0, 39.5, 0.0, 9.75]


def test_what_piles_up_is_counted_up_to_a_limit(database: Database) -> None:
    """The statement must say so: no test can afford to pile up so much."""
    statements: list[str] = []
    sql_events.listen(
        database.engine, "before_cursor_execute", lambda _c, _r, statement, *_: statements.append(statement)
    )
    with database.begin() as session:
        list(read(session, NOW))
    counting = [one for one in statements if "FROM events" in one or "FROM effects" in one or "wake_at" in one]
    assert len(counting) == 4
    assert all("LIMIT" in one for one in counting)
    assert LIMIT == 100_000


def test_while_the_database_is_away_old_figures_are_shown_and_grow_old(database: Database) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nowhere")
    standing = Standing(database, FixedClock(NOW), fresh_for=0)
    fresh = standing.figures()
    standing.database = away
    assert [one.name for one in standing.figures()] == [one.name for one in fresh]
    [age] = Standing(away, FixedClock(NOW)).figures()
    assert age.values == {(): float("inf")}
