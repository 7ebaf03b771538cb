"""Working days: mainland China's public holidays and shifted weekends, as far as they are published."""

from __future__ import annotations

from datetime import date

import chinese_calendar  # type: ignore[import-untyped]  # the package ships no annotations

KNOWN_UNTIL: date = max(chinese_calendar.holidays)
"""The last public holiday that is known; beyond its year Monday to Friday are taken for working days."""


def is_working_day(day: date) -> bool:
    """Whether people work on `day`. Years whose holidays are not published yet are counted Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5
