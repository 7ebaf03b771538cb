"""Entries of whom a condition becomes true: true now, and not at the last check."""

from __future__ import annotations

import pytest

from rules.types import Json
from tests.engine.occurrences.world import GOLD, Chosen, journey

DAILY: Json = {"becomes": GOLD, "check": "P1D"}
BY_CLOSURE: Json = {"==": [{"var": "member.patience"}, "P9D"]}


def test_of_whom_it_is_true_already_does_not_enter_and_who_comes_to_it_does(chosen: Chosen) -> None:
    one, two = chosen.people("gold", "silver")
    chosen.publish(journey(entry=[DAILY]))
    chosen.tell_and_route()
    assert (chosen.told(), chosen.truths()) == ([("first-check", 1, 0)], [one])
    chosen.until("01-08 10:00")
    chosen.tell_and_route()
    assert chosen.told()[1:] == [("done", 0, 0)]
    chosen.change(two, tier="gold")
    chosen.until("01-09 10:00")
    chosen.tell_and_route()
    assert (chosen.entered(), chosen.truths()) == ([two], [one, two])
    occurrence = chosen.occurrences()[-1]
    assert occurrence.since is not None
    assert (occurrence.at - occurrence.since).days == 1


def test_who_leaves_the_condition_and_comes_back_enters_again(chosen: Chosen) -> None:
    [one] = chosen.people("silver")
    chosen.publish(journey(entry=[DAILY], policies={"reentry": {"mode": "always"}}))
    for day, tier in (("07", "silver"), ("08", "gold"), ("09", "silver"), ("10", "gold")):
        chosen.change(one, tier=tier)
        chosen.until(f"01-{day} 10:00")
        chosen.tell_and_route()
    assert chosen.entered() == [one, one]


def test_closures_decide_what_sql_cannot_and_keep_the_same_truths(chosen: Chosen) -> None:
    one, two, three = (chosen.people("gold", patience=length)[0] for length in ("P9D", "P1D", "P1D"))
    chosen.publish(journey(entry=[{"becomes": BY_CLOSURE, "check": "P1D"}]))
    chosen.tell_and_route()
    chosen.change(one, patience="P2D")
    chosen.change(two, patience="P9D")
    chosen.until("01-08 10:00")
    chosen.tell_and_route()
    assert (chosen.entered(), chosen.truths()) == ([two], [two])
    chosen.change(three, patience="P9D")
    chosen.until("01-09 10:00")
    chosen.tell_and_route()
    assert chosen.entered() == [two, three]


def test_who_comes_to_it_in_a_pause_does_not_enter_then_or_later(chosen: Chosen) -> None:
    [one] = chosen.people("silver")
    chosen.publish(journey(entry=[DAILY]))
    chosen.tell_and_route()
    chosen.until("01-08 09:00")
    chosen.world.pause()
    chosen.change(one, tier="gold")
    chosen.until("01-08 10:00")
    chosen.tell_and_route()
    chosen.until("01-09 09:00")
    chosen.world.resume()
    chosen.until("01-09 10:00")
    chosen.tell_and_route()
    assert chosen.told()[1:] == [("paused", 1, 0), ("done", 0, 0)]
    assert chosen.entered() == []


def test_a_check_that_was_missed_is_made_once(chosen: Chosen) -> None:
    [one] = chosen.people("silver")
    chosen.publish(journey(entry=[{"becomes": GOLD, "check": "PT1M"}]))
    chosen.tell_and_route()
    chosen.change(one, tier="gold")
    chosen.until("01-20 12:00")
    chosen.tell_and_route()
    assert (len(chosen.told()), chosen.entered()) == (2, [one])


@pytest.mark.parametrize(("entry", "entered"), [({**DAILY, "start": "end"}, 1), ({"becomes": True, "check": "P1D"}, 0)])
def test_a_new_version_begins_anew_only_with_another_condition(chosen: Chosen, entry: Json, entered: int) -> None:
    [one] = chosen.people("silver")
    chosen.publish(journey(entry=[DAILY]))
    chosen.tell_and_route()
    chosen.change(one, tier="gold")
    chosen.publish(journey(entry=[entry]))
    chosen.until("01-08 10:00")
    chosen.tell_and_route()
    assert len(chosen.entered()) == entered


def test_a_journey_that_was_retired_and_published_again_knows_nobody_from_before(chosen: Chosen) -> None:
    one, two = chosen.people("gold", "silver")
    chosen.publish(journey(entry=[DAILY]))
    chosen.tell_and_route()
    chosen.retire()
    chosen.change(two, tier="gold")
    chosen.until("01-20 10:00")
    with chosen.database.begin() as session:
        session.connection().exec_driver_sql("UPDATE live SET state = 'live', retired_at = NULL")
    chosen.publish(journey(entry=[DAILY]))
    chosen.tell_and_route()
    assert (chosen.entered(), chosen.truths()) == ([], [one, two])
