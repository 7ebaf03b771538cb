"""Who a journey admits: what its policies say of who may enter, and enter again, read off the document as it is."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engine.journeys.document import Journey
from engine.journeys.steps import ReentryMode
from rules.duration import Duration, parse_duration


@dataclass(frozen=True)
class Admission:
    """Re-entry and holdout of a journey. `holdout_share` is of 10,000."""

    key: str
    reentry: ReentryMode
    cooldown: Duration | None
    zone: ZoneInfo
    holdout_share: int
    holdout_salt: str


def admission_of(journey: Journey) -> Admission:
    """The admission of a journey whose format has no findings."""
    policies, holdout = journey.policies, journey.policies.holdout
    cooldown = policies.reentry.cooldown
    return Admission(
        key=journey.key,
        reentry=policies.reentry.mode,
        cooldown=parse_duration(cooldown) if cooldown else None,
        zone=ZoneInfo(policies.time_zone),
        holdout_share=holdout.share_bp if holdout else 0,
        holdout_salt=holdout.salt or journey.key if holdout else journey.key,
    )
