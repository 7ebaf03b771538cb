"""`coupon.issue`: give the member a code of a batch."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from engine.coupons.errors import BatchUnknownError
from engine.coupons.issue import SoldOut, issue
from engine.journeys.catalogue import Reference, label
from rules.types import Declaration, Title
from workflows.activities.registry import ActivityFailure, Effect, Result, activity_type


class Params(BaseModel):
    """Which batch the code is taken from."""

    model_config = ConfigDict(extra="forbid")

    batch: Annotated[
        str,
        Reference("coupon-batch"),
        label("券批次", "Coupon batch", help_zh="券批次的编号。", help_en="The key of a coupon batch."),
    ]


@activity_type(
    "coupon.issue",
    title={"zh": "发券", "en": "Issue a coupon"},
    words={"zh": "优惠券 代金券 券码 送券 红包", "en": "voucher discount code gift"},
    zh="""
    给会员发一张该批次的券，只发一次。券会出现在会员的账户里，但这一步不会通知顾客。

    要让顾客知道：顾客刚加导购好友时，在“发送欢迎语”中写上券码；其他时候用“通知导购”，请导购告诉顾客。

    库存用完，或会员已领满时，从 `sold_out` 离开；之后补货也不改变这个结果。
    """,
    example={"batch": "HOOK-2026"},
    outcomes=("sold_out",),
    result={
        "code": Declaration(type="text", title=Title(zh="券码", en="Code")),
        "batch": Declaration(type="text", title=Title(zh="批次", en="Batch")),
        "expires_at": Declaration(type="instant", optional=True, title=Title(zh="有效期至", en="Valid until")),
    },
)
def coupon_issue(session: Session, params: Params, effect: Effect) -> Result:
    """Give the member a coupon of a batch, once. It is in their account; this step alone does not tell the customer.

    To let them know, put the code into the welcome message of somebody who has just added an associate; at any other
    time use “Notify the associate”, who then tells the customer.

    Leaves through `sold_out` when the stock is used up or the member has had as many as one may; that stays so when
    the stock is filled up later.
    """
    try:
        issued = issue(
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
    if isinstance(issued, SoldOut):
        return Result("sold_out")
    expires_at = issued.expires_at.isoformat() if issued.expires_at else None
    return Result(value={"code": issued.code, "batch": params.batch, "expires_at": expires_at})
