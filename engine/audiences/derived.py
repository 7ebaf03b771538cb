"""Derived attributes of members as columns: one aggregate of the events that count, joined to everybody at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from engine.audiences.columns import Place
from engine.audiences.stored import stored
from engine.fields import store
from engine.fields.catalogue import Derived, own_fields
from engine.fields.reading import ZERO, of_all
from rules.limits import MAX_INTEGER
from rules.sql import sql_type

_LARGEST_DECIMAL, _MOST_PLACES = 10**20, 18
"""What facts can carry."""


def derived_columns(session: Session, paths: Collection[str], *, now: datetime) -> dict[str, Place]:
    """The columns of those fields that are derived. Where not all events of the past are judged, nobody has a value."""
    derived = [each for each in own_fields(session).derived.values() if each.path in paths]
    sources = store.ready_ids(session, derived)
    return {
        each.path: _place(each, sources.get(each.source.name), f"derived{number}", now)
        for number, each in enumerate(derived)
        if not each.declaration.personal
    }


def _place(derived: Derived, source_id: int | None, name: str, now: datetime) -> Place:
    if source_id is None:
        type_ = sql_type(derived.declaration.value_type)
        return Place(type_ and f"NULL::{type_}", "FALSE")
    join = f"LEFT JOIN ({of_all(derived, source_id, now=now)}) {name} ON {name}.member_id = m.id"
    value = f"{name}.value"
    if derived.of_value and derived.how not in ZERO:
        column = stored(value, derived.declaration.value_type)
        return Place(column.value, column.present, column.fault, column.json, (join,))
    if derived.how not in ZERO:
        return Place(value, f"({value} IS NOT NULL)", joins=(join,))
    number = f"(CASE WHEN {name}.member_id IS NULL THEN 0 ELSE {value} END)"
    return Place(number, f"({number} IS NOT NULL)", _beyond(number, derived), joins=(join,))


def _beyond(number: str, derived: Derived) -> str:
    """Where a sum is more than the facts of its type can carry."""
    if derived.declaration.type == "decimal":
        return f"COALESCE(abs({number}) >= {_LARGEST_DECIMAL} OR scale({number}) > {_MOST_PLACES}, FALSE)"
    return f"COALESCE(abs({number}) > {MAX_INTEGER}, FALSE)"
