"""Who has a draft open now: rows of the database, because pages are served by several processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.kinds import Kind
from engine.edits.models import DraftPresence

PRESENT = timedelta(seconds=15)
_GONE = timedelta(minutes=1)


@dataclass(frozen=True)
class Present:
    """Somebody who has the draft open; `seat` tells two windows or tabs of one person apart."""

    by: str
    seat: str


def seen(session: Session, kind: Kind, key: str, *, by: str, seat: str, now: datetime) -> None:
    """Note that this person's page was heard of."""
    values = {"by": by, "seen_at": now}
    row = insert(DraftPresence).values(kind=kind, key=key, seat=seat, **values)
    session.execute(row.on_conflict_do_update(index_elements=["kind", "key", "seat"], set_=values))
    table = (col(DraftPresence.kind), col(DraftPresence.key), col(DraftPresence.seat))
    old = select(*table).where(col(DraftPresence.seen_at) < now - _GONE).with_for_update(skip_locked=True)
    for kind_, key_, seat_ in session.execute(old).all():
        gone = (table[0] == kind_, table[1] == key_, table[2] == seat_)
        session.execute(delete(DraftPresence).where(*gone))


def others(session: Session, kind: Kind, key: str, *, seat: str, now: datetime) -> Sequence[Present]:
    """Who else has the draft open, in a lasting order."""
    here = (col(DraftPresence.kind) == kind, col(DraftPresence.key) == key, col(DraftPresence.seat) != seat)
    chosen = select(DraftPresence).where(*here, col(DraftPresence.seen_at) >= now - PRESENT)
    rows = session.execute(chosen.order_by(col(DraftPresence.by), col(DraftPresence.seat))).scalars()
    return [Present(row.by, row.seat) for row in rows]
