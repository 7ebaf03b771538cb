"""Derived attributes mean in an audience what the facts of each member tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.audiences.counting import Counting
from engine.fields.catalogue import known_fields
from engine.members.facts import Subject, read_all
from rules.compile import compile_rule
from rules.types import Json
from tests.engine.audiences.test_counting import asked
from tests.engine.chain import NOW, Chain
from tests.engine.fields.deriving import living, look_back, paid, publish

LATER = NOW + timedelta(hours=1)
POS: Json = {"==": [{"var": "event.sales_channel"}, "pos"]}
DERIVED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "orders": ("integer", {"count": "order.paid"}),
    "orders_2d": ("integer", {"count": "order.paid", "within": "P2D"}),
    "pos_orders": ("integer", {"count": "order.paid", "when": POS}),
    "spent": ("money", {"sum": "order.paid", "of": "event.amount"}),
    "last_at": ("instant", {"last": "order.paid"}),
    "first_day": ("date", {"first": "order.paid"}),
    "last_no": ("text", {"last": "order.paid", "of": "event.order_no"}),
    "days": ("integer", {"days_with": "order.paid"}),
}  # fmt: skip
CONDITIONS: list[Json] = [
    {"==": [{"var": "member.orders"}, 2]}, {"==": [{"var": "member.orders_2d"}, 0]},
    {">": [{"var": "member.pos_orders"}, 0]}, {"is_set": "member.pos_orders"}, {">=": [{"var": "member.spent"}, 300]},
    {"within_last": [{"var": "member.last_at"}, "P4D"]}, {"!": {"is_set": "member.last_at"}},
    {"==": [{"days_since": {"var": "member.first_day"}}, 7]}, {"starts_with": [{"var": "member.last_no"}, "o1"]},
    {">": [{"var": "member.days"}, 1]}, {"<": [{"+": [{"var": "member.orders"}, {"var": "member.days"}]}, 4]},
]  # fmt: skip


def fill(chain: Chain) -> None:
    """Nobody's orders, one, several, and some that nobody can judge."""
    chain.tell(
        *(paid(who, 10, 100, sales_channel="pos") for who in "ABC"),
        *(paid(who, 6_000, 200, sales_channel="mall") for who in "BC"),
        paid("C", 9_000, 300), paid("D", 1_500, 10**15 * 9 + 900, sales_channel="pos"),
        paid("D", 1_600, 10**15, sales_channel="pos"), paid("E", 9_900),
    )  # fmt: skip


def test_audiences_know_what_facts_tell(chain: Chain) -> None:
    fill(chain)
    publish(chain, **{f"member_{name}": {"type": kind, "derive": how} for name, (kind, how) in DERIVED.items()})
    assert counted(chain, {"is_set": "member.orders"}) == 0
    look_back(chain)
    assert counted(chain, {"is_set": "member.orders"}) == len(living(chain))
    for condition in CONDITIONS:
        assert counted(chain, condition) == by_facts(chain, condition), condition


def counted(chain: Chain, condition: Json) -> int:
    with chain.database.begin() as session:
        fields = known_fields(session)
        counting = Counting(session, chain.keys, fields, LATER, ZoneInfo("Asia/Shanghai"))
        return counting.members(compile_rule(condition, fields)).number


def by_facts(chain: Chain, condition: Json) -> int:
    with chain.database.begin() as session:
        rule = compile_rule(condition, known_fields(session))
        people = [Subject(one, None, None) for one in living(chain)]
        facts = read_all(session, chain.keys, people, paths=rule.fields, now=LATER)
    return [asked(rule, each, LATER) for each in facts].count(True)
