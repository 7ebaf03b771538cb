"""Relations as rows: imported ones count as facts, and a derived ledger is written as the difference to the rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.database.bulk import table_of
from engine.database.difference import write_difference
from engine.relations.ledger import Fact, Interval
from engine.relations.models import Relation

Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = dict[int, list[Row]]
"""Rows by member."""

_RELATIONS = table_of(Relation)


def relations_of(session: Session, members: Sequence[int]) -> Rows:
    """All relations of these members, as plain rows."""
    found: Rows = {}
    wanted = select(_RELATIONS).where(_RELATIONS.c.member_id.in_(members)).order_by(_RELATIONS.c.id)
    for row in session.connection().execute(wanted).mappings():
        found.setdefault(row["member_id"], []).append(dict(row))
    return found


def imported_facts(rows: Iterable[Row]) -> list[Fact]:
    """The facts behind rows that no event opened: the seed's, or another system's."""
    facts: list[Fact] = []
    for row in rows:
        if row["opened_seq"] is not None:
            continue
        associate, store, channel, way = row["associate_id"], row["store_id"], row["channel_id"], row["add_way"]
        if row["half_at"] is not None:
            facts.append(Fact(row["half_at"], 0, "half", associate, store, channel, way))
        if row["full_at"] is not None:
            facts.append(Fact(row["full_at"], 0, "full", associate, store, channel, way, kind=row["kind"]))
        if row["ended_at"] is not None and row["ended_seq"] is None:
            facts.append(Fact(row["ended_at"], 0, "ended", associate, by=row["ended_by"]))
    return facts


def save(session: Session, derived: Mapping[int, Sequence[Interval]], rows: Rows) -> None:
    """Makes the rows of each member those that were derived. Rows of whoever merged into a member stand under it."""
    old = [(_row_key(member, row), row) for member in derived for row in rows.get(member, ())]
    new = {
        _key(member, one.associate_id, one.opened_seq, one.opened_at): _values(member, one)
        for member, intervals in derived.items()
        for one in intervals
    }
    write_difference(session, _RELATIONS, old=old, new=new, end="ended_at")


def _row_key(member: int, row: Row) -> Hashable:
    opened_at = row["half_at"] or row["full_at"]
    return _key(member, row["associate_id"], row["opened_seq"] or 0, opened_at)


def _key(member: int, associate: int, opened_seq: int, opened_at: object) -> Hashable:
    return member, associate, opened_seq or opened_at


def _values(member: int, one: Interval) -> Row:
    return {
        "associate_id": one.associate_id,
        "member_id": member,
        "half_at": one.half_at,
        "full_at": one.full_at,
        "ended_at": one.ended_at,
        "ended_by": one.ended_by,
        "kind": one.kind,
        "channel_id": one.channel_id,
        "store_id": one.store_id,
        "add_way": one.add_way,
        "opened_seq": one.opened_seq or None,
        "ended_seq": one.ended_seq,
    }
