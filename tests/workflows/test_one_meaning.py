"""One condition, one answer: asked by HTTP, in a document's test, in Temporal, and as an audience in the database.

Every operator is asked for something that holds, something that does not, and something that cannot be known.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import WorkflowEnvironment

from engine.access.store import add_key
from engine.access.tokens import new_key
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.context import event_fields
from engine.journeys.parse import parse
from engine.journeys.plan import compile_plan
from engine.journeys.play import play
from engine.members.fields import base_fields
from engine.runs.models import Turn
from engine.secrets.keyring import KeyRing
from rules.operators import OPERATORS
from rules.types import Json
from tests.conftest import copied_database
from tests.workflows.clock import ServerClock
from tests.workflows.playing import Play
from tests.workflows.waiting import close_all
from tests.workflows.world import World, journey
from ui.app import create_app
from ui.dependencies import Dependencies

Answer = Literal["yes", "no", "unknown"]

FIELDS: dict[str, dict[str, Any]] = {
    "member.level": {"type": "enum", "values": ["gold", "silver", "black"]},
    "member.keen": {"type": "boolean"},
    "member.orders": {"type": "integer"},
    "member.spent": {"type": "money", "currency": "CNY"},
    "member.weight": {"type": "decimal"},
    "member.alias": {"type": "text"},
    "member.labels": {"type": "tags"},
    "member.born": {"type": "date"},
    "member.seen_at": {"type": "instant"},
    "member.area": {"type": "ref:region"},
    "member.areas": {"type": "tags"},
    "member.sort": {"type": "text"},
    "member.cart": {
        "type": "list",
        "of": {"sku": {"type": "text"}, "qty": {"type": "integer"}, "amount": {"type": "money", "currency": "CNY"}},
    },
    "member.lost": {"type": "integer", "optional": True},
    "member.lost_text": {"type": "text", "optional": True},
    "member.lost_tags": {"type": "tags", "optional": True},
    "member.lost_day": {"type": "date", "optional": True},
    "member.lost_at": {"type": "instant", "optional": True},
    "member.lost_cart": {"type": "list", "of": {"sku": {"type": "text"}, "qty": {"type": "integer"}}, "optional": True},
    "member.lost_area": {"type": "ref:region", "optional": True},
    "member.lost_areas": {"type": "tags", "optional": True},
}
MEMBER: dict[str, Any] = {
    "level": "gold",
    "keen": True,
    "orders": 7,
    "spent": 12_345,
    "weight": "12.50",
    "alias": "小林 Lin",
    "labels": ["tea", "vip"],
    "born": "2000-02-29",
    "seen_at": "2025-12-31T23:30:00+08:00",
    "area": "shenzhen",
    "areas": ["shenzhen", "south"],
    "sort": "food/nuts/almond",
    "cart": [{"sku": "A-1", "qty": 2, "amount": 500}, {"sku": "B-2", "qty": 1, "amount": 1_000}],
}


def of(name: str) -> Json:
    return {"var": f"member.{name}"}


LOST, LEVEL, ORDERS, CART, SEEN, BORN = of("lost"), of("level"), of("orders"), of("cart"), of("seen_at"), of("born")
UNSURE: Json = {"==": [LOST, 1]}

CASES: dict[str, tuple[Json, Json, Json]] = {
    "var": (of("keen"), {"==": [{"var": ["member.lost", 3]}, 4]}, {"==": [{"var": "member.lost"}, 4]}),
    "==": ({"==": [LEVEL, "gold"]}, {"==": [ORDERS, 8]}, {"==": [ORDERS, LOST]}),
    "===": ({"===": [of("weight"), "12.5"]}, {"===": [BORN, "2000-02-28"]}, {"===": [of("lost_text"), "a"]}),
    "!=": ({"!=": [LEVEL, "silver"]}, {"!=": [ORDERS, 7]}, {"!=": [LOST, 7]}),
    "!==": ({"!==": [of("alias"), "Lin"]}, {"!==": [of("keen"), True]}, {"!==": [of("lost_day"), BORN]}),
    "<": ({"<": [1, ORDERS, 9]}, {"<": [of("spent"), 12_345]}, {"<": [1, ORDERS, LOST]}),
    "<=": ({"<=": [of("spent"), 12_345]}, {"<=": [BORN, "2000-02-28"]}, {"<=": [LOST, 1]}),
    ">": ({">": [of("alias"), "z"]}, {">": [ORDERS, 7, LOST]}, {">": [LOST, ORDERS]}),
    ">=": ({">=": [of("weight"), "12.50"]}, {">=": [of("weight"), "12.51"]}, {">=": [of("lost_at"), SEEN]}),
    "between": ({"between": [ORDERS, 7, 9]}, {"between": [ORDERS, 8, LOST]}, {"between": [ORDERS, 7, LOST]}),
    "and": ({"and": [of("keen"), {"==": [ORDERS, 7]}]}, {"and": [UNSURE, False]}, {"and": [UNSURE, True]}),
    "or": ({"or": [UNSURE, True]}, {"or": [False, {"==": [ORDERS, 1]}]}, {"or": [UNSURE, False]}),
    "!": ({"!": {"==": [ORDERS, 1]}}, {"!": of("keen")}, {"!": UNSURE}),
    "!!": ({"!!": of("keen")}, {"!!": {"==": [ORDERS, 1]}}, {"!!": UNSURE}),
    "if": (
        {"if": [{"==": [ORDERS, 1]}, False, of("keen"), True, False]},
        {"==": [{"if": [of("keen"), LEVEL, "none"]}, "silver"]},
        {"if": [UNSURE, True, True]},
    ),
    "in": (
        {"in": [LEVEL, ["gold", "black"]]},
        {"in": ["wine", of("labels")]},
        {"in": [ORDERS, [1, LOST]]},
    ),
    "+": ({"==": [{"+": [ORDERS, 1]}, 8]}, {"<": [{"+": [of("spent"), of("spent")]}, 1]}, {"<": [{"+": [LOST, 1]}, 1]}),
    "-": ({"==": [{"-": ORDERS}, -7]}, {"==": [{"-": [of("weight"), "0.5"]}, "11"]}, {"==": [{"-": [LOST, 1]}, 1]}),
    "*": ({"==": [{"*": [of("spent"), 2]}, 24_690]}, {"==": [{"*": [ORDERS, 0]}, 1]}, {"==": [{"*": [LOST, 0]}, 0]}),
    "min": ({"==": [{"min": [ORDERS, 9]}, 7]}, {"==": [{"min": [ORDERS, 1]}, 7]}, {"==": [{"min": [LOST, 1]}, 1]}),
    "max": ({"==": [{"max": [ORDERS, 9]}, 9]}, {"==": [{"max": [ORDERS, 1]}, 1]}, {"==": [{"max": [LOST, 1]}, 1]}),
    "missing": (
        {"==": [{"missing": ["member.lost"]}, ["member.lost"]]},
        {"in": ["member.orders", {"missing": ["member.orders"]}]},
        {"and": [UNSURE, {"==": [{"missing": ["member.orders"]}, []]}]},
    ),
    "missing_some": (
        {"==": [{"missing_some": [1, ["member.lost", "member.orders"]]}, []]},
        {"==": [{"missing_some": [2, ["member.lost", "member.orders"]]}, []]},
        {"==": [{"missing_some": [LOST, ["member.orders"]]}, []]},
    ),
    "all": (
        {"all": [CART, {">=": [{"var": "qty"}, 1]}]},
        {"all": [CART, {">": [{"var": "qty"}, 1]}]},
        {"all": [of("lost_cart"), {">": [{"var": "qty"}, 1]}]},
    ),
    "some": (
        {"some": [CART, {"==": [{"var": "sku"}, "B-2"]}]},
        {"some": [CART, {"==": [{"var": "sku"}, "C-3"]}]},
        {"some": [of("lost_cart"), {">": [{"var": "qty"}, 1]}]},
    ),
    "none": (
        {"none": [CART, {"==": [{"var": "sku"}, "C-3"]}]},
        {"none": [CART, {"==": [{"var": "sku"}, "B-2"]}]},
        {"none": [of("lost_cart"), {">": [{"var": "qty"}, 1]}]},
    ),
    "cat": (
        {"==": [{"cat": [LEVEL, "-", of("alias")]}, "gold-小林 Lin"]},
        {"==": [{"cat": [LEVEL, LEVEL]}, "gold"]},
        {"==": [{"cat": [LEVEL, of("lost_text")]}, "gold"]},
    ),
    "is_set": ({"is_set": ORDERS}, {"is_set": "member.lost"}, {"and": [UNSURE, {"is_set": ORDERS}]}),
    "default": (
        {"==": [{"default": [LOST, ORDERS]}, 7]},
        {"<": [{"default": [LOST, 3]}, 3]},
        {"<": [{"default": [LOST]}, 3]},
    ),
    "has_any": (
        {"has_any": [of("labels"), ["vip", "x"]]},
        {"has_any": [of("labels"), []]},
        {"has_any": [of("lost_tags"), ["vip"]]},
    ),
    "has_all": (
        {"has_all": [of("labels"), ["vip", "tea"]]},
        {"has_all": [of("labels"), ["vip", "x"]]},
        {"has_all": [of("lost_tags"), []]},
    ),
    "has_none": (
        {"has_none": [of("labels"), ["x"]]},
        {"has_none": [of("labels"), ["tea"]]},
        {"has_none": [of("lost_tags"), ["vip"]]},
    ),
    "starts_with": (
        {"starts_with": [of("alias"), "小林"]},
        {"starts_with": [of("alias"), "Lin"]},
        {"starts_with": [of("lost_text"), "a"]},
    ),
    "days_since": (
        {">": [{"days_since": BORN}, 5_000]},
        {"<": [{"days_since": BORN}, 20]},
        {"<": [{"days_since": of("lost_day")}, 20]},
    ),
    "days_until": (
        {"<": [{"days_until": SEEN}, 0]},
        {">": [{"days_until": "2999-01-01T00:00:00Z"}, 999_999]},
        {"<": [{"days_until": of("lost_at")}, 0]},
    ),
    "within_last": (
        {"within_last": [SEEN, "P50Y"]},
        {"within_last": [BORN, "P1M"]},
        {"within_last": [of("lost_at"), "P1D"]},
    ),
    "in_window": (
        {"in_window": [SEEN, "2025-12-31T23:30:00+08:00", "2026-01-01T00:00:00+08:00"]},
        {"in_window": [SEEN, "2025-12-31T00:00:00+08:00", "2025-12-31T23:30:00+08:00"]},
        {"in_window": [of("lost_at"), "2025-12-31T00:00:00+08:00", "2026-12-31T23:30:00+08:00"]},
    ),
    "same_month_day": (
        {"same_month_day": [BORN, "2001-02-28"]},
        {"same_month_day": [BORN, "2004-02-28"]},
        {"same_month_day": [BORN, of("lost_day")]},
    ),
    "weekday_in": (
        {"weekday_in": [SEEN, [3]]},
        {"weekday_in": [BORN, [1, 3, 4, 5, 6, 7]]},
        {"weekday_in": [of("lost_at"), [1, 2, 3, 4, 5, 6, 7]]},
    ),
    "time_of_day_in": (
        {"time_of_day_in": [SEEN, "22:00", "08:30"]},
        {"time_of_day_in": [SEEN, "08:30", "23:30"]},
        {"time_of_day_in": [of("lost_at"), "08:30", "23:30"]},
    ),
    "add_duration": (
        {"==": [{"add_duration": [BORN, "P1Y"]}, "2001-02-28"]},
        {"<": [{"add_duration": [SEEN, "PT30M"]}, "2026-01-01T00:00:00+08:00"]},
        {"<": [{"add_duration": [of("lost_at"), "P1D"]}, "2026-01-01T00:00:00+08:00"]},
    ),
    "in_region": (
        {"in_region": [of("area"), "south"]},
        {"in_region": [of("area"), "north"]},
        {"in_region": [of("lost_area"), "south"]},
    ),
    "category_under": (
        {"category_under": [of("sort"), "food/nuts"]},
        {"category_under": [of("sort"), "food/nut"]},
        {"category_under": [of("lost_text"), "food"]},
    ),
    "sku_in_list": (
        {"sku_in_list": [of("sort"), ["x", "food/n*"]]},
        {"sku_in_list": [of("sort"), ["food"]]},
        {"sku_in_list": [of("lost_text"), ["*"]]},
    ),
    "any_line": (
        {"any_line": [CART, {"and": [{"==": [{"var": "qty"}, 2]}, of("keen")]}]},
        {"any_line": [CART, {">": [{"var": "amount"}, of("spent")]}]},
        {"any_line": [CART, {"==": [{"var": "qty"}, LOST]}]},
    ),
    "every_line": (
        {"every_line": [CART, {"<": [{"var": "amount"}, of("spent")]}]},
        {"every_line": [CART, {"==": [{"var": "qty"}, 2]}]},
        {"every_line": [CART, {"==": [{"var": "qty"}, LOST]}]},
    ),
    "no_line": (
        {"no_line": [CART, {"==": [{"var": "sku"}, "C-3"]}]},
        {"no_line": [CART, {"==": [{"var": "sku"}, "A-1"]}]},
        {"no_line": [CART, {"==": [{"var": "qty"}, LOST]}]},
    ),
    "sum_lines": (
        {"==": [{"sum_lines": [CART, {"var": "amount"}]}, 1_500]},
        {">": [{"sum_lines": [CART, {"*": [{"var": "qty"}, 2]}]}, 6]},
        {">": [{"sum_lines": [CART, LOST]}, 6]},
    ),
    "bucket": (
        {"<": [{"bucket": [of("alias"), "salt", 1]}, 1]},
        {">=": [{"bucket": [of("alias"), "salt", 100]}, 100]},
        {"<": [{"bucket": [of("lost_text"), "salt", 1]}, 1]},
    ),
    "ratio_bp": (
        {"==": [{"ratio_bp": [1, 3, "half_up"]}, 3_333]},
        {"==": [{"ratio_bp": [ORDERS, 14, "down"]}, 4_999]},
        {"==": [{"ratio_bp": [LOST, 3, "half_up"]}, 3_333]},
    ),
    "round_money": (
        {"==": [{"round_money": [of("spent"), 1, 10, "half_even"]}, 1_234]},
        {"==": [{"round_money": [of("spent"), 1, 10, "half_up"]}, 1_234]},
        {"==": [{"round_money": [of("spent"), LOST, 10, "half_up"]}, 1_234]},
    ),
}  # fmt: skip
ANSWERS: tuple[Answer, ...] = get_args(Answer)
NAMES = [f"{name}-{answer}" for name in CASES for answer in ANSWERS]
RULES: dict[str, Json] = dict(zip(NAMES, (rule for rules in CASES.values() for rule in rules), strict=True))
NODES = {name: f"asked-{number}" for number, name in enumerate(NAMES)}
ASKED_AT = {node: name for name, node in NODES.items()}
ELSEWHERE = {"condition"}
"""A named condition stands for another; tests of rulesets ask for those."""
IN_A_TURN = 60
"""Choices in one journey: a turn visits at most 100 nodes."""


def test_every_operator_is_asked() -> None:
    assert OPERATORS.keys() - CASES.keys() == ELSEWHERE


@pytest.mark.parametrize("name", NAMES)
async def test_a_condition_means_the_same_at_every_door(name: str, doors: Doors) -> None:
    expected = name.rpartition("-")[2]
    assert {
        "rules/evaluate": await doors.evaluated(RULES[name]),
        "a document's test": doors.played[name],
        "a journey in Temporal": doors.lived[name],
        "an audience": await doors.counted(RULES[name]),
    } == dict.fromkeys(("rules/evaluate", "a document's test", "a journey in Temporal", "an audience"), expected)


@dataclass(frozen=True)
class Doors:
    """The same member behind every door. `played` and `lived` hold all answers by name."""

    api: httpx.AsyncClient
    played: dict[str, str]
    lived: dict[str, str]

    async def evaluated(self, rule: Json) -> str:
        """What the API says of given facts."""
        answer = await self._ask("rules/evaluate", {"expression": rule, "facts": {"member": MEMBER}, "fields": FIELDS})
        return "unknown" if answer["unknown"] else {True: "yes", False: "no"}[answer["value"]]

    async def counted(self, rule: Json) -> str:
        """Among whom the only member is: those for whom it holds, those for whom it does not, or neither."""
        held, failed = [
            await self._ask("audiences/count", {"condition": condition, "fields": FIELDS})
            for condition in (rule, {"!": rule})
        ]
        assert (held["exact"], failed["exact"]) == (True, True)
        return {(1, 0): "yes", (0, 1): "no", (0, 0): "unknown"}[held["members"], failed["members"]]

    async def _ask(self, what: str, body: Json) -> dict[str, Any]:
        answer = await self.api.post(f"/api/v1/{what}", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def database(server_url: str, template: str) -> Iterator[Database]:
    """One database for the module: nothing in it changes between conditions."""
    with copied_database(server_url, template) as url:
        database = Database(url, pool_size=5, application="test")
        yield database
        database.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def doors(database: Database, ring: KeyRing, environment: WorkflowEnvironment) -> AsyncIterator[Doors]:
    """The member behind every door, and all journeys lived through."""
    clock = ServerClock(environment)
    world = await asyncio.to_thread(World, database, clock, ring)
    documents = [_document(part, names) for part, names in enumerate(_parts())]
    stage = Play(world, environment.client, environment)
    try:
        lived = await _lived(stage, documents)
    finally:
        await close_all(environment.client, world)
    now = FixedClock(await asyncio.to_thread(clock.now))
    key = new_key()
    with database.begin() as session:
        add_key(session, "asker", key, {"full"}, now=now.now())
    transport = httpx.ASGITransport(create_app(Dependencies(database, now, ring)))
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as api:
        yield Doors(api, _played(documents), lived)


def _parts() -> list[list[str]]:
    return [NAMES[start : start + IN_A_TURN] for start in range(0, len(NAMES), IN_A_TURN)]


def _document(part: int, names: Sequence[str]) -> dict[str, Any]:
    """A journey that asks for one condition after the other; it goes on whatever the answer is."""
    nexts = [*(NODES[name] for name in names[1:]), "over"]
    nodes: dict[str, Any] = {
        NODES[name]: {
            "type": "choice",
            "cases": [{"when": RULES[name], "port": "yes"}],
            "on_unknown": "unknown",
            "ports": dict.fromkeys(("yes", "unknown", "else"), following),
        }
        for name, following in zip(names, nexts, strict=True)
    }
    nodes["over"] = {"type": "end", "outcome": "over"}
    return journey(
        key=f"meaning-{part}",
        fields=FIELDS,
        entry=[{"on": "contact.scanned"}],
        start=NODES[names[0]],
        nodes=nodes,
        exits=[],
        tests=[
            {"name": "all", "given": {"member": MEMBER}, "when": [{"at": "PT0S", "on": "contact.scanned"}], "then": {}}
        ],
    )


def _played(documents: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The answers of the pure driver, as a document's own test plays it."""
    found: dict[str, str] = {}
    for document in documents:
        read, _ = parse(document)
        assert read is not None
        plan = compile_plan(document, {}, base_fields(), event_fields())
        found |= {ASKED_AT[node]: _said(port) for node, port in play(plan, read.tests[0]).ports}
    return found


async def _lived(stage: Play, documents: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The answers of runs that Temporal drives."""
    for document in documents:
        await asyncio.to_thread(stage.world.publish, document)
    await asyncio.to_thread(stage.world.tell, "member.updated", MEMBER)
    async with stage.working():
        await stage.tell("contact.scanned", {"channel": "c"})
        await stage.end()
        for run in await asyncio.to_thread(stage.world.runs):
            await stage.handle(run).result()
    with stage.world.database.begin() as session:
        logs = session.execute(select(col(Turn.log))).scalars()
        return {ASKED_AT[line["node"]]: _said(line["port"]) for log in logs for line in log if line["kind"] == "left"}


def _said(port: str) -> str:
    return {"else": "no"}.get(port, port)
