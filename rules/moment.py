"""The inputs of an evaluation that are no facts: the moment, the zone, and how much work is left."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from rules import evaluation_messages
from rules.errors import EvaluationError
from rules.limits import MAX_WORK


class Moment:
    """`now` in `zone`, for one evaluation. Operators whose work grows with the data `charge` for it."""

    __slots__ = ("budget", "now", "work", "zone")

    def __init__(self, now: datetime, zone: ZoneInfo, work: int = MAX_WORK) -> None:
        if now.tzinfo is None:
            raise ValueError("`now` has no zone; pass an aware datetime")
        self.now = now
        self.zone = zone
        self.work = self.budget = work

    @property
    def today(self) -> date:
        """The date of `now` in the zone."""
        return self.now.astimezone(self.zone).date()

    def day_of(self, time: date | datetime) -> date:
        """The date of an instant in the zone; of a date, itself."""
        return time.astimezone(self.zone).date() if isinstance(time, datetime) else time

    def charge(self, steps: int) -> None:
        """Use up work. Raises EvaluationError when none is left."""
        self.work -= steps
        if self.work < 0:
            raise EvaluationError(evaluation_messages.too_much_work(self.budget))
