"""The load process: each event goes out once its run was seen at its wait at two looks in a row."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from bench.chain import Door
from bench.figures import BenchError
from bench.ingest import BATCH, TABLES, Rows, by_batch, check, one_batch
from bench.load import STEPS, Customer, Load

DOOR = Door("till", "s1", "lin", "LinWan", "group", "S1")


@dataclass
class Runs:
    """Runs that take each event after so many looks."""

    slowness: int = 1
    told: list[tuple[int, int]] = field(default_factory=list)
    taken: dict[int, int] = field(default_factory=dict)
    looks: dict[int, int] = field(default_factory=dict)
    early: list[int] = field(default_factory=list)

    async def tell(self, customer: Customer) -> None:
        await asyncio.sleep(0)
        if self.looks.get(customer.number, 0) < 2 and customer.sent:
            self.early.append(customer.number)
        self.told.append((customer.number, customer.sent))
        self.looks[customer.number] = -self.slowness

    def progress(self, customers: Iterable[Customer]) -> Mapping[int, int]:
        for customer in customers:
            self.looks[customer.number] += 1
            if self.looks[customer.number] >= 1:
                self.taken[customer.number] = customer.sent
        return self.taken


async def test_every_customer_goes_through_all_steps_in_order() -> None:
    runs = Runs()
    load = Load(runs, at_once=2)
    await load.play(5)
    assert len(load.finished) == 5
    for customer in load.finished:
        assert [sent for number, sent in runs.told if number == customer.number] == list(range(STEPS))


async def test_an_event_waits_until_its_run_was_seen_twice_at_its_wait() -> None:
    runs = Runs(slowness=3)
    await Load(runs, at_once=3).play(3)
    assert runs.early == []


async def test_no_more_customers_are_under_way_than_were_asked_for() -> None:
    load = Load(Runs(), at_once=2)
    most = 0

    async def watch() -> None:
        nonlocal most
        while len(load.finished) < 6:
            most = max(most, len(load.open))
            await asyncio.sleep(0)

    await asyncio.gather(load.play(6), watch())
    assert most == 2


def test_a_batch_is_always_made_of_the_same_events() -> None:
    one, again = one_batch("run", 1, 2, DOOR, of=5), one_batch("run", 1, 2, DOOR, of=5)
    assert one.source == again.source == "bench/run/1/2"
    assert one.body.count(b'"order.paid"') == BATCH
    assert one.body != one_batch("run", 2, 2, DOOR, of=5).body


def test_rows_belong_to_the_batch_of_their_events_and_members_to_the_first_that_named_them() -> None:
    rows: Rows = {
        "events": [
            {"seq": 3, "source": "b", "member_id": 1},
            {"seq": 1, "source": "a", "member_id": 1},
            {"seq": 2, "source": "b", "member_id": 2},
        ],
        "event_keys": [{"seq": 1}, {"seq": 2}, {"seq": 3}],
        "members": [{"id": 1}, {"id": 2}],
        "identities": [{"member_id": 1, "kind": "member"}],
        "member_queue": [{"member_id": 2}],
        "counted_events": [{"seq": 1, "member_id": 1}, {"seq": 3, "member_id": 1}],
    }
    found = by_batch(rows)
    assert {table: found["a"][table] for table in TABLES} == {
        "members": [{"id": 1}],
        "identities": [{"member_id": 1, "kind": "member"}],
        "events": [{"seq": 1, "source": "a", "member_id": 1}],
        "event_keys": [{"seq": 1}],
        "member_queue": [],
        "counted_events": [{"seq": 1, "member_id": 1}],
    }
    assert [row["id"] for row in found["b"]["members"]] == [2]
    assert sorted(row["seq"] for row in found["b"]["events"]) == [2, 3]
    assert found["b"]["member_queue"] == [{"member_id": 2}]


@pytest.mark.parametrize(
    ("grown", "told"),
    [({*TABLES, "audit"}, "leaves out: audit"), ({*TABLES} - {"member_queue"}, "left alone what it is measured with")],
    ids=["one more", "one less"],
)
def test_ingest_and_its_reference_write_into_the_same_tables(grown: set[str], told: str) -> None:
    before = dict.fromkeys([*TABLES, "audit", "versions"], 1)
    check(before, before | dict.fromkeys(TABLES, 2))
    with pytest.raises(BenchError, match=re.escape(told)):
        check(before, before | dict.fromkeys(grown, 2))
