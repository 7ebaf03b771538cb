"""The ledger of seats: its table of cases, and that no order of arrival changes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.seats.ledger import Add, SeatFact, SeatInterval, derive

START = datetime(2026, 1, 1, tzinfo=UTC)
STORES = {1: 10, 2: 10, 3: 20}
HOUR = timedelta(hours=1)


def joined(hours: int, chat: int = 1, channel: int | None = None) -> SeatFact:
    return SeatFact(START + hours * HOUR, hours + 1, "joined", chat, STORES[chat], channel)


def left(hours: int, chat: int = 1, by: str = "self") -> SeatFact:
    return SeatFact(START + hours * HOUR, hours + 1, "left", chat, by=by)


def told(seats: list[SeatInterval]) -> list[tuple[object, ...]]:
    """Chat, hours of joining and leaving, left by, channel."""

    def hours(at: datetime | None) -> float | None:
        return None if at is None else (at - START) / HOUR

    return [(one.chat_id, hours(one.joined_at), hours(one.left_at), one.left_by, one.channel_id) for one in seats]


CASES: list[tuple[str, list[SeatFact], list[tuple[object, ...]]]] = [
    ("joined", [joined(0)], [(1, 0, None, None, None)]),
    ("joined twice", [joined(0), joined(1)], [(1, 0, None, None, None)]),
    ("left", [joined(0), left(1)], [(1, 0, 1, "self", None)]),
    ("left without a seat", [left(1)], []),
    ("came back", [joined(0), left(1), joined(2)], [(1, 0, 1, "self", None), (1, 2, None, None, None)]),
    ("moved on", [joined(0), left(30), joined(40, 2)], [(1, 0, 30, "moved", None), (2, 40, None, None, None)]),
    ("moved before leaving", [joined(0), joined(20, 2), left(30)],
     [(1, 0, 30, "moved", None), (2, 20, None, None, None)]),
    ("too late to have moved", [joined(0), left(30), joined(55, 2)],
     [(1, 0, 30, "self", None), (2, 55, None, None, None)]),
    ("another store is no move", [joined(0), left(30), joined(31, 3)],
     [(1, 0, 30, "self", None), (3, 31, None, None, None)]),
    ("dismissed stays dismissed", [joined(0), left(30, by="dismissed"), joined(31, 2)],
     [(1, 0, 30, "dismissed", None), (2, 31, None, None, None)]),
    ("a channel of its own", [joined(0, channel=5)], [(1, 0, None, None, 5)]),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), [pytest.param(f, e, id=name) for name, f, e in CASES])
def test_facts_make_this_ledger(facts: list[SeatFact], expected: list[tuple[object, ...]]) -> None:
    assert told(derive(facts)) == expected
    assert told(derive(reversed(facts))) == expected


@pytest.mark.parametrize(("hours", "channel"), [(1, None), (10, 5), (50, 6), (50 + 24 * 7, None)])
def test_a_join_without_channel_is_credited_to_the_latest_add_of_seven_days(hours: int, channel: int | None) -> None:
    adds = [Add(START + 2 * HOUR, 5), Add(START + 49 * HOUR, 6)]
    assert derive([joined(hours)], adds)[0].channel_id == channel


FACTS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 100), st.sampled_from([1, 2, 3])), unique_by=lambda one: one[1], max_size=12
).map(lambda items: [joined(hour, chat) if comes else left(hour, chat) for comes, hour, chat in items])


@given(FACTS, st.randoms())
def test_no_order_of_arrival_changes_the_ledger(facts: list[SeatFact], chance: object) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)
    assert told(derive(shuffled)) == told(derive(facts))
