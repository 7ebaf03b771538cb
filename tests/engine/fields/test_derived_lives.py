"""The life of derived attributes: what is undecided, what is withdrawn, what comes at the same time as publishing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from engine.clock import FixedClock
from engine.events.ingest import ingest
from engine.fields import store
from engine.fields.past import page
from engine.jobs import store as jobs
from tests.engine.chain import NOW, Chain, event
from tests.engine.fields.deriving import look_back, paid, publish, told

ORDERS = {"type": "integer", "derive": {"count": "order.paid"}}
ORDERS_90D = {"type": "integer", "derive": {"count": "order.paid", "within": "P90D"}}
KILOS = {
    "type": "decimal",
    "derive": {"sum": "custom.weighed", "of": "event.kg", "fields": {"event.kg": {"type": "decimal"}}},
}
IN_EAST = {
    "type": "integer",
    "derive": {"count": "order.paid", "when": {"==": [{"var": "event.store.region"}, "east"]}},
}
"""So many orders in the eastern region."""


def test_members_without_events_have_counted_none(chain: Chain) -> None:
    chain.tell(event("member.registered", subject="member:1"))
    publish(
        chain,
        member_orders=ORDERS,
        member_kilos=KILOS,
        member_last={"type": "instant", "derive": {"last": "order.paid"}},
    )
    look_back(chain)
    assert told(chain, "orders", "kilos", "last") == [{"orders": 0, "kilos": "0"}]


def test_decimals_are_summed_exactly(chain: Chain) -> None:
    publish(chain, member_kilos=KILOS)
    look_back(chain)
    chain.tell(*(event("custom.weighed", n, "member:1", kg=kg) for n, kg in enumerate(["0.1", "0.2", "0.30"])))
    assert told(chain, "kilos") == [{"kilos": "0.60"}]


@pytest.mark.parametrize("kg", [{}, {"kg": None}, {"kg": 1.5}, {"kg": "heavy"}, {"kg": ["1"]}])
def test_a_value_that_cannot_be_read_leaves_the_sum_undecided(chain: Chain, kg: dict[str, Any]) -> None:
    publish(chain, member_kilos=KILOS)
    look_back(chain)
    chain.tell(event("custom.weighed", 0, "member:1", kg="1.5"), event("custom.weighed", 1, "member:1", **kg))
    assert told(chain, "kilos") == [{}]


def test_conditions_may_look_at_the_store_behind_the_event(chain: Chain) -> None:
    chain.tell(paid("a", 0, store="S1"), paid("a", 1, store="S3"))
    publish(chain, member_eastern=IN_EAST)
    look_back(chain)
    chain.tell(paid("a", 2, store="S2"))
    assert told(chain, "eastern") == [{"eastern": 2}]


def test_what_is_told_under_the_name_of_a_derived_attribute_is_not_mistaken_for_it(chain: Chain) -> None:
    chain.tell(event("member.registered", subject="member:1", orders=99))
    publish(chain, member_orders=ORDERS)
    assert told(chain, "orders") == [{}]
    look_back(chain)
    assert told(chain, "orders") == [{"orders": 0}]


def test_a_contact_that_proves_to_be_a_confirmation_counts_as_what_it_is(chain: Chain) -> None:
    publish(chain, member_adds={"type": "integer", "derive": {"count": "contact.added"}})
    look_back(chain)
    chain.tell(*(event("contact.added", n, associate="lin") for n in range(2)))
    assert told(chain, "adds") == [{"adds": 1}]


def test_attributes_of_the_same_events_share_what_is_kept(chain: Chain) -> None:
    publish(
        chain,
        member_orders_90d=ORDERS_90D,
        member_orders_30d={"type": "integer", "derive": {"count": "order.paid", "within": "P30D"}},
        member_last_order={"type": "instant", "derive": {"last": "order.paid", "within": "P1Y"}},
    )
    assert chain.rows("SELECT event_type, kept_days FROM field_sources") == [("order.paid", 773)]
    chain.tell(paid("a", 0))
    assert chain.rows("SELECT count(*) FROM counted_events") == [(1,)]


def test_publishing_again_does_not_look_back_again(chain: Chain) -> None:
    publish(chain, member_orders=ORDERS)
    look_back(chain)
    publish(chain, member_orders=ORDERS, member_size={"type": "text"})
    with chain.database.begin() as session:
        assert jobs.list_jobs(session, state="waiting") == []
    chain.tell(paid("a", 0))
    assert told(chain, "orders") == [{"orders": 1}]


def test_what_is_withdrawn_is_unknown_and_forgotten_and_looked_back_for_when_it_comes_again(chain: Chain) -> None:
    publish(chain, member_orders=ORDERS)
    look_back(chain)
    chain.tell(*(paid("a", n) for n in range(5)))
    publish(chain, member_size={"type": "text"})
    assert told(chain, "orders") == [{}]
    with chain.database.begin() as session:
        assert [store.trim(session, now=NOW, limit=3) for _ in range(2)] == [3, 2]
    assert chain.rows("SELECT count(*) FROM field_sources") == [(0,)]
    publish(chain, member_orders=ORDERS)
    look_back(chain)
    assert told(chain, "orders") == [{"orders": 5}]


def test_events_go_when_no_attribute_can_look_back_to_them(chain: Chain) -> None:
    publish(chain, member_orders=ORDERS, member_orders_90d=ORDERS_90D)
    look_back(chain)
    chain.tell(paid("a", 0), paid("a", 60))
    later = paid("a", 30).time + timedelta(days=373 + 400)
    with chain.database.begin() as session:
        assert store.trim(session, now=later, limit=10) == 1
    assert told(chain, "orders", "orders_90d") == [{"orders": 2, "orders_90d": 1}]


def test_nothing_is_kept_where_nothing_is_derived(chain: Chain) -> None:
    publish(chain, member_size={"type": "text"})
    chain.tell(paid("a", 0))
    assert chain.rows("SELECT count(*) FROM counted_events") == [(0,)]


def test_the_job_waits_for_whoever_began_to_accept_before_the_fields_were_published(chain: Chain) -> None:
    """Their event was judged by nobody: nobody knew the fields yet, and it is not in the log yet."""
    with chain.database.begin() as accepting:
        ingest(accepting, [paid("slow", 0)], now=NOW, keys=chain.keys)
        publish(chain, member_orders=ORDERS)
        assert [_page(chain).over for _ in range(3)] == [False] * 3
        assert told(chain, "orders") == []
    look_back(chain)
    assert told(chain, "orders") == [{"orders": 1}]


def _page(chain: Chain) -> Any:
    with chain.database.begin() as session:
        [job] = jobs.list_jobs(session, state="waiting")
        done = page(FixedClock(NOW), chain.keys)(session, job)
        jobs.advance(session, job, done, now=NOW)
        return done


def test_members_out_of_sight_have_no_counted_events(chain: Chain) -> None:
    publish(chain, member_orders=ORDERS)
    chain.tell(paid("a", 0, store="S1"), paid("b", 0, store="S3"))
    with chain.database.begin((chain.stores["S1"],)) as session:
        assert session.execute(text("SELECT count(*) FROM counted_events")).scalar_one() == 1
