"""The names of a funnel's groups: what an id, a version or a day is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.funnel.query import By
from engine.organisation.models import Associate, Channel, Store

NOWHERE = "0"
"""The group of runs that have no channel, store or associate."""

_NONE = {
    "channel": {"zh": "无渠道", "en": "No channel"},
    "store": {"zh": "无门店", "en": "No store"},
    "associate": {"zh": "无导购", "en": "No associate"},
}


@dataclass(frozen=True)
class Place:
    """A group's key, None for what has none, and its title. Associates go by their keys: their names are personal."""

    key: str | None
    title: dict[str, str]


def places_of(session: Session, by: By, groups: Iterable[str]) -> dict[str, Place]:
    """The name of each group of a funnel."""
    if by in {"version", "day"}:
        return {group: _plain(group) for group in groups}
    wanted = [int(group) for group in groups if group != NOWHERE]
    found = {NOWHERE: Place(None, _NONE[by])} | {str(number): Place(str(number), {}) for number in wanted}
    if by == "associate":
        accounts = select(col(Associate.id), col(Associate.key)).where(col(Associate.id).in_(wanted))
        return found | {
            str(row.id): Place(row.key, {"zh": row.key, "en": row.key}) for row in session.execute(accounts)
        }
    table: type[Channel | Store] = Channel if by == "channel" else Store
    rows = session.execute(select(col(table.id), col(table.key), col(table.title)).where(col(table.id).in_(wanted)))
    return found | {str(row.id): Place(row.key, row.title) for row in rows}


def _plain(key: str) -> Place:
    return Place(key, {"zh": key, "en": key})
