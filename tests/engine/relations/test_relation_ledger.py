"""The ledger of relations: its table of cases, and the laws that no order of arrival changes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.relations.ledger import Action, Fact, Interval, derive, first_of_its_relation

START = datetime(2026, 1, 1, tzinfo=UTC)
STORES = {1: 10, 2: 10, 3: 20}
HOURS = timedelta(hours=1)


def fact(action: Action, hours: float, associate: int = 1, seq: int | None = None, **more: object) -> Fact:
    moment = START + hours * HOURS
    number = int(hours * 100) + 1 if seq is None else seq
    return Fact(moment, number, action, associate, STORES[associate], **more)


def told(intervals: list[Interval]) -> list[tuple[object, ...]]:
    """Associate, hours of half, full and end, ended by, kind."""

    def hours(at: datetime | None) -> float | None:
        return None if at is None else (at - START) / HOURS

    return [
        (one.associate_id, hours(one.half_at), hours(one.full_at), hours(one.ended_at), one.ended_by, one.kind)
        for one in intervals
    ]


CASES: list[tuple[str, list[Fact], list[tuple[object, ...]]]] = [
    ("an add", [fact("full", 0)], [(1, None, 0, None, None, "new_corp")]),
    ("half only", [fact("half", 0)], [(1, 0, None, None, None, None)]),
    ("half, then full", [fact("half", 0), fact("full", 1)], [(1, 0, 1, None, None, "new_corp")]),
    ("full told before half", [fact("full", 1), fact("half", 2)], [(1, None, 1, None, None, "new_corp")]),
    ("lost", [fact("full", 0), fact("ended", 1, by="customer")], [(1, None, 0, 1, "customer", "new_corp")]),
    ("lost while half", [fact("half", 0), fact("ended", 1, by="staff")], [(1, 0, None, 1, "staff", None)]),
    ("lost before any add", [fact("ended", 0, by="customer")], []),
    ("lost twice", [fact("full", 0), fact("ended", 1, by="staff"), fact("ended", 2, by="customer")],
     [(1, None, 0, 1, "staff", "new_corp")]),
    ("lost by whom nobody says", [fact("full", 0), fact("ended", 1)], [(1, None, 0, 1, "unknown", "new_corp")]),
    ("a further associate of the store", [fact("full", 0), fact("full", 1, 2)],
     [(1, None, 0, None, None, "new_corp"), (2, None, 1, None, None, "new_associate")]),
    ("another store", [fact("full", 0), fact("full", 1, 3)],
     [(1, None, 0, None, None, "new_corp"), (3, None, 1, None, None, "new_store")]),
    ("added again", [fact("full", 0), fact("ended", 1, by="customer"), fact("full", 2)],
     [(1, None, 0, 1, "customer", "new_corp"), (1, None, 2, None, None, "readd")]),
    ("full at last, after a half that ended", [fact("half", 0), fact("ended", 1, by="customer"), fact("full", 2)],
     [(1, 0, None, 1, "customer", None), (1, None, 2, None, None, "new_corp")]),
    ("assigned by an administrator", [fact("full", 0), fact("full", 1, 3, add_way=202)],
     [(1, None, 0, None, None, "new_corp"), (3, None, 1, None, None, "transfer")]),
    ("transferred",
     [fact("full", 0), fact("ended", 1, by="transfer", seq=9), fact("full", 1, 3, seq=9, origin="transfer")],
     [(1, None, 0, 1, "transfer", "new_corp"), (3, None, 1, None, None, "transfer")]),
    ("the add that WeCom tells of after a transfer",
     [fact("full", 1, 3, origin="transfer"), fact("ended", 2, 3, by="unknown"), fact("full", 40, 3)],
     [(3, None, 1, 2, "unknown", "transfer"), (3, None, 40, None, None, "transfer")]),
    ("an add long after a transfer",
     [fact("full", 1, 3, origin="transfer"), fact("ended", 2, 3, by="unknown"), fact("full", 60, 3)],
     [(3, None, 1, 2, "unknown", "transfer"), (3, None, 60, None, None, "readd")]),
    ("found by a sweep", [fact("full", 0, origin="found")], [(1, None, 0, None, None, "sweep")]),
    ("a sweep does not reopen what the customer ended",
     [fact("full", 0), fact("ended", 1, by="customer"), fact("full", 2, origin="found")],
     [(1, None, 0, 1, "customer", "new_corp")]),
    ("a sweep reopens what staff ended",
     [fact("full", 0), fact("ended", 1, by="staff"), fact("full", 2, origin="found")],
     [(1, None, 0, 1, "staff", "new_corp"), (1, None, 2, None, None, "sweep")]),
    ("a newer add reopens what the customer ended",
     [fact("full", 0), fact("ended", 1, by="customer"), fact("full", 2, origin="found"), fact("full", 3)],
     [(1, None, 0, 1, "customer", "new_corp"), (1, None, 3, None, None, "readd")]),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), [pytest.param(f, e, id=name) for name, f, e in CASES])
def test_facts_make_this_ledger(facts: list[Fact], expected: list[tuple[object, ...]]) -> None:
    assert told(derive(facts)) == expected
    assert told(derive(reversed(facts))) == expected


def test_the_channel_is_the_first_that_the_adds_of_a_relation_name() -> None:
    [one] = derive([fact("half", 0), fact("full", 1, channel_id=7), fact("full", 2, channel_id=8)])
    assert one.channel_id == 7


def test_the_first_accepted_of_half_and_full_is_the_add() -> None:
    ledger = derive([fact("half", 1, seq=8), fact("full", 2, seq=5), fact("full", 3, seq=9)])
    assert [first_of_its_relation(ledger, seq) for seq in (5, 8, 9, 1)] == [True, False, False, None]


ACTIONS: tuple[Action, ...] = ("half", "full", "ended")
STREAMS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 60), st.sampled_from([1, 2, 3]), st.booleans()),
    unique_by=lambda one: one[1],
    max_size=12,
).map(
    lambda items: [
        fact(action, hour, associate, origin="found" if found and action == "full" else "told",
             by="customer" if action == "ended" else None)
        for action, hour, associate, found in items
    ]
)  # fmt: skip


@given(STREAMS, st.randoms())
def test_no_order_of_arrival_changes_the_ledger(facts: list[Fact], chance: object) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)
    assert told(derive(shuffled)) == told(derive(facts))


@given(STREAMS)
def test_intervals_of_a_pair_do_not_overlap_and_only_the_last_is_open(facts: list[Fact]) -> None:
    for associate in STORES:
        mine = [one for one in derive(facts) if one.associate_id == associate]
        for one, following in pairwise(mine):
            assert one.ended_at is not None
            assert one.opened_at <= one.ended_at <= following.opened_at


@given(STREAMS)
def test_a_person_is_new_to_the_company_at_most_once(facts: list[Fact]) -> None:
    kinds = [one.kind for one in sorted(derive(facts), key=lambda one: one.full_at or START) if one.full_at]
    assert kinds.count("new_corp") <= 1
    assert "new_corp" not in kinds[1:]
