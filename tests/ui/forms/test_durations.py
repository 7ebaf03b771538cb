"""Durations as people say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.forms.durations import NotADurationError, counting, spoken, to_iso
from ui.messages import LANGUAGES, Language


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("3天", "P3D"),
        ("3 天", "P3D"),
        ("30 分钟", "PT30M"),
        ("30分", "PT30M"),
        ("1小时30分", "PT1H30M"),
        ("一个小时", "PT1H"),
        ("半小时", "PT30M"),
        ("半个小时", "PT30M"),
        ("一个半小时", "PT1H30M"),
        ("两周", "P2W"),
        ("十五天", "P15D"),
        ("三十天", "P30D"),
        ("1 个月", "P1M"),
        ("1年", "P1Y"),
        ("1天12小时", "P1DT12H"),
        ("半天", "PT12H"),
        ("1 周 3 天", "P10D"),
        ("3 days", "P3D"),
        ("1 day", "P1D"),
        ("1h30m", "PT1H30M"),
        ("1.5 hours", "PT1H30M"),
        ("90 min", "PT90M"),
        ("2 weeks", "P2W"),
        ("1 month", "P1M"),
        ("3 days and 2 hours", "P3DT2H"),
        ("P7D", "P7D"),
        ("pt30m", "PT30M"),
        ("0 天", "P0D"),
    ],
)
def test_what_people_say_is_read(typed: str, iso: str) -> None:
    assert to_iso(typed) == iso


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("提前7天", "-P7D"),
        ("7天前", "-P7D"),
        ("-7 days", "-P7D"),
        ("7 days before", "-P7D"),
        ("1天后", "P1D"),
        ("1 day after", "P1D"),
        ("-P7D", "-P7D"),
        ("3 天", "P3D"),
    ],
)
def test_before_and_after_are_read_where_they_mean_something(typed: str, iso: str) -> None:
    assert to_iso(typed, signed=True) == iso


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("3", "forms.duration.no_unit"),
        ("三", "forms.duration.no_unit"),
        ("soon", "forms.duration.none"),
        ("3 天 左右", "forms.duration.none"),
        ("3 天 4 天", "forms.duration.none"),
        ("1.5 天", "forms.duration.part_of_day"),
        ("200 年", "forms.duration.too_long"),
        ("-3 天", "forms.duration.none"),
        ("P", "forms.duration.none"),
        ("3 mont", "forms.duration.none"),
    ],
)
def test_what_is_no_duration_is_told(typed: str, key: str) -> None:
    with pytest.raises(NotADurationError) as caught:
        to_iso(typed)
    assert caught.value.key == key


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    weeks=st.integers(0, 99),
    parts=st.tuples(*(st.integers(0, 20) for _ in range(6))).filter(any),
    negative=st.booleans(),
)
def test_what_is_said_back_is_read_to_the_same(
    language: Language, weeks: int, parts: tuple[int, ...], *, negative: bool
) -> None:
    units = "YMDHMS"
    date = "".join(f"{n}{unit}" for n, unit in zip(parts[:3], units[:3], strict=True) if n)
    time = "".join(f"{n}{unit}" for n, unit in zip(parts[3:], units[3:], strict=True) if n)
    iso = ("-" if negative else "") + (
        f"P{weeks}W" if weeks and not date else f"P{date}" + (f"T{time}" if time else "")
    )
    said = spoken(iso, language)
    assert said != iso
    assert to_iso(said, signed=True) == iso


@pytest.mark.parametrize(
    ("iso", "how"),
    [("P3D", "calendar"), ("PT72H", "elapsed"), ("P1DT1H", "both"), ("P0D", "elapsed"), ("nonsense", None)],
)
def test_how_a_duration_is_counted(iso: str, how: str | None) -> None:
    assert counting(iso) == how


def test_what_is_no_duration_is_shown_as_it_stands() -> None:
    assert spoken("tomorrow", "en") == "tomorrow"
