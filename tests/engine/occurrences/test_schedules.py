"""Scheduled audiences: who is chosen when, told once, and what becomes of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.members.merge import merge
from tests.engine.occurrences.world import GOLD, Chosen, daily, journey


def test_those_of_whom_it_is_true_enter_at_the_time_and_once(chosen: Chosen) -> None:
    one, two, _ = chosen.people("gold", "gold", "silver")
    chosen.publish(journey(entry=[daily(save="how")]))
    chosen.until("01-08 08:59")
    chosen.tell_and_route()
    assert chosen.entered() == []
    chosen.until("01-08 09:00")
    for _ in range(3):
        chosen.tell_and_route()
    assert sorted(chosen.entered()) == [one, two]
    assert chosen.told() == [("done", 2, 2)]
    assert set(chosen.fates().values()) == {"entered"}
    occurrence = chosen.occurrences()[0]
    assert (occurrence.version, occurrence.form) == (1, "schedule")
    assert occurrence.name == f"{occurrence.entry}/2026-01-08T01:00:00Z"
    assert chosen.world.run().entered_at == occurrence.at


def test_nobody_enters_by_an_occurrence_before_the_publication(chosen: Chosen) -> None:
    chosen.people("gold")
    chosen.publish(journey(entry=[daily("09:59")]))
    chosen.tell_and_route()
    assert chosen.told() == []


def test_reentry_refuses_who_is_inside_and_holdout_holds(chosen: Chosen) -> None:
    [one] = chosen.people("gold")
    chosen.publish(journey(entry=[daily()], policies={"holdout": {"share_bp": 10_000, "salt": "x"}}))
    chosen.until("01-08 09:00")
    chosen.tell_and_route()
    assert chosen.fates() == {one: "holdout"}
    chosen.until("01-09 09:00")
    chosen.tell_and_route()
    assert chosen.sql("SELECT fate FROM chosen_members ORDER BY occurrence_id") == [("holdout",), ("live",)]


def test_an_entry_listens_to_its_own_occurrences_alone(chosen: Chosen) -> None:
    chosen.people("gold")
    chosen.publish(journey("other", entry=[daily("10:00"), {"on": "audience.matched", "start": "end"}]))
    chosen.publish(journey(entry=[daily()]))
    chosen.until("01-08 09:00")
    chosen.tell_and_route()
    assert sorted((run.journey, run.state["next"]) for run in chosen.world.runs()) == [
        ("other", "end"), ("test", "stay"),
    ]  # fmt: skip


def test_what_outsiders_tell_lets_nobody_in(chosen: Chosen) -> None:
    chosen.publish(journey(entry=[daily()]))
    chosen.world.tell("audience.matched", {"journey": "test", "occurrence": "schedule"})
    chosen.route()
    assert chosen.entered() == []


def test_at_most_so_many_are_told_whom_reentry_refuses_last(chosen: Chosen) -> None:
    chosen.people(*["gold"] * 5)
    chosen.publish(journey(entry=[daily(limit=2)], policies={"reentry": {"mode": "once"}}))
    for day, inside in (("01-08", 2), ("01-09", 4), ("01-10", 5)):
        chosen.until(f"{day} 09:00")
        chosen.tell_and_route()
        assert len(set(chosen.entered())) == inside
    assert [each[1] for each in chosen.told()] == [2, 2, 2]


@pytest.mark.parametrize(
    ("back", "told"),
    [
        ("01-08 20:00", [("done", 1, 1)]),
        ("01-09 09:00", [("late", 0, 0), ("done", 1, 1)]),
        ("01-10 08:00", [("too-old", 0, 0), ("done", 1, 1)]),
        ("01-10 10:00", [("too-old", 0, 0), ("too-old", 0, 0), ("done", 1, 1)]),
    ],
)
def test_after_an_absence_the_latest_is_caught_up_and_the_others_are_told(
    chosen: Chosen, back: str, told: list[tuple[str, int, int]]
) -> None:
    chosen.people("gold")
    chosen.publish(journey(entry=[daily()]))
    chosen.until(back)
    chosen.tell_and_route()
    assert chosen.told() == told
    assert len(chosen.entered()) == 1


def test_weekly_occurrences_that_are_too_old_tell_nobody(chosen: Chosen) -> None:
    chosen.people("gold")
    chosen.publish(journey(entry=[{"schedule": "FREQ=WEEKLY;BYDAY=TH", "at": "09:00", "audience": GOLD}]))
    chosen.until("01-10 09:00")
    chosen.tell_and_route()
    assert chosen.told() == [("too-old", 0, 0)]
    chosen.until("01-15 09:00")
    chosen.tell_and_route()
    assert chosen.told()[1:] == [("done", 1, 1)]


def test_an_occurrence_in_a_pause_tells_nobody_then_or_later(chosen: Chosen) -> None:
    chosen.people("gold")
    chosen.publish(journey(entry=[daily()]))
    chosen.until("01-08 08:00")
    chosen.world.pause()
    chosen.until("01-08 09:00")
    chosen.tell_and_route()
    chosen.until("01-08 10:00")
    chosen.world.resume()
    chosen.tell_and_route()
    assert (chosen.told(), chosen.entered()) == ([("paused", 0, 0)], [])


def test_a_pause_between_choosing_and_telling_holds_them_back(chosen: Chosen) -> None:
    chosen.people("gold")
    chosen.publish(journey(entry=[daily()]))
    chosen.until("01-08 09:00")
    chosen.look(tell=False)
    chosen.world.pause()
    chosen.tell_and_route()
    assert chosen.entered() == []
    chosen.until("01-08 10:00")
    chosen.world.resume()
    chosen.tell_and_route()
    assert len(chosen.entered()) == 1


def test_a_new_version_that_chooses_the_same_goes_on_where_it_stands(chosen: Chosen) -> None:
    chosen.people("gold")
    chosen.publish(journey(entry=[daily()]))
    chosen.until("01-08 09:00")
    chosen.look(tell=False)
    chosen.publish(journey(entry=[daily("11:00", True), daily(start="end", rate="100/PT1M")]))
    chosen.tell_and_route()
    assert [(run.version, run.state["next"]) for run in chosen.world.runs()] == [(2, "end")]


@pytest.mark.parametrize("other", [daily("09:01"), daily(audience=True)])
def test_a_new_version_that_chooses_otherwise_tells_nobody_of_the_old_occurrence(chosen: Chosen, other: dict) -> None:
    chosen.people("gold")
    chosen.publish(journey(entry=[daily()]))
    chosen.until("01-08 09:00")
    chosen.look(tell=False)
    chosen.publish(journey(entry=[other]))
    chosen.tell_and_route()
    assert (chosen.told()[0], chosen.entered()) == (("changed", 1, 0), [])


def test_a_retired_journey_tells_nobody_any_more(chosen: Chosen) -> None:
    chosen.people("gold")
    chosen.publish(journey(entry=[daily()]))
    chosen.until("01-08 09:00")
    chosen.look(tell=False)
    chosen.retire()
    chosen.tell_and_route()
    chosen.until("01-09 09:00")
    chosen.tell_and_route()
    assert (chosen.told(), chosen.entered()) == ([("retired", 1, 0)], [])


def test_what_a_rate_leaves_beyond_the_age_of_an_entry_is_told_no_more(chosen: Chosen) -> None:
    chosen.people("gold", "gold")
    chosen.publish(journey(entry=[daily(rate="1/P1D")], policies={"entry_max_age": "PT12H"}))
    chosen.until("01-08 09:00")
    chosen.tell_and_route()
    chosen.until("01-08 21:30")
    chosen.tell_and_route()
    assert (chosen.told(), len(chosen.entered())) == ([("too-old", 2, 1)], 1)


def test_at_most_the_rate_is_told_in_any_stretch_of_time(chosen: Chosen) -> None:
    chosen.people(*["gold"] * 25)
    chosen.publish(journey(entry=[daily(rate="10/PT1M")]))
    chosen.until("01-08 09:00")
    for _ in range(200):
        chosen.look()
        chosen.clock.advance(timedelta(seconds=1))
    times = [at for (at,) in chosen.sql("SELECT issued_at FROM chosen_members ORDER BY issued_at")]
    assert None not in times
    most = max(sum(start <= at < start + timedelta(minutes=1) for at in times) for start in times)
    assert most == 10
    assert times[-1] - times[0] < timedelta(seconds=160)


def test_a_slow_rate_holds_however_often_it_is_looked_whether_it_allows_more(chosen: Chosen) -> None:
    chosen.people(*["gold"] * 7)
    chosen.publish(journey(entry=[daily(rate="2/PT10M")]))
    chosen.until("01-08 09:00")
    for _ in range(40):
        chosen.look()
        chosen.clock.advance(timedelta(minutes=1))
    times = [at for (at,) in chosen.sql("SELECT issued_at FROM chosen_members ORDER BY issued_at")]
    assert max(sum(start <= at < start + timedelta(minutes=10) for at in times) for start in times) == 2


def test_a_condition_that_sql_cannot_decide_is_decided_by_closures(chosen: Chosen) -> None:
    people = [chosen.people("gold", patience=f"P{days}D")[0] for days in (1, 5, 9)]
    long = {"==": [{"var": "member.patience"}, "P9D"]}
    chosen.publish(journey(entry=[daily(audience={"and": [GOLD, long]})]))
    chosen.until("01-08 09:00")
    chosen.tell_and_route()
    assert chosen.entered() == [people[2]]


def test_two_members_who_prove_to_be_one_are_told_once(chosen: Chosen) -> None:
    one, two = chosen.people("gold", "gold")
    chosen.publish(journey(entry=[daily()], policies={"reentry": {"mode": "always"}}))
    chosen.until("01-08 09:00")
    chosen.look(tell=False)
    with chosen.database.begin() as session:
        merge(session, one, two, keys=chosen.keys, now=chosen.clock.now())
    chosen.tell_and_route()
    assert chosen.entered() == [one]
