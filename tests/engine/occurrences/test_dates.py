"""Entries on a date of the member: the day, an offset, every year, and 29 February."""

from __future__ import annotations

import pytest

from rules.types import Json
from tests.engine.occurrences.world import Chosen, journey

BIRTHDAY: Json = {"var": "member.birthday"}


def days_on_which(chosen: Chosen, born: str, entry: dict[str, Json], days: list[str]) -> list[str]:
    """Those of `days`, of any year, on which somebody born then is chosen."""
    [one] = chosen.people(None, birthday=born)
    chosen.publish(journey(entry=[entry], policies={"reentry": {"mode": "always"}, "entry_max_age": "P3D"}))
    found = []
    for day in days:
        before = len(chosen.entered())
        moment = chosen.clock.now().fromisoformat(f"{day}T10:00:00+08:00")
        with chosen.database.begin() as session:
            session.connection().exec_driver_sql("UPDATE entry_clocks SET next_at = %(at)s", {"at": moment})
        chosen.until(moment)
        chosen.tell_and_route()
        found += [day] * (len(chosen.entered()) - before)
    assert set(chosen.entered()) <= {one}
    return found


def around(year: int) -> list[str]:
    return [f"{year}-02-{day}" for day in (27, 28)] + ([f"{year}-02-29"] if year % 4 == 0 else []) + [f"{year}-03-01"]


@pytest.mark.parametrize(
    ("born", "entry", "days", "expected"),
    [
        ("1990-01-09", {"yearly": True}, ["2026-01-08", "2026-01-09", "2027-01-09"], ["2026-01-09", "2027-01-09"]),
        ("1990-01-09", {}, ["2026-01-09"], []),
        ("2026-01-09", {}, ["2026-01-09", "2027-01-09"], ["2026-01-09"]),
        ("2026-01-09", {"offset": "-P1D"}, ["2026-01-08", "2026-01-09"], ["2026-01-08"]),
        ("2027-01-09", {"yearly": True}, ["2026-01-09", "2027-01-09"], ["2027-01-09"]),
        ("1990-01-03", {"yearly": True, "offset": "-P7D"}, ["2026-12-27", "2026-12-26", "2027-01-03"], ["2026-12-27"]),
        ("1992-02-29", {"yearly": True}, [*around(2026), *around(2028)], ["2026-02-28", "2028-02-29"]),
        ("1992-02-29", {"yearly": True, "offset": "P1D"}, [*around(2026), *around(2028)], ["2026-03-01", "2028-03-01"]),
        ("1992-03-31", {"yearly": True, "offset": "-P1M"}, around(2026), ["2026-02-28"]),
        ("1992-03-30", {"yearly": True, "offset": "-P1M"}, around(2028), ["2028-02-29"]),
    ],
)
def test_a_date_lets_in_on_its_day_and_yearly_on_its_return(
    chosen: Chosen, born: str, entry: dict[str, Json], days: list[str], expected: list[str]
) -> None:
    assert days_on_which(chosen, born, {"date": BIRTHDAY, "at": "10:00", **entry}, days) == expected


def test_an_instant_counts_as_its_day_in_the_zone(chosen: Chosen) -> None:
    chosen.until("01-07 23:30")
    [one] = chosen.people(None)
    entry = {"date": {"var": "member.created_at"}, "offset": "P7D", "at": "10:00"}
    chosen.publish(journey(entry=[entry]))
    chosen.until("01-14 10:00")
    chosen.tell_and_route()
    assert chosen.entered() == [one]


def test_each_day_that_was_missed_is_caught_up_as_long_as_it_is_not_too_old(chosen: Chosen) -> None:
    people = [chosen.people(None, birthday=f"1990-01-{day:02}")[0] for day in (8, 9, 10)]
    chosen.publish(
        journey(entry=[{"date": BIRTHDAY, "at": "10:00", "yearly": True}], policies={"entry_max_age": "P2D"})
    )
    chosen.until("01-10 12:00")
    chosen.tell_and_route()
    assert chosen.told() == [("too-old", 0, 0), ("done", 1, 1), ("done", 1, 1)]
    assert sorted(chosen.entered()) == people[1:]


def test_who_has_no_date_is_nobody_s_birthday(chosen: Chosen) -> None:
    chosen.people(None)
    chosen.publish(journey(entry=[{"date": BIRTHDAY, "at": "10:00", "yearly": True}]))
    chosen.until("01-08 10:00")
    chosen.tell_and_route()
    assert chosen.told() == [("done", 0, 0)]
