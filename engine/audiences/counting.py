"""How many members and stores a condition is true of, and some of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy.orm import Session

from engine.audiences.columns import Of, columns_of
from engine.audiences.derived import derived_columns
from engine.audiences.errors import TooSlowError
from engine.audiences.scan import Scan, scan_of, subjects
from engine.audiences.sealed import unreadable_names
from engine.database import direct
from engine.members.facts import Subject, read_all
from engine.secrets.keyring import KeyRing
from rules.compile import Rule
from rules.errors import EvaluationError
from rules.types import Fields, Json
from rules.unknown import Unknown

MOST_EXAMINED = 10_000
"""So many candidates are looked at one by one; of more, so many stand for the rest."""

PATIENCE = timedelta(seconds=20)
"""So long may one statement take."""
_PAGE = 1_000


@dataclass(frozen=True)
class Count:
    """Of how many a condition is true, and the ids of some of them. Not `exact`: an estimate from some candidates.

    `stores` are those of the people counted, if that was asked for: their home stores. `undecided`, likewise: of how
    many the condition is neither true nor false, but for errors in parts that change nothing; None also where that
    cannot be told exactly.
    """

    number: int
    exact: bool
    sample: tuple[int, ...] = ()
    stores: frozenset[int] = frozenset()
    undecided: int | None = None


@dataclass(frozen=True)
class Counting:
    """What counts share: a transaction, whose scope bounds what is counted, the catalogue, the moment and the zone."""

    session: Session
    keys: KeyRing
    fields: Fields
    now: datetime
    zone: ZoneInfo
    most_examined: int = MOST_EXAMINED
    patience: timedelta = PATIENCE

    def members(self, rule: Rule, *, sample: int = 0, stores: bool = False, undecided: bool = False) -> Count:
        """The members of whom a condition on `member.*`, `store.*` and `associate.*` is true. Raises TooSlowError."""
        scan = self.scan(rule, "members")
        found = self._find(rule, scan, scan.matching, sample=sample, stores=stores)
        if not undecided or not scan.whole:
            return found
        open_ = self._find(rule, scan, scan.undecided, wanted=None)
        return replace(found, undecided=open_.number if open_.exact else None)

    def stores(self, rule: Rule, *, sample: int = 0) -> Count:
        """The stores of which a condition on `store.*` is true. Raises TooSlowError."""
        scan = self.scan(rule, "stores")
        return self._find(rule, scan, scan.matching, sample=sample)

    def scan(self, rule: Rule, of: Of = "members") -> Scan:
        """A condition as a statement, for whoever asks more of it than a count."""
        fields = {path: self.fields[path] for path in rule.fields}
        columns = columns_of(fields, unreadable_names(self.session), of)
        if of == "members":
            columns |= derived_columns(self.session, fields, now=self.now)
        return scan_of(rule, columns, now=self.now, zone=self.zone, of=of)

    def execute(self, statement: str, given: Mapping[str, Any]) -> int:
        """Do what a statement built on a scan says; how many rows it concerned. Raises TooSlowError."""
        with _bounded(self.session, self.patience):
            return direct.execute(self.session, statement, given)

    def rows(self, statement: str, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a statement built on a scan. Raises TooSlowError."""
        with _bounded(self.session, self.patience):
            return direct.rows(self.session, statement, given)

    def _find(
        self,
        rule: Rule,
        scan: Scan,
        where: str,
        *,
        sample: int = 0,
        stores: bool = False,
        wanted: bool | None = True,
    ) -> Count:
        limits = {"sample": sample, "examined": self.most_examined, "stores": stores}
        with _bounded(self.session, self.patience):
            row = direct.first(self.session, scan.statement(where), {**scan.parameters, **limits})
        certain, doubtful, ids, places, candidates = row or (0, 0, [], [], None)
        people = subjects(candidates)
        matched = self._examined(rule, people, wanted=wanted)
        number = certain + (round(doubtful * len(matched) / len(people)) if people else 0)
        own = (one.member_id if scan.of == "members" else one.store_id for one in matched)
        return Count(
            number,
            len(people) == doubtful,
            (*ids, *(one for one in own if one is not None))[:sample],
            frozenset({*places, *(one.store_id for one in matched if stores and one.store_id)}),
        )

    def _examined(self, rule: Rule, people: Sequence[Subject], *, wanted: bool | None) -> list[Subject]:
        """Those whose facts give the wanted verdict, which is None where the rule is unknown or an error."""
        found: list[Subject] = []
        for start in range(0, len(people), _PAGE):
            page = people[start : start + _PAGE]
            facts = read_all(self.session, self.keys, page, paths=rule.fields, now=self.now)
            found += [one for one, known in zip(page, facts, strict=True) if self._verdict(rule, known) is wanted]
        return found

    def _verdict(self, rule: Rule, facts: dict[str, Json]) -> bool | None:
        try:
            value = rule.evaluate(facts, now=self.now, zone=self.zone)
        except EvaluationError:
            return None
        return None if isinstance(value, Unknown) else bool(value)


@contextmanager
def _bounded(session: Session, patience: timedelta) -> Iterator[None]:
    """Bounds how long a statement may take, and spares it a compilation that would take longer than it does."""
    before = direct.rows(session, _SETTINGS, {})
    milliseconds = round(patience / timedelta(milliseconds=1))
    direct.execute(session, _SET, {"jit": "off", "statement_timeout": f"{milliseconds}ms"})
    try:
        yield
    except psycopg.errors.QueryCanceled as error:
        raise TooSlowError(patience) from error
    direct.execute(session, _SET, dict(before))


_SETTINGS = "SELECT name, current_setting(name) FROM (VALUES ('jit'), ('statement_timeout')) AS wanted (name)"
_SET = """
    SELECT set_config('jit', %(jit)s, true), set_config('statement_timeout', %(statement_timeout)s, true)"""
