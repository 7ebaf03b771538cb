"""The two activity types of the seeded journey, with the params and outcomes that JOURNEYS.md promises."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from engine.journeys.catalogue import ActivityType, Catalogue, Reference
from tests.engine.journeys.world import Params


class IssueParams(Params):
    batch: Annotated[str, Reference("coupon-batch")]


class WelcomeParams(Params):
    welcome_code: str
    text: str
    attachments: list[dict[str, Any]] = Field(default_factory=list)


HOOK_CATALOGUE: Catalogue = {
    "coupon.issue": ActivityType("coupon.issue", {"zh": "发券", "en": "Issue"}, IssueParams, ("sold_out",)),
    "wecom.send_welcome": ActivityType(
        "wecom.send_welcome", {"zh": "欢迎语", "en": "Welcome"}, WelcomeParams, ("expired",), "remote", "reply"
    ),
}
