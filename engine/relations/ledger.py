"""The ledger of friend relations as a function of what happened: pure, one person at a time (METRICS.md, M4 to M6, M8).

Facts may arrive late, twice and in any order; they are put in the order of their own time (those of one instant in the
order of acceptance) and the intervals are derived from the beginning. So the same facts always give the same ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from engine.wecom.answers import ASSIGNED_BY_ADMIN

Action = Literal["half", "full", "ended"]
Origin = Literal["told", "found", "transfer"]

TRANSFER_WINDOW = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened between an associate and the person. `seq` is 0 for what was imported without an event.

    `kind` is given for imported relations only; `by` for ends.
    """

    at: datetime
    seq: int
    action: Action
    associate_id: int
    store_id: int | None = None
    channel_id: int | None = None
    add_way: int | None = None
    origin: Origin = "told"
    by: str | None = None
    kind: str | None = None


@dataclass
class Interval:
    """One relation from its opening to its end. `support` are the places in the log of all adds that it rests on."""

    associate_id: int
    store_id: int | None
    opened_seq: int
    half_at: datetime | None = None
    full_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_seq: int | None = None
    kind: str | None = None
    channel_id: int | None = None
    add_way: int | None = None
    support: list[int] = field(default_factory=list)

    @property
    def opened_at(self) -> datetime:
        """The first of half and full."""
        opened = self.half_at or self.full_at
        if opened is None:
            raise ValueError("a relation opens with half or full")
        return opened

    def is_open(self, at: datetime) -> bool:
        """Whether the relation, half or full, stands at this instant; it does not at that of its end."""
        return self.opened_at <= at and (self.ended_at is None or at < self.ended_at)


def derive(facts: Iterable[Fact]) -> list[Interval]:
    """The person's relations, in the order of their opening."""
    deriving = _Deriving()
    for fact in sorted(facts, key=lambda one: (one.at, one.seq, one.associate_id, one.action == "ended")):
        deriving.take(fact)
    return deriving.intervals


def first_of_its_relation(intervals: Sequence[Interval], seq: int) -> bool | None:
    """Whether the add at this place in the log was the first accepted one of its relation; None if it is in none."""
    for interval in intervals:
        if seq in interval.support:
            return min(interval.support) == seq
    return None


class _Deriving:
    """What is known of one person so far, in the order of time."""

    def __init__(self) -> None:
        self.intervals: list[Interval] = []
        self.open: dict[int, Interval] = {}
        self.last: dict[int, Interval] = {}
        self.full_with: set[int] = set()
        self.full_at_store: set[int | None] = set()
        self.transferred: dict[int, datetime] = {}

    def take(self, fact: Fact) -> None:
        if fact.origin == "transfer" and fact.action == "full":
            self.transferred[fact.associate_id] = fact.at
        if fact.action == "ended":
            self._end(fact)
        elif not self._is_stale(fact):
            self._add(fact)

    def _is_stale(self, fact: Fact) -> bool:
        """A sweep must not reopen what the customer ended: WeCom goes on to list such relations."""
        last = self.last.get(fact.associate_id)
        is_open = fact.associate_id in self.open
        return fact.origin == "found" and not is_open and last is not None and last.ended_by == "customer"

    def _add(self, fact: Fact) -> None:
        interval = self.open.get(fact.associate_id) or self._opened(fact)
        interval.support.append(fact.seq)
        if interval.channel_id is None:
            interval.channel_id = fact.channel_id
        if interval.add_way is None:
            interval.add_way = fact.add_way
        if fact.action == "half" and interval.full_at is None and interval.half_at is None:
            interval.half_at = fact.at
        if fact.action == "full" and interval.full_at is None:
            interval.full_at = fact.at
            interval.kind = fact.kind or self._kind(fact, interval)
            self.full_with.add(fact.associate_id)
            self.full_at_store.add(interval.store_id)

    def _opened(self, fact: Fact) -> Interval:
        interval = Interval(fact.associate_id, fact.store_id, fact.seq)
        self.intervals.append(interval)
        self.open[fact.associate_id] = self.last[fact.associate_id] = interval
        return interval

    def _kind(self, fact: Fact, interval: Interval) -> str:
        """How the add is classed (M5). Only relations that were full count as known before."""
        moved = self.transferred.get(fact.associate_id)
        within = moved is not None and fact.at - moved <= TRANSFER_WINDOW
        if fact.origin == "transfer" or interval.add_way == ASSIGNED_BY_ADMIN or within:
            return "transfer"
        if fact.origin == "found":
            return "sweep"
        if not self.full_with:
            return "new_corp"
        if fact.associate_id in self.full_with:
            return "readd"
        return "new_associate" if interval.store_id in self.full_at_store else "new_store"

    def _end(self, fact: Fact) -> None:
        interval = self.open.pop(fact.associate_id, None)
        if interval is not None:
            interval.ended_at, interval.ended_by, interval.ended_seq = fact.at, fact.by or "unknown", fact.seq or None
