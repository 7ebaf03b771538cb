"""Who receives a customer who scans a channel's code now: hours, room, and backups.

Pure: the page `GET /q/<code>` gives the channel and its people, and shows the code of whoever is chosen.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

Cause = Literal["expired", "closed", "nobody", "full"]
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])", re.ASCII)


def _clock(value: object) -> time:
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[0] > "24:00":
        raise ValueError("a time of day is written as 09:00, from 00:00 to 24:00")
    return time(int(found[1]) % 24, int(found[2]))


ClockTime = Annotated[time, PlainValidator(_clock), WithJsonSchema({"type": "string", "format": "time"})]


class Hours(BaseModel):
    """When a channel's associates receive: `{"from": "09:00", "to": "21:30", "days": [1, 2, 3, 4, 5, 6, 7]}`.

    Days are ISO weekdays, Monday 1. `to` before `from` reaches into the next morning, which belongs to the day on
    which it began. Equal times mean the whole day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")
    days: tuple[Literal[1, 2, 3, 4, 5, 6, 7], ...] = (1, 2, 3, 4, 5, 6, 7)

    def open_at(self, moment: datetime) -> bool:
        """Whether a local moment lies within the hours."""
        now, today = moment.time(), moment.isoweekday()
        if self.start < self.end:
            return today in self.days and self.start <= now < self.end
        yesterday = (today - 2) % 7 + 1
        return (today in self.days and now >= self.start) or (yesterday in self.days and now < self.end)


@dataclass(frozen=True)
class Receiver:
    """An account that can stand behind a code. `friends` are its relations, counted here and elsewhere."""

    userid: str
    active: bool = True
    friends: int = 0
    capacity: int = 20_000

    @property
    def has_room(self) -> bool:
        return self.friends < self.capacity


@dataclass(frozen=True)
class Desk:
    """A channel as far as receiving goes; associates come before backups."""

    associates: Sequence[Receiver]
    backups: Sequence[Receiver] = ()
    hours: Hours | None = None
    expires_at: datetime | None = None

    def only(self, wanted: Callable[[str], bool]) -> Desk:
        """The same desk with some of its accounts away."""
        associates = [one for one in self.associates if wanted(one.userid)]
        return replace(self, associates=associates, backups=[one for one in self.backups if wanted(one.userid)])


@dataclass(frozen=True)
class Codes:
    """The accounts of a desk behind which a code of WeCom stands, and those for whom none could be made lately."""

    ready: Collection[str] = ()
    refused: Collection[str] = ()


@dataclass(frozen=True)
class Reception:
    """Who receives, or why nobody does (METRICS.md, A18). `by_backup`: the associates could not."""

    userid: str | None
    cause: Cause | None = None
    by_backup: bool = False


def choose(desk: Desk, now: datetime, zone: ZoneInfo, visitor: str) -> Reception:
    """Who receives this visitor.

    Within the hours any active associate with room, else a backup; outside them a backup only. Among equals the
    visitor decides by a hash: the same visitor meets the same face, and all faces meet as many visitors.
    """
    if desk.expires_at is not None and desk.expires_at <= now:
        return Reception(None, "expired")
    is_open = desk.hours is None or desk.hours.open_at(now.astimezone(zone))
    first = desk.associates if is_open else ()
    for receivers, by_backup in ((first, False), (desk.backups, True)):
        ready = [one for one in receivers if one.active and one.has_room]
        if ready:
            return Reception(_face(ready, visitor).userid, by_backup=by_backup)
    return Reception(None, _cause([*first, *desk.backups], is_open=is_open))


def receive(desk: Desk, codes: Codes, now: datetime, zone: ZoneInfo, visitor: str) -> tuple[Reception, str | None]:
    """Who receives this visitor as far as there are codes, and whose code is to be made.

    Until the code of whoever should receive is there, another account of the desk that has one does.
    """
    best = choose(desk.only(lambda userid: userid not in codes.refused), now, zone, visitor)
    if best.userid is None:
        return choose(desk, now, zone, visitor), None
    if best.userid in codes.ready:
        return best, None
    spare = choose(desk.only(lambda userid: userid in codes.ready), now, zone, visitor)
    return (best if spare.userid is None else spare), best.userid


def _cause(receivers: Sequence[Receiver], *, is_open: bool) -> Cause:
    if not is_open:
        return "closed"
    return "full" if any(one.active for one in receivers) else "nobody"


def _face(receivers: Sequence[Receiver], visitor: str) -> Receiver:
    """By rendezvous hashing: when somebody comes or goes, only their own visitors change faces."""
    return max(receivers, key=lambda one: hashlib.sha256(f"{visitor}:{one.userid}".encode()).digest())
