"""Associates who join, leave and move: the latest event by its own time decides, each for what it tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

STAFF_TYPES = frozenset({"associate.joined", "associate.left", "associate.moved"})


@dataclass(frozen=True)
class StaffFact:
    """One event about an associate; `store_id` where it names the store."""

    type: str
    seq: int
    at: datetime
    associate_id: int
    store_id: int | None


def record(session: Session, facts: Iterable[StaffFact]) -> None:
    """Changes the associates, unless the log holds a later word."""
    for fact in sorted(facts, key=lambda one: (one.at, one.seq)):
        given = {"id": fact.associate_id, "at": fact.at, "store": fact.store_id}
        match fact.type:
            case "associate.joined":
                session.connection().execute(_JOINED, given)
            case "associate.left":
                session.connection().execute(_LEFT, given)
        if fact.type != "associate.left" and fact.store_id is not None:
            session.connection().execute(_MOVED, given)


_NOT_LATER = """NOT EXISTS (
    SELECT 1 FROM events e WHERE e.associate_id = :id AND e.time > :at AND e.type <> '{not_this}' {and_more}
    AND e.type IN ('associate.joined', 'associate.left', 'associate.moved'))"""
_CAME_OR_WENT = _NOT_LATER.format(not_this="associate.moved", and_more="")
_PLACED = _NOT_LATER.format(not_this="associate.left", and_more="AND e.data ? 'store'")
_JOINED = text(f"UPDATE associates SET active = true, left_at = NULL WHERE id = :id AND {_CAME_OR_WENT}")  # noqa: S608  # constants
_LEFT = text(f"UPDATE associates SET active = false, left_at = :at WHERE id = :id AND {_CAME_OR_WENT}")  # noqa: S608  # constants
_MOVED = text(f"UPDATE associates SET store_id = :store WHERE id = :id AND {_PLACED}")  # noqa: S608  # constants
