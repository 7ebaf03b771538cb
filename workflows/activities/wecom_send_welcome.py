"""`wecom.send_welcome`: the one message that WeCom lets us send a customer by itself, within 20 s of the add."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.journeys.catalogue import Reference, Retry, Wording, label
from engine.wecom.errors import WelcomeDeliveredError, WelcomeExpiredError
from rules.documents.values import at_most_bytes
from workflows.activities.outside import Outside
from workflows.activities.registry import Effect, Result, activity_type
from workflows.activities.wecom_failures import wecom_failures

LONGEST_TEXT = 4000
"""Bytes of UTF-8 that WeCom takes as the text of a welcome."""


class GroupQr(BaseModel):
    """A picture with the code of a customer group."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["group_qr"]
    chat: Annotated[str, Reference("chat"), label("客户群", "Group", help_zh="客户群的 ID。", help_en="A group's id.")]


class Link(BaseModel):
    """A card that opens a page."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["link"]
    title: Annotated[
        str,
        Field(max_length=42),
        Wording(),
        label("标题", "Title", help_zh="卡片的标题，最多 42 字。", help_en="The card's title, at most 42 characters."),
    ]
    url: Annotated[str, label("网址", "Address", help_zh="点开的网页。", help_en="The page that it opens.")]
    description: Annotated[
        str, Wording(), label("描述", "Description", help_zh="标题下的文字。", help_en="The line below the title.")
    ] = ""
    picture: Annotated[str, label("封面", "Picture", help_zh="封面图的网址。", help_en="The address of a picture.")] = (
        ""
    )


class Image(BaseModel):
    """A picture, by address or by the id that WeCom gave it."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["image"]
    picture: Annotated[
        str,
        label(
            "图片",
            "Picture",
            help_zh="图片的网址，或企业微信的 media_id。",
            help_en="The picture's address, or the id that WeCom gave it.",
        ),
    ]


class MiniProgram(BaseModel):
    """A card that opens a page of a mini-program."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["miniprogram"]
    title: Annotated[
        str,
        Field(max_length=21),
        Wording(),
        label("标题", "Title", help_zh="卡片的标题，最多 21 字。", help_en="The card's title, at most 21 characters."),
    ]
    appid: Annotated[str, label("小程序", "App", help_zh="小程序的 appid。", help_en="The mini-program's appid.")]
    page: Annotated[str, label("页面", "Page", help_zh="打开的页面。", help_en="The page that it opens.")]
    picture: Annotated[
        str,
        label("封面", "Picture", help_zh="封面图的 media_id。", help_en="The id that WeCom gave the picture."),
    ]


class Params(BaseModel):
    """What the customer gets. The code comes with the `contact.added` event."""

    model_config = ConfigDict(extra="forbid")

    welcome_code: Annotated[
        str,
        label(
            "欢迎码",
            "Welcome code",
            help_zh="随 contact.added 事件而来，20 秒内有效。",
            help_en="It comes with the event contact.added and lives for 20 seconds.",
        ),
    ]
    text: Annotated[
        str,
        Wording(),
        at_most_bytes(LONGEST_TEXT),
        label(
            "内容",
            "Text",
            help_zh="发给顾客的文字，最多约 1,333 个汉字。",
            help_en="What the customer reads, at most 4,000 letters, a Chinese character counts three.",
        ),
    ]
    attachments: Annotated[
        list[Annotated[GroupQr | Link | Image | MiniProgram, Field(discriminator="kind")]],
        Field(max_length=9),
        label(
            "附件",
            "Attachments",
            help_zh="最多 9 个：群二维码、链接、图片或小程序。",
            help_en="At most nine: a group's code, a link, a picture or a mini-program.",
        ),
    ] = Field(default_factory=list)


@activity_type(
    "wecom.send_welcome",
    title={"zh": "发送欢迎语", "en": "Send the welcome message"},
    words={"zh": "消息 发消息 问候 打招呼 文字 入群 群码", "en": "message text greeting hello send group code"},
    zh="""
    顾客刚加导购好友时，自动发给顾客的一条消息：企业微信只允许自动发这一条，限 20 秒内。

    企业微信的每个欢迎码只能用一次，20 秒内有效；过期则从 `expired` 离开。已经收到过欢迎语的顾客算作完成。
    """,
    example={"welcome_code": "CODE", "text": "你好，欢迎光临", "attachments": []},
    outcomes=("expired",),
    contact="reply",
    idempotent="receiver",
    retry=Retry(attempts=6, initial=timedelta(seconds=1), max=timedelta(seconds=4)),
    queue="wecom",
    timeout=timedelta(seconds=10),
)
async def wecom_send_welcome(outside: Outside, params: Params, _effect: Effect) -> Result:
    """Write to a customer who has just added an associate: the one message that WeCom sends by itself, within 20 s.

    WeCom takes each code once and for 20 seconds. Leaves through `expired` when that time is over; a customer who has
    been welcomed already counts as done.
    """
    attachments = [attachment.model_dump(exclude_defaults=True) for attachment in params.attachments]
    try:
        with wecom_failures():
            await outside.wecom.send_welcome(params.welcome_code, params.text, attachments)
    except WelcomeExpiredError:
        return Result("expired")
    except WelcomeDeliveredError:
        return Result("done")
    return Result("done")
