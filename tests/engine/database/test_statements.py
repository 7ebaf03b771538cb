"""Statements that PostgreSQL may understand otherwise than they read."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
# Chosen anew for each row under some plans, so that more rows are taken than the limit says.
CHOSEN_AGAIN = re.compile(
    r"\bIN\s*\(\s*SELECT"
    r'(?:(?!\bIN\s*\(\s*SELECT|""").)*?'
    r"\bLIMIT\b"
    r'[^"]*?SKIP LOCKED',
    re.DOTALL,
)


def test_rows_that_are_locked_up_to_a_limit_are_chosen_once() -> None:
    found = [
        str(path.relative_to(ROOT))
        for folder in ("engine", "workflows", "ui")
        for path in (ROOT / folder).rglob("*.py")
        if CHOSEN_AGAIN.search(path.read_text("utf-8"))
    ]
    assert found == [], "choose them in ARRAY(SELECT …) or WITH … AS MATERIALIZED (SELECT …)"
