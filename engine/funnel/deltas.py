"""What a turn adds to the funnel, inside its own transaction: rows are only appended, so that no two turns contend.

A cell is (journey, version, entry day in Asia/Shanghai, store, channel, associate); 0 stands for "none".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.funnel.buckets import LOG_GAMMA, SHORTEST
from engine.funnel.people import ALL_BITS, CELL, SPANS, first_bits, shared_bits
from engine.runs.models import Run

ZONE = ZoneInfo("Asia/Shanghai")

HELD_OUT = "entered"
"""The name under which runs of the holdout are counted; their outcomes are counted under their own names."""


def reached(session: Session, run: Run, stage: str, *, stages: Sequence[str], at: datetime) -> bool:
    """Record that a run reached a stage; False when it had reached it before, and then nothing changes.

    `stages` are all of the journey, in order. The caller holds the row lock of the run's member.
    """
    position = stages.index(stage) if stage in stages else 0
    values = _cell(run) | {
        "run": run.id,
        "member": run.member_id,
        "stage": stage,
        "previous": stages[position - 1] if position else None,
        "at": at,
        "log_gamma": LOG_GAMMA,
        "shortest": SHORTEST,
    }
    return session.connection().execute(_REACHED, values).first() is not None


def ended(session: Session, run: Run, outcome: str) -> None:
    """Count a run's outcome. Called once, by the turn that ends the run."""
    session.connection().execute(_COUNT, _cell(run) | {"kind": "outcome", "name": outcome})


def held_out(session: Session, run: Run, name: str = HELD_OUT) -> None:
    """Count a run of the holdout: at its entry, and again under the name of its outcome when it ends."""
    session.connection().execute(_COUNT, _cell(run) | {"kind": "holdout", "name": name})


def moved(session: Session, run: Run, *, from_associate: int | None) -> None:
    """Carry what a run has counted so far from the associate it had to the one it has now, so that cells add up."""
    session.flush()
    values = _cell(run) | {
        "run": run.id,
        "member": run.member_id,
        "old": from_associate or 0,
        "log_gamma": LOG_GAMMA,
        "shortest": SHORTEST,
    }
    if any(session.connection().execute(_MOVED, values).scalars()):
        merged(session, run.member_id)


def merged(session: Session, member_id: int) -> None:
    """Find anew where the member came first, after runs of another member became theirs, or a run changed its place."""
    session.flush()
    session.connection().execute(_RECOUNT, {"member": member_id})


def day_of(at: datetime) -> date:
    """The day that a run entered at `at` belongs to."""
    return at.astimezone(ZONE).date()


def _cell(run: Run) -> dict[str, object]:
    return {
        "journey": run.journey,
        "version": run.version,
        "day": day_of(run.entered_at),
        "store": run.store_id or 0,
        "channel": run.channel_id or 0,
        "associate": run.associate_id or 0,
    }


_BUCKET = """CASE WHEN since_previous IS NOT NULL THEN CEIL(ROUND(
    (LN(GREATEST(since_previous, CAST(:shortest AS float))) / CAST(:log_gamma AS float))::numeric, 9
))::int END"""

_REACHED = text(f"""
WITH given AS (
    SELECT CAST(:run AS bigint) AS run, CAST(:member AS bigint) AS member, CAST(:journey AS text) AS journey,
        CAST(:stage AS text) AS stage, CAST(:previous AS text) AS previous, CAST(:at AS timestamptz) AS at,
        CAST(:version AS int) AS version, CAST(:day AS date) AS day, CAST(:store AS bigint) AS store,
        CAST(:channel AS bigint) AS channel, CAST(:associate AS bigint) AS associate
), before AS (
    SELECT run_stages.at FROM run_stages JOIN given ON run_id = run AND run_stages.stage = previous
), fresh AS (
    INSERT INTO run_stages (run_id, stage, at, entered_here, firsts, since_previous)
    SELECT
        run, stage, at,
        NOT EXISTS (SELECT 1 FROM before),
        {ALL_BITS} & ~COALESCE((
            SELECT BIT_OR({shared_bits()}) FROM runs JOIN run_stages ON run_stages.run_id = runs.id
            WHERE runs.journey = given.journey AND member_id = member AND runs.id <> run
            AND run_stages.stage = given.stage
        ), 0),
        (SELECT EXTRACT(epoch FROM given.at - before.at) FROM before)
    FROM given
    ON CONFLICT DO NOTHING
    RETURNING stage, entered_here, since_previous, firsts
)
INSERT INTO funnel_deltas
    (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, bucket, firsts, weight)
SELECT journey, version, day, store, channel, associate, 'stage', fresh.stage, 1, entered_here::int, {_BUCKET},
    firsts, 1
FROM fresh, given
RETURNING id
""")  # noqa: S608 - built from constants

_COUNT = text("""
INSERT INTO funnel_deltas
    (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, firsts, weight)
VALUES (:journey, :version, :day, :store, :channel, :associate, :kind, :name, 1, 0, 0, 1)
""")

_MOVED = text(f"""
INSERT INTO funnel_deltas
    (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, bucket, firsts, weight)
SELECT :journey, :version, :day, :store, :channel, place, 'stage', stage, sign, sign * entered_here::int, {_BUCKET},
    firsts, sign
FROM run_stages, (VALUES (-1, CAST(:old AS bigint)), (1, CAST(:associate AS bigint))) AS moves (sign, place)
WHERE run_id = :run
RETURNING EXISTS (SELECT 1 FROM runs WHERE runs.journey = :journey AND member_id = :member AND id <> :run)
""")  # noqa: S608 - built from constants

_RECOUNT = text(f"""
WITH ranked AS (
    SELECT run_id, stage, firsts AS before, {first_bits()} AS after,
        runs.journey, {", ".join(f"{span} AS {name}" for span, name in zip(SPANS[1:6], CELL, strict=True))}
    FROM run_stages JOIN runs ON runs.id = run_stages.run_id WHERE runs.member_id = :member
), changed AS (
    SELECT * FROM ranked WHERE before <> after
), corrected AS (
    UPDATE run_stages SET firsts = after FROM changed
    WHERE run_stages.run_id = changed.run_id AND run_stages.stage = changed.stage
)
INSERT INTO funnel_deltas
    (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, firsts, weight)
SELECT journey, version, day, store, channel, associate, 'stage', stage, 0, 0, bits, weight
FROM changed, LATERAL (VALUES (before, -1), (after, 1)) AS both_sides (bits, weight)
""")  # noqa: S608 - built from constants
