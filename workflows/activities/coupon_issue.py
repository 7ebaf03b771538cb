"""`coupon.issue`: a code of a batch for the member, from our own stock."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from engine.coupons.errors import BatchUnknownError
from engine.coupons.issue import SoldOut, issue
from engine.journeys.catalogue import Reference
from rules.types import Declaration
from workflows.activities.registry import ActivityFailure, Effect, Result, activity_type


class Params(BaseModel):
    """Which batch the code is taken from."""

    model_config = ConfigDict(extra="forbid")

    batch: Annotated[str, Reference("coupon-batch")]


@activity_type(
    "coupon.issue",
    title={"zh": "发放优惠券", "en": "Issue a coupon"},
    outcomes=("sold_out",),
    result={"code": Declaration(type="text"), "expires_at": Declaration(type="instant", optional=True)},
)
def coupon_issue(session: Session, params: Params, effect: Effect) -> Result:
    """Give the member a coupon of a batch.

    Leaves through `sold_out` when no code is left, or when the member has had as many as the batch allows. What was
    decided stays: a stock that is refilled later changes nothing for this run.
    """
    try:
        given = issue(
            session,
            batch_key=params.batch,
            member_id=effect.member_id,
            effect_key=effect.key,
            keys=effect.keys,
            now=effect.now,
            store_id=effect.store_id,
        )
    except BatchUnknownError as error:
        raise ActivityFailure(str(error), code="unknown-batch", final=True) from error
    if isinstance(given, SoldOut):
        return Result("sold_out")
    expires = {"expires_at": given.expires_at.isoformat()} if given.expires_at else {}
    return Result(value={"code": given.code, **expires})
