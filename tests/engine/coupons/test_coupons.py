"""Coupons: issued exactly once and never beyond the stock, redeemed, expired, and what events say about them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from engine.coupons.errors import BatchUnknownError, CouponSpentError, CouponUnknownError, StockTooSmallError
from engine.coupons.issue import Issued, SoldOut, issue
from engine.coupons.redeem import expire_due, redeem
from engine.coupons.store import BatchCounts, batch_named, counts, list_coupons, set_stock
from engine.database import retrying
from tests.engine.chain import NOW, Chain, event


def members(chain: Chain, n: int) -> list[int]:
    chain.tell(*[event("store.visited", subject=f"member:{i}") for i in range(n)])
    return [member for (member,) in chain.rows("SELECT id FROM members ORDER BY id")]


def give(chain: Chain, member: int, effect: str, batch: str = "HOOK") -> Issued | SoldOut:
    def work(session: Session) -> Issued | SoldOut:
        return issue(session, batch_key=batch, member_id=member, effect_key=effect, keys=chain.keys, now=NOW)

    return retrying.run(chain.database, work)


def restock(chain: Chain, stock: int) -> None:
    with chain.database.begin() as session:
        batch = batch_named(session, "HOOK", lock=True)
        assert batch is not None
        set_stock(session, batch, stock)


def test_a_coupon_is_issued_once_per_effect_and_told_to_the_log(chain: Chain) -> None:
    [member] = members(chain, 1)
    first, again, other = give(chain, member, "1:a:1"), give(chain, member, "1:a:1"), give(chain, member, "1:a:2")
    assert isinstance(first, Issued)
    assert first == again != other
    told = chain.rows("SELECT member_id, data->>'code' FROM events WHERE type = 'coupon.issued' ORDER BY seq")
    assert told[0] == (member, first.code)
    assert len(told) == 2
    assert chain.rows("SELECT status, count(*) FROM coupons GROUP BY 1 ORDER BY 1") == [("free", 1), ("issued", 2)]


def test_the_stock_ends(chain: Chain) -> None:
    people = members(chain, 4)
    given = [give(chain, member, f"{member}") for member in people]
    assert [isinstance(one, Issued) for one in given] == [True, True, True, False]
    assert given[3] == SoldOut("stock")


def test_a_member_gets_no_more_than_one_may(chain: Chain) -> None:
    [member] = members(chain, 1)
    with chain.database.begin() as session:
        batch = batch_named(session, "HOOK")
        assert batch is not None
        batch.per_member = 1
    assert isinstance(give(chain, member, "a"), Issued)
    assert give(chain, member, "b") == SoldOut("per_member")


def test_many_at_once_share_the_stock_without_loss_or_excess(chain: Chain) -> None:
    people = members(chain, 8)
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda member: give(chain, member, f"{member}"), people))
    codes = [one.code for one in given if isinstance(one, Issued)]
    assert len(codes) == len(set(codes)) == 3


def test_sold_out_is_said_only_when_nobody_can_give_a_code_back(chain: Chain) -> None:
    people = members(chain, 4)
    for member in people[:2]:
        give(chain, member, f"{member}")
    with ThreadPoolExecutor(1) as pool:
        with chain.database.begin() as session:
            issue(session, batch_key="HOOK", member_id=people[2], effect_key="x", keys=chain.keys, now=NOW)
            waiting = pool.submit(give, chain, people[3], "y")
            session.rollback()
        assert isinstance(waiting.result(), Issued)


def test_an_unknown_batch_is_an_error(chain: Chain) -> None:
    [member] = members(chain, 1)
    with pytest.raises(BatchUnknownError):
        give(chain, member, "a", batch="NOPE")


def test_a_coupon_is_redeemed_once(chain: Chain) -> None:
    [member] = members(chain, 1)
    given = give(chain, member, "a")
    assert isinstance(given, Issued)
    with chain.database.begin() as session:
        redeem(session, given.code, keys=chain.keys, now=NOW, store="S2", order_no="o-1")
    with pytest.raises(CouponSpentError, match="redeemed"), chain.database.begin() as session:
        redeem(session, given.code, keys=chain.keys, now=NOW)
    with pytest.raises(CouponUnknownError), chain.database.begin() as session:
        redeem(session, "NOPE", keys=chain.keys, now=NOW)
    assert chain.rows("SELECT status, redeemed_at FROM coupons WHERE member_id IS NOT NULL") == [("redeemed", NOW)]
    assert chain.rows("""
        SELECT member_id, data->>'order_no', s.key FROM events e JOIN stores s ON s.id = e.store_id
        WHERE type = 'coupon.redeemed'""") == [(member, "o-1", "S2")]


def test_a_coupon_expires_when_its_time_is_over(chain: Chain) -> None:
    [member] = members(chain, 1)
    with chain.database.begin() as session:
        batch = batch_named(session, "HOOK")
        assert batch is not None
        batch.valid_for = "P1D"
    given = give(chain, member, "a")
    assert isinstance(given, Issued)
    assert given.expires_at == NOW + timedelta(days=1)
    for moment, expired in ((NOW, 0), (NOW + timedelta(days=1), 1), (NOW + timedelta(days=2), 0)):
        with chain.database.begin() as session:
            assert expire_due(session, keys=chain.keys, now=moment) == expired
    assert chain.rows("SELECT status FROM coupons WHERE member_id IS NOT NULL") == [("expired",)]
    with pytest.raises(CouponSpentError, match="expired"), chain.database.begin() as session:
        redeem(session, given.code, keys=chain.keys, now=NOW)


def test_stock_grows_and_shrinks_but_not_below_what_was_given_out(chain: Chain) -> None:
    people = members(chain, 2)
    for member in people:
        give(chain, member, f"{member}")
    for stock in (500, 2):
        restock(chain, stock)
        assert chain.rows("SELECT count(*) FROM coupons") == [(stock,)]
    with pytest.raises(StockTooSmallError):
        restock(chain, 1)


def test_codes_are_long_and_never_the_same(chain: Chain) -> None:
    restock(chain, 2000)
    codes = [code for (code,) in chain.rows("SELECT code FROM coupons WHERE length(code) > 3")]
    assert len(set(codes)) == 1997
    assert {len(code) for code in codes} == {16}


def test_events_of_unknown_codes_or_of_another_batch_change_no_figure(chain: Chain) -> None:
    chain.tell(event("coupon.claimed", batch="HOOK", code="unknown"), event("coupon.claimed", batch="OTHER", code="C0"))
    assert chain.rows("SELECT count(*) FROM coupons WHERE status <> 'free'") == [(0,)]
    assert chain.rows("SELECT count(*) FROM events") == [(2,)]


def test_figures_and_lists_tell_what_became_of_coupons(chain: Chain) -> None:
    chain.tell(
        event("coupon.claimed", 1, batch="HOOK", code="C0"),
        event("coupon.redeemed", 2, batch="HOOK", code="C0"),
        event("coupon.expired", 3, batch="HOOK", code="C1"),
    )
    with chain.database.begin() as session:
        batch = batch_named(session, "HOOK")
        assert batch is not None
        assert counts(session, [batch.id]) == {batch.id: BatchCounts(2, 1, 1, 1)}
        assert [one.code for one in list_coupons(session, batch="HOOK")] == ["C0", "C1"]
        assert [one.code for one in list_coupons(session, status="expired")] == ["C1"]
        assert list_coupons(session, batch="OTHER") == []
