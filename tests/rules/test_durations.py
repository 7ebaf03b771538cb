"""ISO durations: what is one, how it is written, and what it adds on the calendar of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.duration import Duration, DurationError, add_to_date, add_to_instant, calendar_days, parse_duration

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("text", "months", "days", "elapsed", "written"), [
    ("P7D", 0, 7, timedelta(), "P7D"),
    ("P2W", 0, 14, timedelta(), "P14D"),
    ("P1Y2M3D", 14, 3, timedelta(), "P1Y2M3D"),
    ("P14M", 14, 0, timedelta(), "P1Y2M"),
    ("PT30M", 0, 0, timedelta(minutes=30), "PT30M"),
    ("PT90M", 0, 0, timedelta(minutes=90), "PT1H30M"),
    ("P1DT12H", 0, 1, timedelta(hours=12), "P1DT12H"),
    ("PT36H", 0, 0, timedelta(hours=36), "PT36H"),
    ("P1M", 1, 0, timedelta(), "P1M"),
    ("PT1M", 0, 0, timedelta(minutes=1), "PT1M"),
    ("PT0.5S", 0, 0, timedelta(milliseconds=500), "PT0.5S"),
    ("PT0S", 0, 0, timedelta(), "P0D"),
    ("P007D", 0, 7, timedelta(), "P7D"),
    ("P100Y", 1200, 0, timedelta(), "P100Y"),
])  # fmt: skip
def test_a_duration_has_a_calendar_part_and_an_elapsed_part(
    text: str, months: int, days: int, elapsed: timedelta, written: str
) -> None:
    found = parse_duration(text)
    assert found == Duration(months, days, elapsed)
    assert str(found) == written
    assert parse_duration(written) == found
    assert found.is_zero == (text == "PT0S")


@pytest.mark.parametrize("text", [
    "", "P", "PT", "P7", "7D", "p7d", "P7DT", "P1W2D", "P1D2M", "P1M2Y", "PT1S2M", "P1.5D", "PT1.5H", "PT1,5S", "P 7D",
    " P7D", "P7D ", "P7D\n", "+P7D", "-P7D", "P-7D", "P7d", "PT5", "P٧D", "7 days", "P1DT", "P1Y1W", "P101Y", "P40000D",
    "PT999999999H", "P1201M", "PT0.1234567S", "P9999999999D", "P0.5Y", "PT.5S", "P1DT1D", "00:30", "P0001-00-00",
])  # fmt: skip
def test_what_is_not_strictly_a_duration_is_refused(text: str) -> None:
    with pytest.raises(DurationError):
        parse_duration(text)


def test_a_sign_is_taken_only_where_it_is_asked_for() -> None:
    found = parse_duration("-P1M2DT3H", signed=True)
    assert found == Duration(-1, -2, timedelta(hours=-3))
    assert str(found) == "-P1M2DT3H"
    assert parse_duration("P7D", signed=True) == Duration(days=7)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(("start", "duration", "zone", "end"), [
    ("2026-01-07T10:00:00+08:00", "P7D", SHANGHAI, "2026-01-14T10:00:00+08:00"),
    ("2026-01-31T10:00:00+08:00", "P1M", SHANGHAI, "2026-02-28T10:00:00+08:00"),
    ("2028-01-31T10:00:00+08:00", "P1M", SHANGHAI, "2028-02-29T10:00:00+08:00"),
    ("2028-02-29T10:00:00+08:00", "P1Y", SHANGHAI, "2029-02-28T10:00:00+08:00"),
    ("2026-12-31T10:00:00+08:00", "P2M", SHANGHAI, "2027-02-28T10:00:00+08:00"),
    ("2026-01-31T23:30:00+08:00", "P1MT1H", SHANGHAI, "2026-03-01T00:30:00+08:00"),
    ("2026-01-31T17:00:00+00:00", "P1M", SHANGHAI, "2026-02-28T17:00:00+00:00"),
    ("2026-03-28T12:00:00+01:00", "P1D", BERLIN, "2026-03-29T12:00:00+02:00"),
    ("2026-03-28T12:00:00+01:00", "PT24H", BERLIN, "2026-03-29T13:00:00+02:00"),
    ("2026-03-28T02:30:00+01:00", "P1D", BERLIN, "2026-03-29T03:30:00+02:00"),
    ("2026-10-24T02:30:00+02:00", "P1D", BERLIN, "2026-10-25T02:30:00+02:00"),
    ("2026-10-25T02:30:00+01:00", "PT0S", BERLIN, "2026-10-25T02:30:00+01:00"),
    ("2026-10-25T02:30:00+01:00", "PT1H", BERLIN, "2026-10-25T03:30:00+01:00"),
    ("2026-10-25T02:30:00+01:00", "P1D", BERLIN, "2026-10-26T02:30:00+01:00"),
    ("2026-03-31T10:00:00+08:00", "-P1M", SHANGHAI, "2026-02-28T10:00:00+08:00"),
    ("2026-01-07T00:00:00+08:00", "-P1DT1H", SHANGHAI, "2026-01-05T23:00:00+08:00"),
])  # fmt: skip
def test_a_duration_is_added_on_the_calendar_of_the_zone(start: str, duration: str, zone: ZoneInfo, end: str) -> None:
    found = add_to_instant(at(start), parse_duration(duration, signed=True), zone)
    assert found == at(end)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(("start", "duration"), [
    ("9999-12-31T00:00:00+00:00", "P1M"), ("9999-12-31T12:00:00+00:00", "PT24H"), ("9999-12-01T00:00:00+00:00", "P60D"),
    ("0001-01-01T00:00:00+00:00", "-P1D"), ("9950-01-01T00:00:00+00:00", "P100Y"),
])  # fmt: skip
def test_a_sum_outside_the_calendar_is_an_error(start: str, duration: str) -> None:
    with pytest.raises(DurationError, match="calendar"):
        add_to_instant(at(start), parse_duration(duration, signed=True), SHANGHAI)


def test_dates_take_the_calendar_part() -> None:
    assert add_to_date(date(2026, 1, 31), Duration(months=1, days=1)) == date(2026, 3, 1)
    assert add_to_date(date(2026, 3, 31), -Duration(months=1)) == date(2026, 2, 28)


def test_days_are_counted_by_midnights_of_the_zone() -> None:
    start, end = at("2026-01-01T23:59:00+08:00"), at("2026-01-02T00:01:00+08:00")
    assert calendar_days(start, end, SHANGHAI) == 1
    assert calendar_days(end, start, SHANGHAI) == -1
    assert calendar_days(start, end, ZoneInfo("UTC")) == 0


durations = st.builds(
    Duration, st.integers(0, 600), st.integers(0, 10_000), st.timedeltas(timedelta(0), timedelta(days=3_000))
)


@given(durations)
def test_a_duration_is_read_as_it_was_written(duration: Duration) -> None:
    assert parse_duration(str(duration)) == duration
    assert parse_duration(str(-duration), signed=True) == -duration


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)), durations, durations)  # noqa: DTZ001
def test_a_longer_duration_never_ends_earlier(start: datetime, one: Duration, more: Duration) -> None:
    both = Duration(one.months + more.months, one.days + more.days, one.elapsed + more.elapsed)
    slack = timedelta(hours=2)  # clocks go back by one hour, at most
    assert add_to_instant(start, both, BERLIN) >= add_to_instant(start, one, BERLIN) - slack


@given(st.text(alphabet="PT0123456789YMWDHS.-", max_size=12))
def test_no_text_makes_the_parser_raise_anything_else(text: str) -> None:
    try:
        found = parse_duration(text, signed=True)
    except DurationError:
        return
    assert parse_duration(str(found), signed=True) == found
