"""Seats as rows: imported ones count as facts, and a derived ledger is written as the difference to the rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.database.bulk import table_of
from engine.database.difference import write_difference
from engine.seats.ledger import SeatFact, SeatInterval
from engine.seats.models import Seat

Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = dict[int, list[Row]]
"""Rows by member."""

_SEATS = table_of(Seat)


def seats_of(session: Session, members: Sequence[int]) -> Rows:
    """All seats of these members, as plain rows."""
    found: Rows = {}
    wanted = select(_SEATS).where(_SEATS.c.member_id.in_(members)).order_by(_SEATS.c.id)
    for row in session.connection().execute(wanted).mappings():
        found.setdefault(row["member_id"], []).append(dict(row))
    return found


def imported_facts(rows: Iterable[Row]) -> list[SeatFact]:
    """The facts behind rows that no event opened."""
    facts: list[SeatFact] = []
    for row in rows:
        if row["joined_seq"] is not None:
            continue
        chat, store, channel = row["chat_id"], row["store_id"], row["channel_id"]
        facts.append(SeatFact(row["joined_at"], 0, "joined", chat, store, channel, row["scene"]))
        if row["left_at"] is not None and row["left_seq"] is None:
            facts.append(SeatFact(row["left_at"], 0, "left", chat, by=row["left_by"]))
    return facts


def save(session: Session, derived: Mapping[int, Sequence[SeatInterval]], rows: Rows) -> None:
    """Makes the rows of each member those that were derived. Rows of whoever merged into a member stand under it."""
    old = [
        (_key(member, row["chat_id"], row["joined_seq"] or 0, row["joined_at"]), row)
        for member in derived
        for row in rows.get(member, ())
    ]
    new = {
        _key(member, seat.chat_id, seat.joined_seq, seat.joined_at): _values(member, seat)
        for member, seats in derived.items()
        for seat in seats
    }
    write_difference(session, _SEATS, old=old, new=new, end="left_at")


def _key(member: int, chat: int, joined_seq: int, joined_at: object) -> Hashable:
    return member, chat, joined_seq or joined_at


def _values(member: int, seat: SeatInterval) -> Row:
    return {
        "chat_id": seat.chat_id,
        "member_id": member,
        "joined_at": seat.joined_at,
        "left_at": seat.left_at,
        "left_by": seat.left_by,
        "channel_id": seat.channel_id,
        "store_id": seat.store_id,
        "scene": seat.scene,
        "joined_seq": seat.joined_seq or None,
        "left_seq": seat.left_seq,
    }
