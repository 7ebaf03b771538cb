"""What stands around a run: its effects with their attempts, and the runs that a merge ended for it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.runs.models import Effect, Run

MOST = 100


def effects_of(session: Session, run_id: int) -> Sequence[Effect]:
    """What the run did or asked for, latest first, at most 100."""
    wanted = select(Effect).where(col(Effect.run_id) == run_id)
    return (
        session.execute(wanted.order_by(col(Effect.asked_at).desc(), col(Effect.visit).desc()).limit(MOST))
        .scalars()
        .all()
    )


def ended_for(session: Session, run: Run) -> Sequence[int]:
    """The runs that ended with outcome `merged` and gave this run what they had kept."""
    given = {"member": run.member_id, "journey": run.journey, "into": json.dumps([{"detail": {"into": str(run.id)}}])}
    return session.connection().execute(_ENDED_FOR, given).scalars().all()


_ENDED_FOR = text("""
    SELECT r.id FROM runs r WHERE r.member_id = :member AND r.journey = :journey AND r.outcome = 'merged'
    AND EXISTS (SELECT 1 FROM turns t WHERE t.run_id = r.id AND t.log @> CAST(:into AS jsonb)) ORDER BY r.id""")
