"""Recurrences, rates and dates: their texts, and when they fall due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.journeys.schedules import ScheduleError, on_clock, parse_rate, parse_recurrence, returning
from rules.duration import Duration, add_to_date

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("FREQ=DAILY", ["2026-01-07", "2026-01-08"]),
        ("FREQ=DAILY;INTERVAL=3", ["2026-01-08", "2026-01-11"]),
        ("FREQ=DAILY;UNTIL=20260107", ["2026-01-07"]),
        ("FREQ=WEEKLY", ["2026-01-12", "2026-01-19"]),
        ("FREQ=WEEKLY;BYDAY=TU,TH", ["2026-01-08", "2026-01-13"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", ["2026-01-16", "2026-01-30"]),
        ("FREQ=MONTHLY", ["2026-02-01", "2026-03-01"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-01-31", "2026-02-28"]),
        ("FREQ=MONTHLY;BYDAY=2FR", ["2026-01-09", "2026-02-13"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-01-30", "2026-02-27"]),
        ("FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=11", ["2026-11-11", "2027-11-11"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29"]),
    ],
)
def test_a_recurrence_has_the_days_of_rfc_5545(text: str, days: list[str]) -> None:
    found, since = [], date(2026, 1, 7)
    while len(found) < 2 and (day := parse_recurrence(text).first_day(since)) is not None:
        found.append(day.isoformat())
        since = day + timedelta(days=1)
    assert found == days


@pytest.mark.parametrize(
    "text",
    [
        "", "DAILY", "FREQ=HOURLY", "freq=daily", "RRULE:FREQ=DAILY", "FREQ=DAILY;", "FREQ=DAILY;COUNT=3",
        "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;FREQ=DAILY", "INTERVAL=2", "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=3", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=DAILY;BYMONTH=13", "FREQ=DAILY;BYSETPOS=1", "FREQ=DAILY;UNTIL=20200101", "FREQ=DAILY;UNTIL=20261399",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=5", "FREQ=MONTHLY;BYDAY=9MO",
    ],
)  # fmt: skip
def test_what_is_no_recurrence_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_recurrence(text)
    assert caught.value.zh
    assert caught.value.en


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-03-28", "01:30"), ("2026-03-29", "01:30"), ("2026-03-30", "00:30"), ("2026-10-25", "00:30"),
     ("2026-10-26", "01:30")],
)  # fmt: skip
def test_a_time_that_the_clocks_skip_is_moved_and_of_two_it_is_the_first(day: str, expected: str) -> None:
    assert on_clock(date.fromisoformat(day), time(2, 30), BERLIN).strftime("%H:%M") == expected


@given(
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=DAILY;INTERVAL=5"]),
    st.sampled_from([time(0), time(2, 30), time(9), time(23, 59)]),
    st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/New_York")]),
    st.timedeltas(timedelta(), timedelta(days=1800)).map(lambda ahead: datetime(2025, 1, 1, tzinfo=UTC) + ahead),
    st.timedeltas(timedelta(), timedelta(days=40)),
)
def test_occurrences_strictly_increase_and_none_is_left_out_wherever_one_begins(
    text: str, at: time, zone: ZoneInfo, start: datetime, ahead: timedelta
) -> None:
    recurrence = parse_recurrence(text)
    found = [start]
    for _ in range(20):
        following = recurrence.after(found[-1], at, zone)
        assert following is not None
        assert following > found[-1]
        found.append(following)
    later = recurrence.after(start + ahead, at, zone)
    assert later == next((each for each in found[1:] if each > start + ahead), later)


@given(
    st.dates(date(1950, 1, 1), date(2050, 1, 1)),
    st.builds(Duration, months=st.integers(-15, 15), days=st.integers(-40, 40)),
)
def test_each_date_with_its_offset_is_found_on_its_day(day: date, offset: Duration) -> None:
    assert day in [*returning(add_to_date(day, offset), offset)]
    assert all(add_to_date(each, offset) == day for each in returning(day, offset))


@pytest.mark.parametrize(("text", "count", "seconds"), [("2000/PT1M", 2000, 60), ("1/P1D", 1, 86_400)])
def test_a_rate_says_how_many_in_which_time(text: str, count: int, seconds: int) -> None:
    rate = parse_rate(text)
    assert (rate.count, rate.length) == (count, timedelta(seconds=seconds))


@pytest.mark.parametrize("text", ["", "2000", "0/PT1M", "2000/1M", "2000/P1M", "2000/PT0S", "-1/PT1M", "2000000/PT1M"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse_rate(text)
