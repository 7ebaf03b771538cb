"""`wecom.notify_associate`: a message of ours to the people of the store, in WeCom."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from engine.journeys.catalogue import Wording, label
from rules.documents.values import at_most_bytes
from rules.types import Declaration, Title
from workflows.activities.outside import Outside
from workflows.activities.registry import ActivityFailure, Effect, Result, activity_type
from workflows.activities.wecom_failures import wecom_failures, whom

LONGEST = 2040
"""Bytes of UTF-8: WeCom takes 2,048, and eight are for the number at the end."""


class Params(BaseModel):
    """What they are told."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[
        str,
        Wording(),
        Field(min_length=1),
        at_most_bytes(LONGEST),
        label(
            "内容",
            "Text",
            help_zh="发给导购的文字，最多约 680 个汉字。",
            help_en="What the associate reads: at most 2,040 letters, where a Chinese character counts three.",
        ),
    ]


@activity_type(
    "wecom.notify_associate",
    title={"zh": "通知导购", "en": "Notify the associate"},
    words={
        "zh": "提醒 消息 发消息 短信 催 跟进 群发 联系顾客 店员 文字",
        "en": "remind reminder message text sms send nudge follow up chat contact the customer staff",
    },
    zh="""
    在企业微信里提醒导购，由导购联系顾客：企业微信不允许自动给顾客发消息。

    消息发给本旅程的导购；没有导购、导购已离职或没有账号时，发给门店的全体在职员工。
    导购只能给自己的企业微信好友发消息：只扫过码、还没加好友的顾客，要在店里当面提醒。

    这是发给员工的消息，不是触达顾客，因此不受免打扰时段限制。一个人都通知不到时算失败。消息末尾的编号用于去重：
    同一条消息重发时企业微信会丢弃(四小时内)，另一位顾客的同样消息照常送达。
    企业微信对每个人每分钟最多送达 30 条，超出的会悄悄丢弃，请勿逐条群发。
    """,
    example={"text": "有顾客扫码后还没有添加好友，请留意"},
    tells_staff=True,
    idempotent="receiver",
    result={
        "reached": Declaration(type="integer", title=Title(zh="送达人数", en="People reached")),
        "unreached": Declaration(type="integer", title=Title(zh="未送达人数", en="People not reached")),
    },
    queue="wecom",
    timeout=timedelta(seconds=20),
)
async def wecom_notify_associate(outside: Outside, params: Params, effect: Effect) -> Result:
    """Remind the associate in WeCom, who then writes to the customer: WeCom lets nobody write to one automatically.

    The message goes to the associate of the customer's journey; where there is none who works, to everybody who works
    at the store. An associate can write only to customers who are their friends in WeCom: who has only scanned a code
    has to be spoken to in the store.

    It reaches staff and no customer, so quiet hours do not hold it. When nobody can be told, the node fails. Each
    message ends with a number of its own: WeCom drops one that is sent a second time within four hours, while the same
    words about another customer arrive. Beyond 30 messages a minute to one person WeCom drops more, and says nothing.
    """
    with wecom_failures():
        told = await outside.wecom.tell_staff(whom(effect), params.text, effect.key)
    if not told.reached:
        raise ActivityFailure("neither the associate nor anybody at the store can be told", code="nobody", final=True)
    return Result(value={"reached": told.reached, "unreached": told.unreached})
