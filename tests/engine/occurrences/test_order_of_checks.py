"""Checks of an entry that becomes true come strictly after one another, and one that failed says nothing of anybody."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from engine.occurrences import choosing
from rules.types import Json
from tests.engine.occurrences.world import GOLD, Chosen, journey

BY_CLOSURE: Json = {"==": [{"var": "member.patience"}, "P9D"]}
SHORT = timedelta(milliseconds=50)


def _check(chosen: Chosen, condition: Json = GOLD) -> dict[str, Json]:
    return {"becomes": condition, "check": "PT1M"}


def _open(chosen: Chosen, minute: int) -> None:
    chosen.until(f"01-07 10:{minute:02}")
    chosen.work.open_all()


def _choose(chosen: Chosen, session: Session, n: int, patience: timedelta = choosing.PATIENCE) -> int:
    """A page of the nth occurrence, as a router does it."""
    one, now = chosen.occurrences()[n].id, chosen.clock.now()
    more = {"plans": chosen.world.plans, "keys": chosen.keys, "now": now}
    return choosing.choose_page(session, one, patience=patience, **more)


def test_a_router_leaves_a_check_alone_while_another_is_at_the_one_before(chosen: Chosen) -> None:
    chosen.people("gold", "gold")
    chosen.publish(journey(entry=[_check(chosen)]))
    _open(chosen, 0)
    _open(chosen, 1)
    with chosen.database.begin() as one:
        assert _choose(chosen, one, 0) == 1
        with chosen.database.begin() as other:
            assert (_choose(chosen, other, 0), _choose(chosen, other, 1)) == (0, 0)
    chosen.tell_and_route()
    assert chosen.told() == [("first-check", 2, 0), ("done", 0, 0)]
    assert chosen.entered() == []


def test_a_check_waits_until_closures_have_decided_the_one_before(chosen: Chosen) -> None:
    one, two = (chosen.people("gold", patience=length)[0] for length in ("P9D", "P1D"))
    chosen.publish(journey(entry=[_check(chosen, BY_CLOSURE)]))
    _open(chosen, 0)
    with chosen.database.begin() as session:
        assert _choose(chosen, session, 0) == 1
    chosen.change(two, patience="P9D")
    _open(chosen, 1)
    with chosen.database.begin() as session:
        assert _choose(chosen, session, 1) == 0
    chosen.tell_and_route()
    chosen.tell_and_route()
    assert len(chosen.entered()) == len(set(chosen.entered()))
    assert one not in chosen.entered()
    assert chosen.truths() == [one, two]


def test_who_is_told_by_a_page_keeps_nobody_from_being_chosen_for_good(chosen: Chosen) -> None:
    """While a page of the entry is told its clock is not free: the check ends at the next look."""
    [one] = chosen.people("silver")
    chosen.publish(journey(entry=[_check(chosen)]))
    _open(chosen, 0)
    with chosen.database.begin() as telling:
        telling.connection().exec_driver_sql("SELECT 1 FROM entry_clocks FOR UPDATE")
        chosen.work.choose_all()
    assert chosen.told() == [("deciding", 0, 0)]
    chosen.look()
    chosen.change(one, tier="gold")
    chosen.until("01-07 10:01")
    chosen.tell_and_route()
    assert (chosen.told(), chosen.entered()) == ([("first-check", 0, 0), ("done", 1, 1)], [one])


def test_after_a_first_check_that_was_too_slow_the_next_is_the_first(chosen: Chosen) -> None:
    one, two = chosen.people("gold", "silver")
    chosen.publish(journey(entry=[_check(chosen)]))
    _open(chosen, 0)
    _too_slow(chosen, 0)
    chosen.until("01-07 10:01")
    chosen.tell_and_route()
    assert chosen.told() == [("too-slow", 0, 0), ("first-check", 1, 0)]
    assert (chosen.entered(), chosen.truths()) == ([], [one])
    chosen.change(two, tier="gold")
    chosen.until("01-07 10:02")
    chosen.tell_and_route()
    assert chosen.entered() == [two]


def test_a_later_check_that_was_too_slow_is_made_up_for_by_the_next(chosen: Chosen) -> None:
    one, two = chosen.people("gold", "silver")
    chosen.publish(journey(entry=[_check(chosen)]))
    chosen.tell_and_route()
    chosen.change(two, tier="gold")
    _open(chosen, 1)
    _too_slow(chosen, 1)
    chosen.until("01-07 10:02")
    chosen.tell_and_route()
    assert chosen.told() == [("first-check", 1, 0), ("too-slow", 0, 0), ("done", 1, 1)]
    assert (chosen.entered(), chosen.truths()) == ([two], [one, two])
    first, _, last = chosen.occurrences()
    assert last.since == first.at, "it was compared with the check that was finished"


def _too_slow(chosen: Chosen, n: int) -> None:
    """Its statement waits for a table longer than its patience."""
    with chosen.database.begin() as other:
        other.connection().exec_driver_sql("LOCK TABLE chosen_members IN ACCESS EXCLUSIVE MODE")
        with chosen.database.begin() as session:
            assert _choose(chosen, session, n, SHORT) == 0
