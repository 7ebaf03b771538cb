"""What is written into the form of a ruleset, as the facts that it makes."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.errors import RuleError
from rules.types import Declaration, Json
from ui.trying.facts import fact

SHANGHAI = ZoneInfo("Asia/Shanghai")


def read(text: str, **declared: Any) -> Json:
    return fact(text, Declaration.model_validate(declared), SHANGHAI)


@pytest.mark.parametrize(("text", "expected"), [
    ("2026-11-05T10:00", "2026-11-05T10:00:00+08:00"),
    ("2026-11-05T10:00:00Z", "2026-11-05T10:00:00+00:00"),
    ("2026-11-05T10:00:00+09:00", "2026-11-05T10:00:00+09:00"),
    ("2026-11-05T10:00:00-05:00", "2026-11-05T10:00:00-05:00"),
])  # fmt: skip
def test_an_instant_keeps_its_offset_and_has_the_zone_s_without_one(text: str, expected: str) -> None:
    assert read(text, type="instant") == expected


@pytest.mark.parametrize(("text", "kind", "expected"), [
    ("true", "boolean", True), ("12", "integer", 12), ("1,200", "integer", 1200), ("12.50", "decimal", "12.50"),
    ("a、b, c", "tags", ["a", "b", "c"]), ("2026-01-31", "date", "2026-01-31"), ("P7D", "duration", "P7D"),
])  # fmt: skip
def test_a_value_is_read_by_its_type(text: str, kind: str, expected: Json) -> None:
    assert read(text, type=kind) == expected


@pytest.mark.parametrize(("text", "kind"), [
    ("yes", "boolean"), ("1.5", "integer"), ("12,5", "integer"), ("1_000", "integer"), ("1,2", "money"),
    ("soon", "instant"), ("1.2.3", "decimal"), ("31.1.", "date"), ("a week", "duration"),
])  # fmt: skip
def test_what_is_not_of_its_type_is_refused(text: str, kind: str) -> None:
    with pytest.raises((ValueError, RuleError)):
        read(text, type=kind)
