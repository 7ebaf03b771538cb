"""Findings that have a box, and who is in it today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from engine.audiences.boxes import count_box
from engine.audiences.counting import Counting
from engine.audiences.errors import TooSlowError
from engine.journeys.findings import Finding
from rules.errors import RuleError

MOST = 20
"""Boxes that are counted for one document, the first ones: each costs a look at all members."""
PATIENCE = timedelta(seconds=2)
"""For one of them."""


def with_counts(counting: Counting, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, the first of them that have a box with the members and stores in sight who are in it today.

    One that cannot be counted, or not in time, has no count: that is not none.
    """
    quick = replace(counting, patience=PATIENCE)
    counted = [found for found in findings if found.box is not None][:MOST]
    return [_with_count(quick, found) if found in counted else found for found in findings]


def _with_count(counting: Counting, found: Finding) -> Finding:
    try:
        count = count_box(counting, found.box or {})
    except (TooSlowError, RuleError):
        return found
    return replace(found, count={"members": count.members, "stores": count.stores})
