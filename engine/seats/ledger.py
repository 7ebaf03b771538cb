"""The ledger of group seats as a function of what happened: pure, one person at a time (METRICS.md, M7 and M8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

MOVED_WITHIN = timedelta(hours=24)
"""Who leaves a chat and joins another one of the same store within this time, before or after, has moved."""
ADD_WINDOW = timedelta(days=7)
"""A join without a channel of its own is credited to the latest add within this time."""
_MAY_BE_MOVES = frozenset({"self", "removed", "unknown"})


@dataclass(frozen=True, slots=True)
class SeatFact:
    """The person joined or left a chat. `seq` is 0 for what was imported without an event; `by` is for leaving."""

    at: datetime
    seq: int
    action: Literal["joined", "left"]
    chat_id: int
    store_id: int | None = None
    channel_id: int | None = None
    scene: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Add:
    """An add as a friend, for the channel of a join that has none."""

    at: datetime
    channel_id: int


@dataclass
class SeatInterval:
    """One seat from joining to leaving."""

    chat_id: int
    store_id: int | None
    joined_at: datetime
    joined_seq: int
    channel_id: int | None = None
    scene: str | None = None
    left_at: datetime | None = None
    left_by: str | None = None
    left_seq: int | None = None


def derive(facts: Iterable[SeatFact], adds: Sequence[Add] = ()) -> list[SeatInterval]:
    """The person's seats, in the order of joining."""
    seats: list[SeatInterval] = []
    taken: dict[int, SeatInterval] = {}
    for fact in sorted(facts, key=lambda one: (one.at, one.seq, one.chat_id, one.action)):
        seat = taken.get(fact.chat_id)
        if fact.action == "joined" and seat is None:
            channel = fact.channel_id or _channel_of_latest_add(adds, fact.at)
            seat = SeatInterval(fact.chat_id, fact.store_id, fact.at, fact.seq, channel, fact.scene)
            seats.append(seat)
            taken[fact.chat_id] = seat
        elif fact.action == "left" and seat is not None:
            del taken[fact.chat_id]
            seat.left_at, seat.left_by, seat.left_seq = fact.at, fact.by or "unknown", fact.seq or None
    for seat in seats:
        if _has_moved(seat, seats):
            seat.left_by = "moved"
    return seats


def _channel_of_latest_add(adds: Sequence[Add], at: datetime) -> int | None:
    recent = [add for add in adds if at - ADD_WINDOW <= add.at <= at]
    return max(recent, key=lambda add: add.at).channel_id if recent else None


def _has_moved(seat: SeatInterval, seats: Sequence[SeatInterval]) -> bool:
    left = seat.left_at
    if left is None or seat.left_by not in _MAY_BE_MOVES or seat.store_id is None:
        return False
    return any(
        other.chat_id != seat.chat_id
        and other.store_id == seat.store_id
        and abs(other.joined_at - left) <= MOVED_WITHIN
        and (other.left_at is None or other.left_at > left)
        for other in seats
    )
