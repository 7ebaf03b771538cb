"""The value of a derived attribute as of a moment: one aggregate of the events that count, told in SQL.

It is NULL where nobody knows it: an event whose part is undecided could change it, or there is none to tell of.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.database import direct
from engine.fields import store
from engine.fields.catalogue import Derived
from rules.duration import DurationError, add_to_instant
from rules.types import Json

Values: TypeAlias = dict[str, Json]

ZERO = frozenset({"count", "sum", "days_with"})
"""What has a value where no event counts."""


def derived_values(
    session: Session, members: Collection[int], derived: Sequence[Derived], *, now: datetime
) -> dict[int, Values]:
    """For each member the attributes that have a known value as of `now`, by name, as facts carry them."""
    ids = store.ready_ids(session, derived)
    readable = [each for each in derived if each.source.name in ids]
    found: dict[int, Values] = {member: {} for member in members}
    if not readable:
        return found
    columns = ", ".join(f"v{n}.value" for n in range(len(readable)))
    joins = "\n".join(
        f"CROSS JOIN LATERAL ({of_member(each, ids[each.source.name], 'm.id', now=now)}) v{n}"
        for n, each in enumerate(readable)
    )
    query = f"SELECT m.id, {columns} FROM unnest(%(members)s::bigint[]) AS m (id) {joins}"  # noqa: S608  # our own columns
    for member, *values in direct.rows(session, query, {"members": list(members)}):
        told = zip(readable, values, strict=True)
        found[member] = {each.name: as_fact(each, value) for each, value in told if value is not None}
    return found


def of_member(derived: Derived, source_id: int, member: str, *, now: datetime) -> str:
    """A query for the value of one member, named by the expression `member`: one row with the column `value`."""
    events = _events(derived, source_id, now)
    return f"SELECT {_aggregate(derived)} AS value FROM counted_events c WHERE c.member_id = {member} AND {events}"  # noqa: S608  # our own columns


def of_all(derived: Derived, source_id: int, *, now: datetime) -> str:
    """A query for the values of all members for whom an event counts: `member_id`, and `value`, which may be NULL."""
    chosen = f"c.member_id, {_aggregate(derived)} AS value"
    return f"SELECT {chosen} FROM counted_events c WHERE {_events(derived, source_id, now)} GROUP BY c.member_id"  # noqa: S608  # our own columns


def since(derived: Derived, now: datetime) -> datetime | None:
    """How far back the attribute reaches from `now`; None for all time."""
    if derived.within is None:
        return None
    try:
        return add_to_instant(now, -derived.within, derived.zone)
    except DurationError:
        return None


def _events(derived: Derived, source_id: int, now: datetime) -> str:
    first = since(derived, now)
    window = f"c.source_id = {source_id} AND c.time <= {_instant(now)}"
    return window if first is None else f"{window} AND c.time >= {_instant(first)}"


def _aggregate(derived: Derived) -> str:
    decided = "count(*) FILTER (WHERE NOT c.decided) = 0"
    match derived.how:
        case "count":
            return f"CASE WHEN {decided} THEN count(*)::numeric END"
        case "sum":
            return f"CASE WHEN {decided} THEN COALESCE(sum((c.value #>> '{{}}')::numeric), 0) END"
        case "days_with":
            days = f"count(DISTINCT {_day('c.time', derived.zone)})"
            return f"CASE WHEN {days} = {days} FILTER (WHERE c.decided) THEN {days}::numeric END"
        case how:
            order = "DESC" if how == "last" else "ASC"
            told = "c.value" if derived.of_value else _moment(derived)
            return f"(array_agg(CASE WHEN c.decided THEN {told} END ORDER BY c.time {order}, c.seq {order}))[1]"


def _moment(derived: Derived) -> str:
    """The time of an event, or its day where a date is declared."""
    return _day("c.time", derived.zone) if derived.declaration.type == "date" else "c.time"


def _day(time: str, zone: ZoneInfo) -> str:
    return f"({time} AT TIME ZONE '{zone.key}')::date"


def _instant(at: datetime) -> str:
    return f"timestamptz '{at.astimezone(UTC).isoformat()}'"


def as_fact(derived: Derived, value: Any) -> Json:
    """A value as facts carry it: whole numbers as such, decimals, days and instants as texts."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value) if derived.declaration.type == "decimal" else int(value)
    told: Json = value
    return told
