"""Recurrences as people say them."""

from __future__ import annotations

import pytest

from ui.words.recurrences import recurrence


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("FREQ=DAILY", "每天", "every day"),
        ("FREQ=WEEKLY;BYDAY=MO", "每周 星期一", "every week on Monday"),
        ("FREQ=WEEKLY;BYDAY=MO,FR", "每周 星期一、星期五", "every week on Monday, Friday"),
        ("FREQ=MONTHLY;BYMONTHDAY=5", "每月 5 日", "every month on day 5"),
    ],
)
def test_plain_recurrences_are_told_in_words(written: str, zh: str, en: str) -> None:
    assert (recurrence(written, "zh"), recurrence(written, "en")) == (zh, en)


@pytest.mark.parametrize(
    "written", ["FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=1MO", "daily", "", "FREQ=WEEKLY;BYDAY="]
)
def test_others_stay_as_they_are_written(written: str) -> None:
    assert recurrence(written, "zh") == written
