"""What a turn adds to the funnel, inside its own transaction: rows are only appended, so that no two turns contend.

A cell is (journey, version, entry day in Asia/Shanghai, store, channel, associate); 0 stands for "none".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from engine.database import direct
from engine.funnel.buckets import LOG_GAMMA, SHORTEST
from engine.funnel.people import ALL_BITS, CELL, SPANS, first_bits, shared_bits
from engine.runs.models import Run
from rules.zones import HOME

HELD_OUT = "entered"
"""The name under which runs of the holdout are counted; their outcomes are counted under their own names."""
PAUSED = "paused"
"""Why an entry event was refused."""


@dataclass(frozen=True)
class RefusedEntry:
    """An event that would have started a run, and the cell that the run would have belonged to."""

    journey: str
    version: int
    entered_at: datetime
    store_id: int | None
    channel_id: int | None
    associate_id: int | None


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
    return direct.first(session, _REACHED, values) is not None


def ended(session: Session, run: Run, outcome: str) -> None:
    """Count a run's outcome. Called once, by the turn that ends the run."""
    direct.execute(session, _COUNT, _cell(run) | {"kind": "outcome", "name": outcome})


def held_out(session: Session, run: Run, name: str = HELD_OUT) -> None:
    """Count a run of the holdout: at its entry, and again under the name of its outcome when it ends."""
    direct.execute(session, _COUNT, _cell(run) | {"kind": "holdout", "name": name})


def refused(session: Session, entry: RefusedEntry) -> None:
    """Count an entry event that started no run because its journey was paused."""
    direct.execute(session, _COUNT, _cell(entry) | {"kind": "refused", "name": PAUSED})


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
    if any(direct.scalars(session, _MOVED, values)):
        merged(session, run.member_id)


def crossed(session: Session, run: Run, *, from_version: int) -> None:
    """Carry what a run has counted so far from the version it was in to the one it is in now, so that cells add up.

    The run's row tells its new version already; the caller holds the row lock of its member.
    """
    session.flush()
    values = _cell(run) | {
        "run": run.id,
        "member": run.member_id,
        "old": from_version,
        "log_gamma": LOG_GAMMA,
        "shortest": SHORTEST,
    }
    if run.status == "holdout":
        direct.execute(session, _HELD_CROSSED, values | {"name": HELD_OUT})
    elif any(direct.scalars(session, _CROSSED, values)):
        merged(session, run.member_id)


def absorbed(session: Session, kept: Run, gone: Run, *, stages: Sequence[str]) -> None:
    """Count with `kept` what `gone` has reached: the two were one person's way, which counts once per stage.

    Both runs are of one member, whose row lock the caller holds, and who is then counted anew by `merged`.
    """
    session.flush()
    values = _cell(gone) | {"run": gone.id, "log_gamma": LOG_GAMMA, "shortest": SHORTEST}
    order = {stage: position for position, stage in enumerate(stages)}
    withdrawn = direct.rows(session, _WITHDRAWN, values)
    for stage, at in sorted(withdrawn, key=lambda row: (order.get(row[0], len(order)), row[1])):
        reached(session, kept, stage, stages=stages, at=at)


def merged(session: Session, member_id: int) -> None:
    """Find anew where the member came first, after runs of another member became theirs, or a run changed its place."""
    session.flush()
    direct.execute(session, _RECOUNT, {"member": member_id})


def day_of(at: datetime) -> date:
    """The day that a run entered at `at` belongs to."""
    return at.astimezone(HOME).date()


def _cell(run: Run | RefusedEntry) -> dict[str, object]:
    return {
        "journey": run.journey,
        "version": run.version,
        "day": day_of(run.entered_at),
        "store": run.store_id or 0,
        "channel": run.channel_id or 0,
        "associate": run.associate_id or 0,
    }


_BUCKET = """CASE WHEN since_previous IS NOT NULL THEN CEIL(ROUND(
    (LN(GREATEST(since_previous, CAST(%(shortest)s AS float))) / CAST(%(log_gamma)s AS float))::numeric, 9
))::int END"""

_REACHED = f"""
WITH given AS (
    SELECT CAST(%(run)s AS bigint) AS run, CAST(%(member)s AS bigint) AS member, CAST(%(journey)s AS text) AS journey,
        CAST(%(stage)s AS text) AS stage, CAST(%(previous)s AS text) AS previous, CAST(%(at)s AS timestamptz) AS at,
        CAST(%(version)s AS int) AS version, CAST(%(day)s AS date) AS day, CAST(%(store)s AS bigint) AS store,
        CAST(%(channel)s AS bigint) AS channel, CAST(%(associate)s AS bigint) AS associate
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
"""  # noqa: S608 - built from constants

_COUNT = """
INSERT INTO funnel_deltas
    (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, firsts, weight)
VALUES (%(journey)s, %(version)s, %(day)s, %(store)s, %(channel)s, %(associate)s, %(kind)s, %(name)s, 1, 0, 0, 1)
"""

_MOVED = f"""
INSERT INTO funnel_deltas
    (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, bucket, firsts, weight)
SELECT %(journey)s, %(version)s, %(day)s, %(store)s, %(channel)s, place, 'stage', stage, sign,
    sign * entered_here::int, {_BUCKET}, firsts, sign
FROM run_stages, (VALUES (-1, CAST(%(old)s AS bigint)), (1, CAST(%(associate)s AS bigint))) AS moves (sign, place)
WHERE run_id = %(run)s
RETURNING EXISTS (SELECT 1 FROM runs WHERE runs.journey = %(journey)s AND member_id = %(member)s AND id <> %(run)s)
"""  # noqa: S608 - built from constants

_CROSSED = f"""
INSERT INTO funnel_deltas
    (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, bucket, firsts, weight)
SELECT %(journey)s, place, %(day)s, %(store)s, %(channel)s, %(associate)s, 'stage', stage, sign,
    sign * entered_here::int, {_BUCKET}, firsts, sign
FROM run_stages, (VALUES (-1, CAST(%(old)s AS int)), (1, CAST(%(version)s AS int))) AS moves (sign, place)
WHERE run_id = %(run)s
RETURNING EXISTS (SELECT 1 FROM runs WHERE runs.journey = %(journey)s AND member_id = %(member)s AND id <> %(run)s)
"""  # noqa: S608 - built from constants

_HELD_CROSSED = """
INSERT INTO funnel_deltas
    (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, firsts, weight)
SELECT %(journey)s, place, %(day)s, %(store)s, %(channel)s, %(associate)s, 'holdout', %(name)s, sign, 0, 0, sign
FROM (VALUES (-1, CAST(%(old)s AS int)), (1, CAST(%(version)s AS int))) AS moves (sign, place)
"""

_WITHDRAWN = f"""
WITH gone AS (
    DELETE FROM run_stages WHERE run_id = %(run)s RETURNING stage, at, entered_here, firsts, since_previous
), counted AS (
    INSERT INTO funnel_deltas
        (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, bucket, firsts,
        weight)
    SELECT %(journey)s, %(version)s, %(day)s, %(store)s, %(channel)s, %(associate)s, 'stage', stage, -1,
        -entered_here::int, {_BUCKET}, firsts, -1
    FROM gone
)
SELECT stage, at FROM gone
"""  # noqa: S608 - built from constants

_RECOUNT = f"""
WITH ranked AS (
    SELECT run_id, stage, firsts AS before, {first_bits()} AS after,
        runs.journey, {", ".join(f"{span} AS {name}" for span, name in zip(SPANS[1:6], CELL, strict=True))}
    FROM run_stages JOIN runs ON runs.id = run_stages.run_id WHERE runs.member_id = %(member)s
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
"""  # noqa: S608 - built from constants
