"""What people are told before they stop a journey: how many entered lately, and whether it is stopped already."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.runs.models import Pause, Run

MOST = 1_000
"""So many of the latest runs are looked at, however many entered."""
_AT_ONCE = 100


def entered_since(session: Session, journey: str, since: datetime) -> int:
    """How many of the journey's latest 1,000 runs in sight entered at or after `since`."""
    found, before = 0, None
    while found < MOST:
        # A few at a time: for many, who may see what is guessed to hide so much that the whole table would be read.
        latest = select(col(Run.id), col(Run.entered_at)).where(col(Run.journey) == journey)
        latest = latest if before is None else latest.where(col(Run.id) < before)
        rows = session.execute(latest.order_by(col(Run.id).desc()).limit(_AT_ONCE)).all()
        found += sum(entered_at >= since for _, entered_at in rows)
        if len(rows) < _AT_ONCE or rows[-1][1] < since:
            break
        before = rows[-1][0]
    return min(found, MOST)


def entered_between(session: Session, journey: str, since: datetime | None, until: datetime | None) -> int:
    """How many entered from `since` to before `until`; not more than 1,000 are counted."""
    found = select(col(Run.id)).where(col(Run.journey) == journey)
    found = found.where(col(Run.entered_at) >= since) if since else found
    found = found.where(col(Run.entered_at) < until) if until else found
    return int(session.execute(select(func.count()).select_from(found.limit(MOST).subquery())).scalar_one())


def entered_by_event(session: Session, journey: str, since: datetime) -> dict[str, int]:
    """By the type of the event that let them in: how many of the journey's latest 1,000 runs entered since then."""
    found = session.connection().execute(_BY_EVENT, {"journey": journey, "since": since, "most": MOST})
    return {on: int(runs) for on, runs in found}


def lasting_pause(session: Session, journey: str, run_id: int | None = None) -> Pause | None:
    """The pause of a journey that lasts, or that of one of its runs itself."""
    itself = col(Pause.run_id).is_(None) if run_id is None else col(Pause.run_id) == run_id
    wanted = select(Pause).where(col(Pause.journey) == journey, itself, col(Pause.to_at).is_(None))
    return session.execute(wanted.limit(1)).scalar_one_or_none()


_BY_EVENT = text("""
    SELECT e.type, count(*) FROM (
        SELECT entry_seq, entered_at FROM runs WHERE journey = :journey ORDER BY id DESC LIMIT :most
    ) AS latest JOIN events e ON e.seq = latest.entry_seq
    WHERE latest.entered_at >= :since GROUP BY e.type""")
