"""The largest rules that may be written are counted too, or refused with words: the server's stack bears them."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from engine.audiences.counting import Counting
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from rules.compile import compile_rule
from rules.types import Json
from tests.engine.audiences.test_counting import asked
from tests.engine.audiences.world import FIELDS, NOW, build

VISITS: Json = {"var": "member.visits"}


def nested(make: Callable[[Json], Json], depth: int = 30) -> Json:
    """A condition within a condition, as deep as may be."""
    rule: Json = {"<": [VISITS, 3]}
    for _ in range(depth):
        rule = make(rule)
    return rule


LARGE: dict[str, Json] = {
    "branches": {"<": [{"if": [part for n in range(290) for part in ({"==": [VISITS, n]}, n)] + [5]}, 3]},
    "known branches": {"<": [{"if": [part for n in range(990) for part in (n < 980, n)] + [VISITS]}, 3]},
    "branches within": nested(lambda rule: {"if": [rule, rule, {"!": rule}]}, 4),
    "sum": {"<": [{"+": [VISITS] * 980}, 3]},
    "product": {"<": [{"*": [VISITS] * 980}, 3]},
    "text": {"starts_with": [{"cat": [{"var": "member.city"}] * 980}, "a"]},
    "least": {"<": [{"min": [VISITS] * 980}, 3]},
    "all of": {"and": [{"<": [VISITS, n]} for n in range(480)]},
    "one of": {"or": [{"==": [VISITS, n]} for n in range(480)]},
    "default": {"<": [{"default": [VISITS] * 980}, 3]},
    "list": {"in": [VISITS, [VISITS] * 980]},
    "words": {"in": [{"var": "member.city"}, [f"w{n}" for n in range(5_000)]]},
    "not": nested(lambda rule: {"!": [rule]}),
    "alike": nested(lambda rule: {"==": [rule, {"var": "member.vip"}]}),
    "between": nested(lambda rule: {"==": [{"var": "member.vip"}, rule, {"var": "member.vip"}]}),
    "chosen": nested(lambda rule: {"if": [rule, {"var": "member.vip"}, {"var": "member.friend"}]}, 30),
    "absent": {"==": [{"missing": ["member.visits", "member.city"] * 900}, []]},
}


def test_the_largest_rules_are_counted(database: Database, keys: KeyRing) -> None:
    world, zone = build(database, keys, members=12), ZoneInfo("America/New_York")
    for name, condition in LARGE.items():
        rule = compile_rule(condition, FIELDS)
        with database.begin() as session:
            found = Counting(session, keys, FIELDS, NOW, zone).members(rule, undecided=True)
        assert found.number == [asked(rule, row.facts) for row in world.members].count(True), name
