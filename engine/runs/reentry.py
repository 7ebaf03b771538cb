"""Re-entry as a test of SQL, for whoever asks of many members at once whom a journey would refuse."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.journeys.deadlines import after
from engine.journeys.plan import Plan
from rules.duration import Duration

_HASHED = "('x' || left(encode(sha256(convert_to(%(salt)s || ':' || {member}, 'UTF8')), 'hex'), 16))::bit(64)::bigint"


def blocked(plan: Plan, member: str, at: datetime) -> tuple[str, dict[str, Any]]:
    """A test that is true of a member whom re-entry refuses at an instant, as far as runs are known now.

    `member` is the expression of the id; the second part are the test's parameters.
    """
    tests = {"once": "TRUE", "after_exit": "r.ended_at IS NULL", "always": "FALSE"}
    given: dict[str, Any] = {"of": plan.key}
    test = tests[plan.reentry]
    if plan.cooldown:
        test, given["free"] = f"({test} OR r.entered_at > %(free)s)", _free_from(plan.cooldown, plan, at)
    return f"EXISTS (SELECT 1 FROM runs r WHERE r.journey = %(of)s AND r.member_id = {member} AND {test})", given  # noqa: S608 - our columns


def held_out(plan: Plan, member: str) -> tuple[str, dict[str, Any]]:
    """A test that is true of a member of the holdout: the same hash as `engine.journeys.start.is_held_out`."""
    if plan.holdout_share == 0:
        return "FALSE", {}
    value = _HASHED.format(member=f"({member})::text")
    # The first eight bytes are unsigned there and signed here; 2^64 modulo 10,000 is 1616.
    share = f"((({value} %% 10000) + 10000 + CASE WHEN {value} < 0 THEN 1616 ELSE 0 END) %% 10000)"
    return f"({share} < %(share)s)", {"salt": plan.holdout_salt, "share": plan.holdout_share}


def _free_from(cooldown: Duration, plan: Plan, at: datetime) -> datetime:
    """Whoever entered later than this has not cooled down at `at`."""
    return after(at, -cooldown, plan.zone)
