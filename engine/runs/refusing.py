"""Which rule keeps a member out of a journey, with the run because of which it does: told before and after the fact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy.orm import Session

from engine.database import direct
from engine.journeys.door import Door
from engine.journeys.start import Refusal, RunHistory, cooled_down, is_held_out, refuse_reentry

Rule: TypeAlias = Refusal | Literal["holdout", "paused", "too-old", "changed", "retired"]
"""Re-entry: `once`, `live` and `cooldown`. `changed`: no entry of the version that was live took the event."""


@dataclass(frozen=True)
class Refusing:
    """A rule that keeps somebody out. `run` is the run that it looks at, which entered at `since`.

    `until`: from when it lets them in again, where that is known. Of a pause, `since` is when it began.
    """

    rule: Rule
    run: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class _Former:
    """A member's runs of a journey: how many, the latest one, and the latest that had not ended."""

    runs: int
    run: int | None
    latest: datetime | None
    inside: int | None
    inside_since: datetime | None


def would_refuse(
    session: Session, door: Door, member: int, at: datetime, *, before: int | None = None
) -> Refusing | None:
    """What of re-entry and holdout keeps the member out at an instant; None where they let them in.

    `before`: as it was when the event at this place in the log was routed. Runs out of sight are not known of.
    """
    given: dict[str, Any] = {"journey": door.key, "member": member, "before": before}
    [former] = direct.objects(session, _Former, _FORMER, given)
    history = RunHistory(former.runs, former.inside is not None, former.latest)
    match refuse_reentry(door, at, history):
        case "once":
            return Refusing("once", former.run, former.latest)
        case "live":
            return Refusing("live", former.inside, former.inside_since)
        case "cooldown":
            return Refusing("cooldown", former.run, former.latest, cooled_down(door, former.latest))
        case None:
            return Refusing("holdout") if is_held_out(door, str(member)) else None


def with_run(told: Refusing, known: Refusing | None) -> Refusing:
    """What was recorded as the rule, with the run that is known to be its reason."""
    return replace(known, rule=told.rule) if known is not None and known.rule == told.rule else told


_FORMER = """
SELECT count(*) AS runs,
    (array_agg(id ORDER BY entered_at DESC, id DESC))[1] AS run, max(entered_at) AS latest,
    (array_agg(id ORDER BY entered_at DESC, id DESC) FILTER (WHERE inside))[1] AS inside,
    max(entered_at) FILTER (WHERE inside) AS inside_since
FROM (
    SELECT id, entered_at, ended_at IS NULL OR ended_seq >= %(before)s::bigint AS inside
    FROM runs WHERE journey = %(journey)s AND member_id = %(member)s
        AND (%(before)s::bigint IS NULL OR entry_seq < %(before)s::bigint)
) AS mine"""
