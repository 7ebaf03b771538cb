"""Recurrences (RFC 5545) in words, where they are plain ones: every day, on days of the week, on a day of the month."""

from __future__ import annotations

import re

from rules.operators.days import WEEKDAYS
from ui.messages import Language, text

_WEEK = {day: number for number, day in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_WEEKLY = re.compile(r"FREQ=WEEKLY;BYDAY=((?:MO|TU|WE|TH|FR|SA|SU)(?:,(?:MO|TU|WE|TH|FR|SA|SU))*)")
_MONTHLY = re.compile(r"FREQ=MONTHLY;BYMONTHDAY=([1-9]\d?)", re.ASCII)


def recurrence(written: str, language: Language) -> str:
    """A recurrence in words; as it is written if it is no plain one."""
    if written == "FREQ=DAILY":
        return text(language, "entries.daily")
    if weekly := _WEEKLY.fullmatch(written):
        days = [WEEKDAYS[_WEEK[day]].of(language) for day in weekly[1].split(",")]
        return text(language, "entries.weekly", days=text(language, "words.items").join(days))
    if monthly := _MONTHLY.fullmatch(written):
        return text(language, "entries.monthly", day=monthly[1])
    return written
