"""Ended runs are forgotten in two steps: first their details, much later the run itself where nothing needs it.

    runs.trimmed   0   whole
                   1   without its details (`DETAILS`): the run, its outcome and its stages stay
                   2   judged: it stays for good, because re-entry or the funnel's people are told from it

A run stays for good if it is the last of its member in its journey (re-entry `once`, cooldown and the number of the
next run are told from it), or was the first of its member in a span that may still grow: the journey, a version, a
store, a channel, an associate. So what stays grows with people, not with time.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.funnel.people import COLUMNS

LASTING = sum(1 << bit for bit, name in enumerate(COLUMNS) if name not in {"people_day", "people_week", "people_month"})
"""The bits of `run_stages.firsts` for spans that a later run can still fall into: no run enters a day that is over."""

DETAILS = ("turns", "deliveries", "effects", "calls", "run_commands", "pauses")


def trim_details(session: Session, *, before: datetime, limit: int) -> dict[str, int]:
    """Forget how runs came to where they ended, of those that ended earliest; how many rows went, by table."""
    return _counts(session, _DETAILS, {"before": before, "limit": limit})


def trim_runs(session: Session, *, before: datetime, limit: int) -> dict[str, int]:
    """Forget runs without details that nothing needs, and mark the others; how many rows went, by table.

    Under the name `judged` stands how many were looked at.
    """
    return _counts(session, _RUNS, {"before": before, "limit": limit, "lasting": LASTING})


def _counts(session: Session, statement: str, given: dict[str, object]) -> dict[str, int]:
    row = session.connection().execute(text(statement), given).one()
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public way to a mapping


# Locked one by one: whoever else trims takes the others.
_CHOSEN = """
chosen AS (
    SELECT id, journey, member_id, n, entered_at FROM runs
    WHERE trimmed = {step} AND ended_at IS NOT NULL AND ended_at < :before
    ORDER BY ended_at LIMIT :limit FOR UPDATE SKIP LOCKED
)"""

_DETAILS = f"""
WITH {_CHOSEN.format(step=0)},
{", ".join(f"of_{name} AS (DELETE FROM {name} USING chosen WHERE run_id = chosen.id RETURNING 1)" for name in DETAILS)},
marked AS (UPDATE runs SET trimmed = 1 FROM chosen WHERE runs.id = chosen.id RETURNING 1)
SELECT (SELECT count(*) FROM marked) AS judged,
{", ".join(f"(SELECT count(*) FROM of_{name}) AS {name}" for name in DETAILS)}"""  # noqa: S608 - built from constants

_RUNS = f"""
WITH {_CHOSEN.format(step=1)},
judged AS (
    SELECT id,
        NOT EXISTS (SELECT 1 FROM runs later WHERE later.journey = chosen.journey
            AND later.member_id = chosen.member_id AND later.n > chosen.n)
        OR NOT EXISTS (SELECT 1 FROM runs later WHERE later.journey = chosen.journey
            AND later.member_id = chosen.member_id AND (later.entered_at, later.n) > (chosen.entered_at, chosen.n))
        OR EXISTS (SELECT 1 FROM run_stages WHERE run_id = chosen.id AND firsts & :lasting <> 0) AS needed
    FROM chosen
),
of_stages AS (DELETE FROM run_stages USING judged WHERE run_id = judged.id AND NOT needed RETURNING 1),
of_runs AS (DELETE FROM runs USING judged WHERE runs.id = judged.id AND NOT needed RETURNING 1),
marked AS (UPDATE runs SET trimmed = 2 FROM judged WHERE runs.id = judged.id AND needed RETURNING 1)
SELECT (SELECT count(*) FROM judged) AS judged,
    (SELECT count(*) FROM of_stages) AS run_stages, (SELECT count(*) FROM of_runs) AS runs"""  # noqa: S608 - as above
