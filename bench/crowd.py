"""People inside a journey: one goes in as customers do, and many others stand about as if they had.

What the others have done is not in the log of events: they are rows of the runs' table and of their stages, as many as
lists, filters, counts and plans have to cope with. The sweeper leaves them alone for a month.
"""

from __future__ import annotations

import time

from sqlalchemy import text

from bench.chain import door_of
from bench.figures import BenchError
from bench.load import Customer, Inbox
from bench.service import Service
from engine.database.connection import Database

PATIENCE = 60.0


def one_inside(one: Service, database: Database, journey: str) -> int:
    """Let a customer scan and be added, and wait until their run stands still; its id."""
    inbox, customer = Inbox(database, one.keys(), door_of(database)), Customer()
    for sent in range(2):
        customer.sent = sent
        inbox.accept(customer)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with database.begin() as session:
            found = session.connection().execute(_STANDS, {"journey": journey}).scalar()
        if found is not None:
            return int(found)
        time.sleep(0.2)
    raise BenchError(f"nobody came to stand in {journey}")


def crowd(database: Database, run: int, runs: int, *, ended: float = 0.4) -> None:
    """So many runs more like this one, a share of them over; the others stand at any node that one can stand at."""
    given = {"run": run, "runs": runs, "ended": int(runs * ended)}
    with database.begin() as session:
        for statement in (_RUNS, _STAGES, "ANALYZE runs", "ANALYZE run_stages"):
            session.connection().execute(text(statement), given)


_STANDS = text("SELECT max(id) FROM runs WHERE journey = :journey AND status = 'waiting' AND node = 'wait_join'")
_RUNS = """
INSERT INTO runs (journey, version, bundle_hash, member_id, n, workflow_id, entry_seq, store_id, associate_id,
    channel_id, status, node, node_entered_at, deadline, state, outcome, entered_at, now, turn, wake_at, ended_at,
    stuck_reason, trimmed)
SELECT one.journey, one.version, one.bundle_hash, others.id, 1, 'bench/' || one.journey || '/' || others.id, -others.id,
    others.store_id, one.associate_id, one.channel_id,
    CASE WHEN place < :ended THEN (ARRAY['completed', 'exited', 'expired'])[1 + place % 3]
         WHEN place % 500 = 0 THEN 'stuck' ELSE 'waiting' END,
    CASE WHEN place >= :ended THEN (ARRAY['wait_add', 'wait_join', 'wait_claim', 'wait_redeem'])[1 + place % 4] END,
    now() - interval '1 second' * (place * 60), now() + interval '1 second' * (place * 60 - 86400), one.state,
    CASE WHEN place < :ended THEN 'expired' END, now() - interval '1 second' * (place * 60), one.now, one.turn,
    now() + interval '30 days', CASE WHEN place < :ended THEN now() - interval '1 second' * (place * 30) END,
    CASE WHEN place >= :ended AND place % 500 = 0 THEN 'activity_failed' END, 0
FROM runs AS one, (SELECT row_number() OVER (ORDER BY id DESC) - 1 AS place, id, store_id FROM members) AS others
WHERE one.id = :run AND others.place < :runs
AND NOT EXISTS (SELECT FROM runs AS known WHERE known.member_id = others.id AND known.journey = one.journey)"""
_STAGES = """
INSERT INTO run_stages (run_id, stage, at, entered_here, firsts)
SELECT runs.id, 'added', runs.entered_at, false, 0 FROM runs, runs AS one
WHERE one.id = :run AND runs.journey = one.journey AND runs.workflow_id LIKE 'bench/%' AND runs.id % 3 = 0
ON CONFLICT DO NOTHING"""
