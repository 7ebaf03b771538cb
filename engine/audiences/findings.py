"""Findings that have a box, and who is in it today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from engine.audiences.asking import is_personal
from engine.audiences.boxes import count_box
from engine.audiences.counting import Counting
from engine.audiences.errors import TooSlowError
from engine.audiences.sealed import sealed_names
from engine.journeys.findings import Finding
from rules.errors import RuleError

MOST = 20
"""Boxes that are counted for one document, the first ones: each costs a look at all members."""
PATIENCE = timedelta(seconds=2)
"""For one of them."""


def with_counts(counting: Counting, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, the first of them that have a box with the members and stores in sight who are in it today.

    One that cannot be counted has no count: that is not none. Neither has one whose box names personal data, since a
    count would tell who somebody is; nor any after the first that was not counted in time.
    """
    quick = replace(counting, patience=min(PATIENCE, counting.patience))
    sealed = sealed_names(counting.session)
    boxes = [i for i, found in enumerate(findings) if found.box is not None][:MOST]
    counted = list(findings)
    try:
        for i in boxes:
            if not any(is_personal(path, counting.fields, sealed) for path in findings[i].box or {}):
                counted[i] = _with_count(quick, findings[i])
    except TooSlowError:
        return counted
    return counted


def _with_count(counting: Counting, found: Finding) -> Finding:
    """The finding, counted under a savepoint: a statement that was given up would take the transaction with it."""
    try:
        with counting.session.connection().begin_nested():
            count = count_box(counting, found.box or {})
    except RuleError:
        return found
    return replace(found, count={"members": count.members, "stores": count.stores})
