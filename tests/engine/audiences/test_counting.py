"""Counts are those of asking everybody one by one, whatever SQL can say of the condition."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from sqlalchemy import text

from engine.audiences.boxes import BoxCount, condition_of, count_box, count_condition
from engine.audiences.counting import Counting
from engine.audiences.errors import TooSlowError
from engine.database import direct
from engine.database.connection import Database
from engine.members.facts import Subject, read_all
from engine.secrets.keyring import KeyRing
from rules.compile import Rule, compile_rule
from rules.errors import EvaluationError
from rules.types import Json
from rules.unknown import Unknown
from tests.engine.audiences.world import FIELDS, NOW, POOLS, World, build
from tests.rules import examples
from tests.rules.examples import differential
from tests.rules.generate import Language
from tests.rules.ruleworld import declared

SHANGHAI = ZoneInfo("Asia/Shanghai")
NO_FORM: Json = {"some": [{"var": "member.tags"}, {"==": [{"var": ""}, "vip"]}]}


def asked(rule: Rule, facts: dict[str, Any], now: datetime = NOW) -> bool | None:
    """What a closure says; None where it is unknown or an error."""
    try:
        value = rule.evaluate(facts, now=now, zone=SHANGHAI)
    except EvaluationError:
        return None
    return None if isinstance(value, Unknown) else bool(value)


def of_facts(rule: Rule, facts: dict[str, Any]) -> object:
    """The same with an Unknown where it is unknown; None where it is an error."""
    try:
        return rule.evaluate(facts, now=NOW, zone=SHANGHAI)
    except EvaluationError:
        return None


def verdicts(world: World, rule: Rule) -> dict[int, bool | None]:
    """What it says of each member."""
    return {row.id: asked(rule, row.facts) for row in world.members}


def number(database: Database, keys: KeyRing, condition: Json) -> int:
    """Of how many members a condition is true."""
    with database.begin() as session:
        counting = Counting(session, keys, FIELDS, NOW, SHANGHAI)
        return counting.members(compile_rule(condition, FIELDS)).number


def test_a_count_is_that_of_asking_everybody(database: Database, keys: KeyRing) -> None:
    world = build(database, keys)
    told: Counter[bool] = Counter()

    @differential(examples.COUNT // 10)
    @given(Language(FIELDS, pools=POOLS).conditions)
    def law(condition: Json) -> None:
        rule = compile_rule({"and": [condition, {"is_set": "member.id"}]}, FIELDS)
        said = verdicts(world, rule)
        with database.begin() as session:
            found = Counting(session, keys, FIELDS, NOW, SHANGHAI).members(rule, sample=100, undecided=True)
        assert found.exact
        assert (found.number, set(found.sample)) == (
            [*said.values()].count(True),
            {one for one, verdict in said.items() if verdict is True},
        )
        unknown = sum(isinstance(of_facts(rule, row.facts), Unknown) for row in world.members)
        assert found.undecided is None or unknown <= found.undecided <= [*said.values()].count(None)
        told[found.undecided is not None] += 1

    law()
    assert told[True]


def test_conjuncts_with_a_form_narrow_what_closures_look_at(database: Database, keys: KeyRing) -> None:
    world = build(database, keys)
    one = world.members[7].id
    rule = compile_rule({"and": [NO_FORM, {"==": [{"var": "member.id"}, str(one)]}]}, FIELDS)
    with database.begin() as session:
        found = Counting(session, keys, FIELDS, NOW, SHANGHAI, most_examined=1).members(rule)
    assert found.exact
    assert found.number == (verdicts(world, rule)[one] is True)


def test_beyond_the_bound_some_stand_for_all_and_the_count_says_so(database: Database, keys: KeyRing) -> None:
    build(database, keys)
    with database.begin() as session:
        session.connection().execute(text('UPDATE members SET attributes = \'{"tags": ["vip"]}\''))
        rule = compile_rule(NO_FORM, FIELDS)
        found = Counting(session, keys, FIELDS, NOW, SHANGHAI, most_examined=10).members(rule, sample=3)
    assert (found.number, found.exact, len(found.sample)) == (48, False, 3)


def test_aliases_and_members_at_home_in_a_test_store_are_not_counted(database: Database, keys: KeyRing) -> None:
    build(database, keys)
    before = number(database, keys, True)
    with database.begin() as session:
        session.connection().execute(text("UPDATE members SET store_id = 2"))
        session.connection().execute(text("UPDATE members SET store_id = 1 WHERE id <= 5"))
        session.connection().execute(text("UPDATE members SET store_id = NULL WHERE id = 6"))
        session.connection().execute(text("UPDATE members SET merged_into = 7 WHERE id = 8"))
        session.connection().execute(text("UPDATE stores SET is_test = true WHERE id = 1"))
    assert number(database, keys, True) == before - 6
    with database.begin() as session:
        counting = Counting(session, keys, FIELDS, NOW, SHANGHAI)
        assert counting.stores(compile_rule({"is_set": "store.key"}, FIELDS)).sample == ()
        assert sorted(counting.stores(compile_rule({"is_set": "store.key"}, FIELDS), sample=9).sample) == [2, 3, 4]


SCOPED: list[Json] = [
    {"is_set": "member.id"}, {"var": "member.friend"}, {"in": ["lin", {"var": "member.friend_of"}]},
    {"var": "member.in_group"}, {"is_set": "member.store"}, {"is_set": "member.owner"}, {"is_set": "store.key"},
    {"is_set": "associate.store"}, {"is_set": "member.first_channel"}, {"var": "member.registered"},
    {"within_last": [{"var": "member.friend_since"}, "P1Y"]}, {"is_set": "store.group_chat"},
]  # fmt: skip


def test_in_a_scope_sql_sees_what_closures_see(database: Database, keys: KeyRing) -> None:
    build(database, keys)
    scopes: list[tuple[int, ...]] = [(1,), (2, 3), (4,), ()]
    for stores in scopes:
        with database.begin(stores) as session:
            counting = Counting(session, keys, FIELDS, NOW, SHANGHAI)
            seen = direct.rows(session, "SELECT id, store_id, owner_id FROM members", {})
            facts = read_all(session, keys, [Subject(*row) for row in seen], paths=FIELDS, now=NOW)
            for condition in SCOPED:
                rule = compile_rule(condition, FIELDS)
                assert counting.members(rule).number == [asked(rule, each) for each in facts].count(True), condition
            assert counting.stores(compile_rule(True, FIELDS)).number == len(stores)


def test_a_count_that_takes_too_long_is_given_up(database: Database, database_url: str, keys: KeyRing) -> None:
    rule = compile_rule(True, FIELDS)
    with psycopg.connect(database_url) as somebody, database.begin() as session:
        somebody.execute("LOCK TABLE members IN ACCESS EXCLUSIVE MODE")
        counting = Counting(session, keys, FIELDS, NOW, SHANGHAI, patience=timedelta(milliseconds=50))
        with pytest.raises(TooSlowError, match="simplify"):
            counting.members(rule)


def test_what_a_count_sets_it_sets_back(database: Database, keys: KeyRing) -> None:
    with database.begin() as session:
        before = direct.rows(session, "SELECT current_setting('jit'), current_setting('statement_timeout')", {})
        Counting(session, keys, FIELDS, NOW, SHANGHAI).members(compile_rule(True, FIELDS))
        assert direct.rows(session, "SELECT current_setting('jit'), current_setting('statement_timeout')", {}) == before


VISITS: Json = {"var": "member.visits"}
BOXES: list[tuple[dict[str, Json], Json]] = [
    ({}, True),
    ({"member.level": ["gold", "silver"]}, {"in": [{"var": "member.level"}, ["gold", "silver"]]}),
    ({"member.level": "gold"}, {"==": [{"var": "member.level"}, "gold"]}),
    ({"member.visits": {"from": 1, "to": 100}}, {"and": [{">=": [VISITS, 1]}, {"<": [VISITS, 100]}]}),
    ({"member.visits": {"to": 100, "to_included": True}}, {"<=": [VISITS, 100]}),
    ({"member.visits": {"not": [{"to": 0}, 7]}}, {"!": {"or": [{"<": [VISITS, 0]}, {"==": [VISITS, 7]}]}}),
    ({"member.tags": ["vip", "a"]}, {"has_any": [{"var": "member.tags"}, ["vip", "a"]]}),
    ({"member.tags": {"not": "vip"}}, {"!": {"has_any": [{"var": "member.tags"}, ["vip"]]}}),
    ({"member.city": {"!": {"is_set": ""}}}, {"!": {"is_set": "member.city"}}),
    (
        {"member.city": {"starts_with": [{"var": ""}, "a"]}, "member.vip": None},
        {"starts_with": [{"var": "member.city"}, "a"]},
    ),
]  # fmt: skip


def test_a_box_is_the_condition_that_its_cells_make(database: Database, keys: KeyRing) -> None:
    world = build(database, keys)
    for box, condition in BOXES:
        found, expected = (compile_rule(one, FIELDS) for one in (condition_of(box, FIELDS), condition))
        assert verdicts(world, found) == verdicts(world, expected), box


def test_the_stores_of_a_box_are_the_homes_of_those_in_it_or_all_that_fit(database: Database, keys: KeyRing) -> None:
    build(database, keys)
    with database.begin() as session:
        session.connection().execute(text("UPDATE members SET store_id = CASE WHEN id <= 3 THEN 1 ELSE 4 END"))
        session.connection().execute(text('UPDATE members SET attributes = \'{"tags": ["x"]}\' WHERE id <= 2'))
        fields = {**FIELDS, **declared(event__sales_channel={"type": "text"})}
        counting = Counting(session, keys, fields, NOW, SHANGHAI)
        assert count_box(counting, {"member.tags": "x", "event.sales_channel": ["pos"]}) == BoxCount(2, 1)
        assert count_box(counting, {"store.key": ["S1", "S2"]}) == BoxCount(3, 2)
        assert count_box(counting, {"store.key": ["S2"], "member.tags": "x"}) == BoxCount(0, 0)
        assert count_box(counting, {"event.sales_channel": ["pos"]}) == BoxCount(48, 4)
        tagged: Json = {"has_any": [{"var": "member.tags"}, ["x"]]}
        pos: Json = {"==": [{"var": "event.sales_channel"}, "pos"]}
        assert count_condition(counting, {"and": [tagged, {"and": [pos]}]}) == BoxCount(2, 1)
        assert count_condition(counting, pos) == BoxCount(48, 4)
