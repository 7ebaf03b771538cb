"""`wecom.tag_member`: corp tags on the member's relations in WeCom."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from engine.journeys.catalogue import label
from rules.types import Declaration, Title
from workflows.activities.outside import Outside
from workflows.activities.registry import Effect, Result, activity_type
from workflows.activities.wecom_failures import wecom_failures, whom

LONGEST_NAME = 30
_ID = re.compile(r"et[A-Za-z0-9_-]{20,62}")


def _is_tag(text: str) -> str:
    if not text.strip():
        raise ValueError("a tag has a name")
    if len(text) > LONGEST_NAME and not _ID.fullmatch(text):
        zh, en = f"标签名最多 {LONGEST_NAME} 个字", f"the name of a tag has at most {LONGEST_NAME} characters"
        raise PydanticCustomError("waystation", "{en}", {"zh": zh, "en": en})
    return text


Tag: TypeAlias = Annotated[str, AfterValidator(_is_tag)]


class Params(BaseModel):
    """Which tags to add and which to remove."""

    model_config = ConfigDict(extra="forbid")

    add: Annotated[
        list[Tag],
        Field(max_length=100),
        label(
            "添加标签",
            "Add",
            help_zh="企业标签的名称或 ID。没有的名称会新建在标签组 Waystation 里。",
            help_en="Corp tags by name or id. A name that is not there yet is made in the tag group Waystation.",
        ),
    ] = Field(default_factory=list)
    remove: Annotated[
        list[Tag],
        Field(max_length=100),
        label(
            "移除标签",
            "Remove",
            help_zh="企业标签的名称或 ID。没有的标签不算错误。",
            help_en="Corp tags by name or id. One that is not there is no error.",
        ),
    ] = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.add and not self.remove:
            raise ValueError("name at least one tag to add or to remove")
        if both := set(self.add) & set(self.remove):
            raise ValueError(f"{', '.join(sorted(both))} cannot be added and removed at once")
        return self


@activity_type(
    "wecom.tag_member",
    title={"zh": "打标签", "en": "Tag the member"},
    words={"zh": "标签 自动打标 分组 标记", "en": "label mark segment"},
    zh="""
    在企业微信中给客户添加或移除企业标签，并同步更新会员的 `member.tags`。

    标签属于“导购与客户”的好友关系：有本旅程的导购且仍是好友时只改这一段关系，否则改会员当前的所有好友关系。
    不是任何人好友的会员没有可以打标签的地方：直接完成，`relations` 为 0。
    企业微信答复“不是好友”的关系，在台账中随即结束。
    """,
    example={"add": ["新客"], "remove": ["流失"]},
    idempotent="natural",
    result={"relations": Declaration(type="integer", title=Title(zh="改动的好友关系数", en="Relations changed"))},
    queue="wecom",
    timeout=timedelta(seconds=30),
)
async def wecom_tag_member(outside: Outside, params: Params, effect: Effect) -> Result:
    """Add and remove corp tags of the customer in WeCom, and of `member.tags` with them.

    A tag belongs to the relation of one associate with the customer. It is changed on that of the run's associate where
    it stands, else on all relations that stand. A member who is nobody's friend has none to be tagged on: that is done,
    with `relations` 0. A relation that WeCom does not know any more ends in our ledger.
    """
    with wecom_failures():
        changed = await outside.wecom.tag_member(whom(effect), params.add, params.remove)
    return Result(value={"relations": changed})
