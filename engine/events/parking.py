"""Members whose routing failed five times: who they are, why, and letting them go on."""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.access import audit
from engine.alerts import store as alerts
from engine.events import queue

_OURS = frozenset({"rules", "engine", "workflows"})
_NUMBERS = re.compile(r"\d{7,}")


@dataclass(frozen=True)
class Parked:
    """A parked member: since when and why, how often routing failed, and how many events wait.

    `oldest` is when the first of those was accepted, `next_type` what it is.
    """

    member_id: int
    since: datetime
    reason: str | None
    failures: int
    waiting: int
    oldest: datetime | None
    next_type: str | None


def list_parked(session: Session, *, after: int = 0, limit: int = 50, member_id: int | None = None) -> Sequence[Parked]:
    """The parked members in sight by id, those above `after`; or this one alone, if it is parked."""
    rows = session.connection().execute(_PARKED, {"after": after, "limit": limit, "member": member_id})
    return [Parked(*row) for row in rows]


def parked_count(session: Session) -> int:
    """How many members in sight are parked."""
    return int(session.connection().execute(_COUNT).scalar_one())


def release(session: Session, member_id: int, *, by: str, now: datetime) -> bool:
    """Let a parked member be routed again; false if none of this id is parked in sight. Its alert is settled."""
    if not list_parked(session, member_id=member_id, limit=1) or not queue.unpark(session, member_id, now=now):
        return False
    audit.record(session, by, "member.released", f"member/{member_id}", now=now)
    alerts.settle(session, "member-parked", f"member/{member_id}", by=by, now=now)
    return True


def reason_of(error: BaseException) -> str:
    """Why routing failed, without personal data: the error and where in our code it was raised.

    The words of other people's errors may repeat what they were given, so only our own are kept.
    """
    kind = type(error)
    told = f"{kind.__name__}: {error}" if kind.__module__.partition(".")[0] in _OURS else kind.__name__
    places = [
        f"{module}.{frame.f_code.co_name}"
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if (module := str(frame.f_globals.get("__name__", ""))).partition(".")[0] in _OURS
    ]
    return _NUMBERS.sub("…", f"{told} ({places[-1]})" if places else told)


_PARKED = text("""
    SELECT q.member_id, q.parked_at, q.reason, q.failures, e.waiting, e.oldest, e.next_type
    FROM member_queue q JOIN members m ON m.id = q.member_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, min(accepted_at) AS oldest, (array_agg(type ORDER BY seq))[1] AS next_type
        FROM events WHERE events.member_id = q.member_id AND routed_at IS NULL) e
    WHERE q.parked_at IS NOT NULL AND q.member_id > :after
      AND (CAST(:member AS bigint) IS NULL OR q.member_id = :member)
    ORDER BY q.member_id LIMIT :limit""")
_COUNT = text("""
    SELECT count(*) FROM member_queue q JOIN members m ON m.id = q.member_id WHERE q.parked_at IS NOT NULL""")
