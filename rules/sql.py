"""A condition as a PostgreSQL expression that is NULL where the rule is unknown.

An operator's `sql` gives the expression, or None where none would mean exactly what its closure means. Values are bound
parameters (psycopg's `%(name)s`), fields are columns that the caller hands in.

Where a closure would raise an EvaluationError, or could, SQL cannot say so. The form then notes a *fault*: a test that
is true for each such row, and for few others. Where no fault is true the expression and the closure agree; whoever asks
lets the closure decide the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rules.duration import LONGEST_YEARS, Duration
from rules.limits import MAX_INTEGER, MAX_NODES, MAX_WORK
from rules.scalars import FIRST, LAST
from rules.types import Kind, Type
from rules.zones import FROM, UNTIL, changes_of

if TYPE_CHECKING:
    from rules.tree import Expression

EASY_WORK = MAX_WORK // MAX_NODES
"""Work that each node of a rule may need without the whole coming near the budget: longer data is left to closures."""

LONGEST = 256 * 1024
"""A form longer than this is none."""
_LONGEST_REPEATED = 2_000

_TYPES: Mapping[Kind, str] = {
    "boolean": "boolean", "integer": "numeric", "decimal": "numeric", "money": "numeric", "text": "text",
    "enum": "text", "ref": "text", "tags": "text[]", "date": "date", "instant": "timestamptz",
}  # fmt: skip


def sql_type(type_: Type) -> str | None:
    """What stands for values of a type: `numeric`, `text`, `text[]`, …; None for durations and lists of objects."""
    if type_.kind == "list":
        item = sql_type(type_.of) if type_.of is not None else None
        return None if item is None or item.endswith("[]") else f"{item}[]"
    return _TYPES.get(type_.kind)


@dataclass(frozen=True)
class Column:
    """How a field is read, by the type that it is declared with.

    `value` is NULL where the field is missing or of another type; None where SQL cannot read it, as when it is sealed.
    `present` is true or false, never NULL: whether there is anything at all. `fault` is true where there is something
    that closures may not take as of the type.
    """

    value: str | None
    present: str
    fault: str | None = None
    json: str | None = None
    """Of tags, where they stand so: the same as an array in JSON, which is cheaper to look into."""


@dataclass(frozen=True)
class Predicate:
    """A whole condition: `holds` is true, false or NULL wherever `fault` is not true. `fault` is never NULL.

    `steady`: where it is not NULL in spite of a fault, the closure says the same or raises.
    """

    holds: str
    fault: str | None
    steady: bool = False

    @property
    def possible(self) -> str:
        """Wherever the closure may be true; not NULL is enough, if steady, to spare the server the fault."""
        if self.fault is None:
            return self.holds
        return f"COALESCE({self.holds}, {self.fault})" if self.steady else f"({self.holds} OR {self.fault})"


class Query:
    """What the forms of one statement share: columns by path, the moment, and the parameters bound so far."""

    def __init__(self, columns: Mapping[str, Column], *, now: datetime, zone: ZoneInfo) -> None:
        self.columns = columns
        self.now = now
        self.zone = zone
        self.parameters: dict[str, Any] = {}
        self.paths: set[str] = set()
        self._faults: dict[str, None] = {}
        self._steady = True

    @property
    def today(self) -> date:
        """The date of `now` in the zone."""
        return self.now.astimezone(self.zone).date()

    def bind(self, value: object, type_: str) -> str:
        """A value as a parameter of this SQL type; whole numbers become exact ones."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = _exact(value)
        return f"%({name})s::{type_}"

    def value(self, path: str) -> str | None:
        """The field's value."""
        column = self._column(path)
        if column is None or column.value is None:
            return None
        if column.fault is not None:
            self._faults[column.fault] = None
        return column.value

    def json(self, path: str) -> str | None:
        """The field's tags as JSON, where they stand so."""
        column = self.columns.get(path)
        return column.json if column is not None and self.value(path) is not None else None

    def present(self, path: str) -> str | None:
        """Whether the field is there, whatever its value."""
        column = self._column(path)
        return None if column is None else column.present

    def fault(self, test: str) -> None:
        """Note a test that is true wherever the closure may raise an error here.

        There the form is NULL, or what the closure says if it raises none.
        """
        self._faults[f"COALESCE({test}, FALSE)"] = None

    def looks_at_absence(self) -> None:
        """Note that a NULL on the way may become a value: one that stands for a fault would be taken for absence."""
        self._steady = False

    def within_exact(self, bound: str) -> None:
        """Note that numbers beyond ±2^53 are an error; `bound` is at least as large as all of them."""
        self.fault(f"{bound} > {MAX_INTEGER}")

    def repeatable(self, *pieces: str) -> bool:
        """Whether a form may hold these pieces more than once: nested forms would double in size at each level."""
        return sum(map(len, pieces)) <= _LONGEST_REPEATED

    def local(self, instant: str) -> str | None:
        """An instant as date and time of the zone, by the same changes of clocks that Python knows."""
        if not self.repeatable(instant):
            return None
        listed = self._listed(instant, FROM, "timestamptz")
        offset = self._offset(instant, changes_of(self.zone).instants, "timestamptz")
        return f"(CASE WHEN {listed} THEN {instant} AT TIME ZONE 'UTC' + {offset} END)"

    def days_later(self, day: str, length: Duration) -> str:
        """A date and the calendar part of a duration; months end with their last day, as in Python."""
        first, last = date(1 + LONGEST_YEARS + 1, 1, 1), date(9999 - LONGEST_YEARS - 1, 1, 1)
        self.fault(f"{day} NOT BETWEEN {self.bind(first, 'date')} AND {self.bind(last, 'date')}")
        return f"({day} + {self._calendar(length)})::date"

    def later(self, instant: str, length: Duration) -> str | None:
        """An instant and a duration: the calendar part on the calendar of the zone, then the elapsed part."""
        elapsed = self.bind(length.elapsed, "interval")
        if not (length.months or length.days):
            found = f"(({instant} AT TIME ZONE 'UTC' + {elapsed}) AT TIME ZONE 'UTC')"
            self.fault(f"{found} NOT BETWEEN {self.bind(FIRST, 'timestamptz')} AND {self.bind(LAST, 'timestamptz')}")
            return found if self.repeatable(instant) else None
        local = self.local(instant)
        if local is None or not self.repeatable(local):
            return None
        there = f"({local} + {self._calendar(length)})"
        listed = self._listed(there, FROM.replace(tzinfo=None), "timestamp")
        offset = self._offset(there, changes_of(self.zone).walls, "timestamp")
        return f"(CASE WHEN {listed} THEN ({there} - {offset} + {elapsed}) AT TIME ZONE 'UTC' END)"

    def predicate(self, node: Expression) -> Predicate | None:
        """The form of a whole condition, if it has one; then its fields and parameters stay noted here."""
        parameters, paths, self._faults, self._steady = dict(self.parameters), set(self.paths), {}, True
        holds = node.sql(self)
        if holds is None or len(holds) + sum(map(len, self._faults)) > LONGEST:
            self.parameters, self.paths = parameters, paths
            return None
        return Predicate(holds, f"({' OR '.join(self._faults)})" if self._faults else None, self._steady)

    def _listed(self, time: str, first: datetime, type_: str) -> str:
        """Whether the changes of clocks are listed for a time; elsewhere it is a fault."""
        last = UNTIL.replace(tzinfo=first.tzinfo)
        test = f"({time} >= {self.bind(first, type_)} AND {time} < {self.bind(last, type_)})"
        self.fault(f"NOT {test}")
        return test

    def _offset(self, time: str, changes: Sequence[datetime], type_: str) -> str:
        """The zone's offset at a time, by the times from which another one holds."""
        offsets = changes_of(self.zone).offsets
        if not changes:
            return self.bind(offsets[0], "interval")
        bucket = f"width_bucket({time}, {self.bind(changes, f'{type_}[]')}) + 1"
        return f"({self.bind(offsets, 'interval[]')})[{bucket}]"

    def _calendar(self, length: Duration) -> str:
        return self.bind(f"{length.months} months {length.days} days", "interval")

    def _column(self, path: str) -> Column | None:
        column = self.columns.get(path)
        if column is not None:
            self.paths.add(path)
        return column


def _exact(value: object) -> object:
    match value:
        case bool() | str() | Decimal() | date() | timedelta():
            return value
        case int():
            return Decimal(value)
        case list() | tuple() | frozenset() | set():
            return [_exact(item) for item in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no form as a parameter")


def forms(nodes: Iterable[Expression], query: Query) -> list[str] | None:
    """The forms of all of these nodes; None when one has none."""
    found = []
    for node in nodes:
        form = node.sql(query)
        if form is None:
            return None
        found.append(form)
    return found


def common_type(nodes: Sequence[Expression]) -> str | None:
    """The one SQL type of these nodes; None when there is none, or more than one."""
    types = {sql_type(node.type) for node in nodes}
    return types.pop() if len(types) == 1 else None


def day_of(time: Expression, query: Query) -> str | None:
    """A date, or the date in the zone of an instant."""
    found = time.sql(query)
    if found is None or time.type.kind == "date":
        return found
    local = query.local(found)
    return None if local is None else f"{local}::date"


def of_known(value: str, verdict: str, query: Query) -> str | None:
    """A verdict that holds for every known value."""
    return f"(CASE WHEN {value} IS NOT NULL THEN {verdict} END)" if query.repeatable(value) else None


def in_array(value: str, array: str, query: Query) -> str | None:
    """Whether a value is in an array; not even an unknown one's answer is known beforehand where that is empty."""
    return of_known(value, f"{value} = ANY ({array})", query)
