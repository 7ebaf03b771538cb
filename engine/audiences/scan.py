"""A condition as one statement over members or stores: who is in it, and whom SQL leaves to closures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.audiences.columns import Of, Place, joined
from engine.members.facts import Subject
from rules.compile import Rule
from rules.operators.logic import And
from rules.operators.named import Condition
from rules.sql import Predicate, Query
from rules.tree import Expression


@dataclass(frozen=True)
class Scan:
    """A rule over all rows of a kind, narrowed by those of its conjuncts that have a form.

    `whole` tells whether all have one: then it settles every row without a fault.
    """

    of: Of
    source: str
    parameters: Mapping[str, Any]
    predicates: tuple[Predicate, ...]
    whole: bool

    @property
    def matching(self) -> str:
        """Rows of which the rule may be true."""
        return " AND ".join(["TRUE", *(one.possible for one in self.predicates)])

    @property
    def undecided(self) -> str:
        """Rows of which a rule that is `whole` may be unknown."""
        certain = f"({' AND '.join(one.holds for one in self.predicates)}) IS NULL"
        possible = [_or_fault(f"{one.holds} IS NOT FALSE", one) for one in self.predicates]
        return f"({certain} OR ({' AND '.join([self.doubtful, *possible])}))"

    @property
    def doubtful(self) -> str:
        """Of those, the rows that closures must look at."""
        faults = [one.fault for one in self.predicates if one.fault is not None]
        return f"({' OR '.join(faults) or 'FALSE'})" if self.whole else "TRUE"

    def everybody(self) -> str:
        """Members of whom the rule may be true, and whether closures must look; those of test stores are among them."""
        return (
            f"SELECT m.id AS member_id, m.store_id, m.owner_id AS associate_id, {self.doubtful} AS doubtful"  # noqa: S608
            f" FROM {self.source} WHERE m.merged_into IS NULL AND {self.matching}"
        )

    def statement(self, where: str) -> str:
        """How many are certain and how many doubtful; of the certain ones some, and their stores; some doubtful ones.

        The order in which some are taken says nothing about them and stays the same. The parameters `sample` and
        `examined` say how many; `stores` whether stores are asked for.
        """
        return f"""
            WITH found AS MATERIALIZED (
                SELECT {_SUBJECTS[self.of]}, {self.doubtful} AS doubtful
                FROM {self.source} WHERE {_COUNTED[self.of]} AND {where})
            SELECT (SELECT count(*) FROM found WHERE NOT doubtful), (SELECT count(*) FROM found WHERE doubtful),
                ARRAY(SELECT id FROM found WHERE NOT doubtful ORDER BY hashint8(id), id LIMIT %(sample)s),
                ARRAY(SELECT DISTINCT store_id FROM found WHERE NOT doubtful AND store_id IS NOT NULL AND %(stores)s),
                (SELECT jsonb_agg(jsonb_build_array(member_id, store_id, associate_id)) FROM (
                    SELECT member_id, store_id, associate_id FROM found WHERE doubtful
                    ORDER BY hashint8(id), id LIMIT %(examined)s) first)"""  # noqa: S608  values are parameters


def scan_of(rule: Rule, columns: Mapping[str, Place], *, now: datetime, zone: ZoneInfo, of: Of) -> Scan:
    """The scan for a compiled rule."""
    query = Query(columns, now=now, zone=zone)
    found = [query.predicate(conjunct) for conjunct in conjuncts(rule.tree)]
    places: list[Place] = [columns[path] for path in query.paths]
    predicates = tuple(one for one in found if one is not None)
    return Scan(of, joined(places, of), query.parameters, predicates, len(predicates) == len(found))


def conjuncts(tree: Expression) -> Iterator[Expression]:
    """The conditions that must all be true."""
    if not isinstance(tree, And | Condition):
        yield tree
        return
    for argument in tree.arguments:
        yield from conjuncts(argument)


def subjects(found: list[list[int | None]] | None) -> list[Subject]:
    """The doubtful ones of a statement's row."""
    return [Subject(*row) for row in found or ()]


def _or_fault(test: str, predicate: Predicate) -> str:
    return test if predicate.fault is None else f"({test} OR {predicate.fault})"


_SUBJECTS: Mapping[Of, str] = {
    "members": "m.id, m.id AS member_id, m.store_id, m.owner_id AS associate_id",
    "stores": "s.id, NULL::bigint AS member_id, s.id AS store_id, NULL::bigint AS associate_id",
}
_COUNTED: Mapping[Of, str] = {
    "members": "m.merged_into IS NULL AND m.store_id <> ALL (ARRAY(SELECT id FROM stores WHERE is_test)) IS NOT FALSE",
    "stores": "NOT s.is_test",
}
"""Aliases of merged members are nobody, and test stores stay out of every figure (METRICS.md, M2)."""
