"""A journey that keeps failing at a node pauses itself (JOURNEYS.md, Meaning 7)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.alerts.store import signal
from engine.definitions import life
from engine.definitions.errors import UnknownDefinitionError, WrongStateError
from engine.runs.models import Effect
from rules.types import Json

LOOKED_AT = 100
TOO_MANY = 10
ITSELF = "waystation"
"""Who paused the journey, in the audit."""

log = structlog.get_logger()


def look_after_failure(session: Session, effect: Effect, *, now: datetime) -> bool:
    """Pause the journey when 10 of the last 100 runs that tried this node failed there. Called when one has failed.

    Whoever resumes a journey has seen what failed until then: such failures count no more.
    """
    place = {"journey": effect.journey, "node": effect.node, "last": LOOKED_AT}
    tried, failed = session.connection().execute(_LAST, place).one()
    if tried < LOOKED_AT or failed < TOO_MANY:
        return False
    if life.is_paused(session, effect.journey):
        return True  # without the lock of the live set, which each failure would take
    with suppress(WrongStateError, UnknownDefinitionError):
        life.pause(session, effect.journey, by=ITSELF, now=now)
        detail: dict[str, Json] = {"node": effect.node, "failed": failed, "of": tried}
        signal(session, "journey-paused-itself", f"journey/{effect.journey}", now=now, detail=detail)
        log.warning("journey pauses itself", journey=effect.journey, node=effect.node, failed=failed, of=tried)
    return True


_LAST = text("""
SELECT count(*), count(*) FILTER (WHERE state IN ('failed', 'unknown') AND settled_at > COALESCE((
    SELECT max(to_at) FROM pauses WHERE journey = :journey AND run_id IS NULL), '-infinity'))
FROM (
    SELECT state, settled_at FROM effects WHERE journey = :journey AND node = :node AND settled_at IS NOT NULL
    AND state <> 'cancelled'
    ORDER BY settled_at DESC LIMIT :last
) AS latest
""")
