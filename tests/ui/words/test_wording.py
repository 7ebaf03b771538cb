"""How values are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.members.profile import mask
from rules.types import Json
from ui.words import wording

NOW = datetime(2026, 1, 7, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (None, "—", "—"),
        (0, "0 秒", "0 s"),
        (59.6, "1 分", "1 min"),
        (90, "1 分 30 秒", "1 min 30 s"),
        (3600, "1 小时", "1 h"),
        (86400 + 60, "1 天", "1 d"),
        (3 * 86400 + 7200 + 5, "3 天 2 小时", "3 d 2 h"),
        (-5, "0 秒", "0 s"),
    ],
)
def test_durations_are_told_in_their_two_largest_units(seconds: float | None, zh: str, en: str) -> None:
    assert wording.duration(seconds, "zh") == zh
    assert wording.duration(seconds, "en") == en


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("PT30M", "30 分"),
        ("P7D", "7 天"),
        ("P1M", "1 个月"),
        ("P1DT2H", "1 天 2 小时"),
        ("PT0S", "0 秒"),
        ("soon", "soon"),
        (7, "7"),
    ],
)
def test_durations_of_documents_are_told_in_words(written: object, told: str) -> None:
    assert wording.iso_duration(written, "zh") == told


@pytest.mark.parametrize(
    ("name", "timeout", "told"),
    [
        ("timeout", "PT30M", "Not within 30 min"),
        ("timeout", None, "Timed out"),
        ("timeout", ["PT30M"], "Timed out"),
        ("timeout", "as long as it takes " * 50, "Timed out"),
        ("timeout", f"P{'9' * 50}D", "Timed out"),
        ("done", "PT30M", "Done"),
    ],
)
def test_a_way_out_tells_how_long_was_waited_where_that_can_be_read(name: str, timeout: Json, told: str) -> None:
    assert wording.way_out({"type": "wait", "timeout": timeout}, name, "en") == told
    assert wording.way_out({"type": "wait"}, name, "en") == wording.port(name, "en")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (NOW - timedelta(hours=2), "08:00:00"),
        (NOW - timedelta(hours=11), "01-06 23:00"),
        (NOW - timedelta(days=30), "2025-12-08 10:00"),
    ],
)
def test_instants_are_told_in_shanghai_as_short_as_they_can(at: datetime, told: str) -> None:
    assert wording.instant(at, NOW) == told
    assert wording.full_instant(at).endswith("UTC+8 (Asia/Shanghai)")


def test_distances_look_forward_and_back() -> None:
    assert wording.distance(NOW + timedelta(hours=3), NOW, "zh") == "3 小时后"
    assert wording.distance(NOW - timedelta(hours=3), NOW, "en") == "3 h ago"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("标题", "标题"),
        ({"zh": "甲", "en": "A"}, "A"),
        ({"zh": "甲"}, "甲"),
        ({}, "key"),
        (None, "key"),
        ("", "key"),
        (3, "key"),
    ],
)
def test_titles_fall_back_to_the_other_language_then_to_the_key(value: object, told: str) -> None:
    assert wording.title(value, "en", "key") == told


def test_text_is_clipped_by_the_width_it_takes() -> None:
    assert wording.clip("等待添加好友", 12) == "等待添加好友"
    assert wording.clip("等待添加好友", 7) == "等待添…"
    assert wording.clip("welcome", 7) == "welcome"


@pytest.mark.parametrize(
    ("value", "masked"),
    [("12012345678", "120****5678"), ("林小橙", "林**"), ("林", "林*"), ("o6_bmjrPTlm6", "o6_****Tlm6")],
)
def test_personal_values_are_masked(value: str, masked: str) -> None:
    assert mask(value) == masked


def test_numbers_and_shares() -> None:
    assert (wording.number(1234567), wording.number(None)) == ("1,234,567", "—")
    assert (wording.share(0.6667), wording.share(None)) == ("66.7%", "—")
