"""A condition means the same in SQL as in its closure, for every member and store, whatever is missing or odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from sqlalchemy.orm import Session

from engine.audiences.columns import Of, Place, columns_of, joined
from engine.database import direct
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from rules.compile import Rule, compile_rule
from rules.errors import EvaluationError
from rules.operators import OPERATORS, lists
from rules.sql import Predicate, Query
from rules.types import Fields, Json
from rules.unknown import Unknown
from tests.engine.audiences.world import FIELDS, NOW, POOLS, Row, build
from tests.rules import examples
from tests.rules.examples import differential
from tests.rules.generate import Language

STORE_FIELDS: Fields = {path: each for path, each in FIELDS.items() if path.startswith("store.")}
FORMED: Fields = {path: each for path, each in FIELDS.items() if path != "member.number" and each.type != "list"}
FORM_GIVEN = OPERATORS.keys() - lists.OPERATORS.keys()
FORMED_KINDS = frozenset({*POOLS, "enum"}) - {"duration"}
"""Of which most rules have a form: the others are few, so that little is left out."""
ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC")]
UNREADABLE = frozenset({"nickname", "name", "phone", "email", "address", "mobile"})


@pytest.mark.parametrize(("of", "language", "part"), [
    ("members", Language(FORMED, FORM_GIVEN, FORMED_KINDS, pools=POOLS, depth=4), 1),
    ("stores", Language(STORE_FIELDS, pools=POOLS, depth=4), 4),
    ("members", Language(FIELDS, pools=POOLS), 10),
])  # fmt: skip
def test_sql_says_what_the_closure_says(
    database: Database, keys: KeyRing, of: Of, language: Language, part: int
) -> None:
    world = build(database, keys)
    rows = world.members if of == "members" else world.stores
    columns = columns_of(language.fields, UNREADABLE, of)
    seen: Counter[str] = Counter()

    @differential(examples.COUNT // part)
    @given(language.conditions)
    def law(condition: Json) -> None:
        rule, zone = compile_rule(condition, language.fields), ZONES[len(str(condition)) % len(ZONES)]
        query = Query(columns, now=NOW, zone=zone)
        predicate = query.predicate(rule.tree)
        seen["expressions"] += 1
        if predicate is None:
            seen["without a form"] += 1
            return
        with database.begin() as session:
            found = answers(session, predicate, query, columns, of)
        for row in rows:
            (told, fault), said = found[row.id], verdict(rule, row, zone)
            seen["rows"] += 1
            if fault and (told is None or not predicate.steady):
                seen["rows left to closures"] += 1
            elif fault:
                assert told is said or isinstance(said, EvaluationError), (row.id, predicate.holds, query.parameters)
                seen["faults that change nothing"] += 1
            else:
                assert told is said, (row.id, predicate.holds, query.parameters)
                seen[str(told)] += 1

    law()
    print(of, dict(seen))  # noqa: T201  the figures of a long run
    assert min(seen[answer] for answer in ("True", "False", "None")) > seen["rows"] // 100


def answers(
    session: Session, predicate: Predicate, query: Query, columns: Mapping[str, Place], of: Of
) -> dict[int, tuple[bool | None, bool]]:
    """What the predicate and its fault are for each row, by id."""
    source, key = joined([columns[path] for path in query.paths], of), "m.id" if of == "members" else "s.id"
    statement = f"SELECT {key}, {predicate.holds}, {predicate.fault or 'FALSE'} FROM {source}"  # noqa: S608  it is ours
    return {row: (told, fault) for row, told, fault in direct.rows(session, statement, query.parameters)}


def verdict(rule: Rule, row: Row, zone: ZoneInfo) -> bool | EvaluationError | None:
    """What the closure says of a row."""
    try:
        value = rule.evaluate(row.facts, now=NOW, zone=zone)
    except EvaluationError as error:
        return error
    return None if isinstance(value, Unknown) else bool(value)
