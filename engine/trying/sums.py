"""The figures of a backtest: counted within a page, added to the job's rows in its transaction, read as a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.database import direct

Side: TypeAlias = Literal["would", "was"]
DIFFERS_KEPT = 1_000
"""So many of those who would be treated otherwise are kept by name; all are counted."""


class Figure(NamedTuple):
    """What a number is of."""

    side: Side
    what: str
    of: str = ""
    store: int = 0
    day: str = ""


@dataclass
class Counts:
    """What a page counts. `differs` are (member, was, would)."""

    numbers: Counter[Figure] = field(default_factory=Counter)
    differs: list[tuple[int | None, dict[str, Any], dict[str, Any]]] = field(default_factory=list)

    def add(self, figure: Figure, n: int = 1) -> None:
        self.numbers[figure] += n

    def differ(self, member: int | None, was: dict[str, Any], would: dict[str, Any]) -> None:
        """Somebody would be treated otherwise."""
        self.add(Figure("would", "differs"))
        self.differs.append((member, was, would))


def keep(session: Session, job_id: int, counts: Counts) -> None:
    """Add what a page counted to the figures of its job."""
    for figure, n in counts.numbers.items():
        direct.execute(session, _ADD, {"job": job_id, **figure._asdict(), "n": n})
    if not counts.differs:
        return
    [(kept,)] = direct.rows(session, _KEPT, {"job": job_id})
    for n, (member, was, would) in enumerate(counts.differs[: max(0, DIFFERS_KEPT - kept)], start=kept + 1):
        given = {"job": job_id, "n": n, "member": member, "was": direct.Jsonb(was), "would": direct.Jsonb(would)}
        direct.execute(session, _DIFFERS, given)


@dataclass(frozen=True)
class Figures:
    """All figures of a job."""

    numbers: Mapping[Figure, int]

    def total(self, side: Side, what: str, of: str | None = None) -> int:
        """The sum of a figure, over stores and days."""
        return sum(n for each, n in self._of(side, what) if of is None or each.of == of)

    def by_of(self, side: Side, what: str) -> dict[str, int]:
        """The sums of a figure by what they are of."""
        found: Counter[str] = Counter()
        for each, n in self._of(side, what):
            found[each.of] += n
        return dict(sorted(found.items()))

    def by_day(self, side: Side, what: str) -> dict[str, int]:
        """The sums of a figure by day."""
        found: Counter[str] = Counter()
        for each, n in self._of(side, what):
            found[each.day] += n
        return dict(sorted(found.items()))

    def by_store(self, side: Side, what: str) -> dict[int, dict[str, int]]:
        """For each store the figure by day."""
        found: dict[int, Counter[str]] = {}
        for each, n in self._of(side, what):
            found.setdefault(each.store, Counter())[each.day] += n
        return {store: dict(days) for store, days in found.items()}

    def _of(self, side: Side, what: str) -> list[tuple[Figure, int]]:
        return [(each, n) for each, n in self.numbers.items() if (each.side, each.what) == (side, what)]


def figures(session: Session, job_id: int) -> Figures:
    """What was counted so far."""
    rows = direct.rows(session, _FIGURES, {"job": job_id})
    return Figures({Figure(*key): n for *key, n in rows})


def differs(session: Session, job_id: int, *, limit: int = DIFFERS_KEPT) -> Sequence[tuple[int | None, Any, Any]]:
    """Who would be treated otherwise, as (member, was, would)."""
    return [(member, was, would) for member, was, would in direct.rows(session, _LIST, {"job": job_id, "limit": limit})]


def day_of(at: datetime, zone: ZoneInfo) -> str:
    """The day of an instant in a zone."""
    return at.astimezone(zone).date().isoformat()


_ADD = """
INSERT INTO backtest_sums (job_id, side, what, of, store_id, day, n)
VALUES (%(job)s, %(side)s, %(what)s, %(of)s, %(store)s, %(day)s, %(n)s)
ON CONFLICT (job_id, side, what, of, store_id, day) DO UPDATE SET n = backtest_sums.n + EXCLUDED.n"""
_KEPT = "SELECT count(*) FROM backtest_differs WHERE job_id = %(job)s"
_DIFFERS = """
INSERT INTO backtest_differs (job_id, n, member_id, was, would)
VALUES (%(job)s, %(n)s, %(member)s, %(was)s, %(would)s)"""
_FIGURES = "SELECT side, what, of, store_id, day, n FROM backtest_sums WHERE job_id = %(job)s"
_LIST = """
SELECT member_id, was, would FROM backtest_differs WHERE job_id = %(job)s ORDER BY n LIMIT %(limit)s"""
