"""What happened to a run, line by line: as its turns recorded it, and who started, paused and resumed it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access.models import AuditEntry
from engine.runs import by_hand
from engine.runs.models import Run, Turn

_ACTIONS = {
    "run.paused": "pause",
    "run.resumed": "resume",
    "journey.paused": "pause_journey",
    "journey.resumed": "resume_journey",
}


@dataclass(frozen=True)
class TimelineItem:
    """One line. `kind` is entered, event, effect, left, timeout, deferred, failed, operator, migrated or ended.

    `sealed` is what was read for it, which may be personal.
    """

    at: datetime
    kind: str
    node: str | None
    port: str | None
    detail: dict[str, Any]
    sealed: str | None = field(default=None, repr=False)


def read_timeline(session: Session, run_id: int) -> list[TimelineItem]:
    """The lines of all turns of a run, oldest first, and between them who started, paused and resumed it.

    A journey's pause is told where it began or ended while the run was under way.
    """
    run = session.get(Run, run_id)
    logs = session.execute(select(col(Turn.log)).where(col(Turn.run_id) == run_id).order_by(col(Turn.n))).scalars()
    items = [_item(line) for log in logs for line in log]
    return items if run is None else [*_start(session, run), *_woven(items, _stops(session, run))]


def _start(session: Session, run: Run) -> list[TimelineItem]:
    asked = by_hand.asked_by(session, run.entry_seq)
    return [] if asked is None else [_operator(asked[0], "start", asked[1])]


def _stops(session: Session, run: Run) -> list[TimelineItem]:
    """The pauses and resumptions that the audit tells of, by run and by journey, oldest first."""
    if run.status == "holdout":
        return []
    of, at = col(AuditEntry.object), col(AuditEntry.at)
    wanted = select(AuditEntry).where(of.in_([f"run/{run.id}", f"journey/{run.journey}"]), at >= run.entered_at)
    if run.ended_at is not None:
        wanted = wanted.where(at <= run.ended_at)
    chosen = wanted.where(col(AuditEntry.action).in_(list(_ACTIONS))).order_by(at, col(AuditEntry.id))
    found = session.execute(chosen).scalars()
    return [_operator(entry.at, _ACTIONS[entry.action], entry.actor, entry.after) for entry in found]


def _operator(at: datetime, action: str, by: str, after: dict[str, Any] | None = None) -> TimelineItem:
    deadlines = (after or {}).get("deadlines")
    detail = {"action": action, "by": by} | ({"deadlines": deadlines} if deadlines else {})
    return TimelineItem(at, "operator", None, None, detail)


def _woven(items: Sequence[TimelineItem], between: Iterable[TimelineItem]) -> list[TimelineItem]:
    """Both, the items in the order that the turns gave them, each of the others before the first that is later."""
    rest, woven = deque(between), list[TimelineItem]()
    for item in items:
        while rest and rest[0].at < item.at:
            woven.append(rest.popleft())
        woven.append(item)
    return [*woven, *rest]


def _item(line: dict[str, Any]) -> TimelineItem:
    at = datetime.fromisoformat(line["at"])
    return TimelineItem(
        at, line["kind"], line.get("node"), line.get("port"), line.get("detail") or {}, line.get("reads")
    )
