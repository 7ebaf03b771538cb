"""When a row holds: from an instant or the beginning of a date on, until before another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from rules.scalars import parse_date, parse_instant
from rules.tables import messages
from rules.tables.cells import Cut, Span, ValueSet
from rules.tables.document import Window as WindowPart
from rules.types import Problem


@dataclass(frozen=True)
class Window:
    """The time of a row, half-open. A date is its midnight in the zone of the evaluation."""

    start: datetime | date | None
    end: datetime | date | None

    def instants(self, zone: ZoneInfo) -> ValueSet:
        """The window as a set of instants."""
        low, high = _cut(self.start, zone), _cut(self.end, zone)
        return ValueSet(spans=(Span(low, high),) if low is None or high is None or low < high else ())


def read_window(given: WindowPart | None, pointer: str, problems: list[Problem]) -> Window | None:
    """The window of a row. What is wrong with it is added to `problems`."""
    if given is None:
        return None
    if given.start is None and given.end is None:
        problems.append(Problem("schema", pointer, messages.EMPTY_WINDOW))
    return Window(_bound(given.start, f"{pointer}/from", problems), _bound(given.end, f"{pointer}/to", problems))


def _bound(text: str | None, pointer: str, problems: list[Problem]) -> datetime | date | None:
    if text is None:
        return None
    for parse in (parse_date, parse_instant):
        try:
            found = parse(text)
        except ValueError:
            continue
        if date.min.year < found.year < date.max.year:
            return found
    problems.append(Problem("schema", pointer, messages.bad_time(text)))
    return None


def _cut(bound: datetime | date | None, zone: ZoneInfo) -> Cut | None:
    if bound is None:
        return None
    at = bound if isinstance(bound, datetime) else datetime.combine(bound, time(), zone)
    return at.astimezone(UTC), 0
