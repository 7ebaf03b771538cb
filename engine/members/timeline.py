"""A member's timeline: one item per accepted event and per effect of a journey, newest first."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.members.profile import mask


class CursorError(ValueError):
    """A cursor that no answer of ours gave out."""


@dataclass(frozen=True)
class Moment:
    """One item. `run` names the run of an effect; `kind` is the type of the event or of the activity.

    Identities in `data` are masked, as they are wherever a member is shown.
    """

    at: datetime
    kind: str
    source: str
    data: dict[str, Any]
    run: int | None
    seq: int | None = None
    """The place of an event in the log."""


def timeline(
    session: Session, member_id: int, *, limit: int, cursor: str | None = None
) -> tuple[list[Moment], str | None]:
    """The items after the cursor, and the cursor of the rest. Raises CursorError."""
    given: dict[str, Any] = {"member": member_id, "limit": limit + 1, "at": None, "place": ""}
    if cursor is not None:
        given["at"], given["place"] = _read(cursor)
    rows = session.connection().execute(_TIMELINE, given).all()
    shown = rows[:limit]
    more = _written(shown[-1].at, shown[-1].place) if len(rows) > limit else None
    return [Moment(row.at, row.kind, row.source, _masked(row.data), row.run, row.seq) for row in shown], more


def _masked(data: dict[str, Any]) -> dict[str, Any]:
    named = data.get("identities")
    if not isinstance(named, list):
        return data
    parts = (str(one).partition(":") for one in named)
    return {**data, "identities": [f"{kind}:{mask(value)}" for kind, _, value in parts]}


def _written(at: datetime, place: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {place}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, place = plain.partition(" ")
        instant = datetime.fromisoformat(at)
    except (binascii.Error, ValueError) as error:
        raise CursorError("Give the `next` of the page before as `cursor`.") from error
    if instant.tzinfo is None or "\0" in place:
        raise CursorError("Give the `next` of the page before as `cursor`.")
    return instant, place


_TIMELINE = text("""
    SELECT * FROM (
        SELECT time AS at, 'event' || lpad(seq::text, 19, '0') COLLATE "C" AS place, type AS kind, source, data,
               CAST(NULL AS bigint) AS run, seq
        FROM events WHERE member_id = :member
        UNION ALL
        SELECT COALESCE(e.settled_at, e.asked_at), ('run' || lpad(e.run_id::text, 19, '0') || e.node || e.visit),
               e.type, 'journey/' || e.journey,
               jsonb_strip_nulls(jsonb_build_object(
                   'node', e.node, 'visit', e.visit, 'state', e.state, 'port', e.port, 'error', e.error)),
               e.run_id, CAST(NULL AS bigint)
        FROM effects e JOIN runs r ON r.id = e.run_id WHERE r.member_id = :member
    ) AS items
    WHERE CAST(:at AS timestamptz) IS NULL OR (at, place) < (CAST(:at AS timestamptz), :place)
    ORDER BY at DESC, place DESC LIMIT :limit""")
