"""`wecom.remark`: what an employee notes about a customer in WeCom."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.journeys.catalogue import Wording, label
from rules.types import Declaration, Json, Title
from workflows.activities.outside import Outside
from workflows.activities.registry import Effect, Result, activity_type
from workflows.activities.wecom_failures import wecom_failures, whom


class Params(BaseModel):
    """What is to stand there; what is not given stays as it is."""

    model_config = ConfigDict(extra="forbid")

    remark: Annotated[
        str | None,
        Wording(),
        Field(max_length=20),
        label(
            "备注名",
            "Remark",
            help_zh="导购看到的客户名称，最多 20 字。",
            help_en="The name under which the associate sees the customer, at most 20 characters.",
        ),
    ] = None
    description: Annotated[
        str | None,
        Wording(),
        Field(max_length=150),
        label(
            "描述",
            "Description",
            help_zh="关于客户的说明，最多 150 字。",
            help_en="What is to be known about the customer, at most 150 characters.",
        ),
    ] = None
    company: Annotated[
        str | None,
        Wording(),
        Field(max_length=20),
        label(
            "备注公司",
            "Company",
            help_zh="客户的公司，最多 20 字；仅适用于微信客户。",
            help_en="The customer's company, at most 20 characters; for users of WeChat only.",
        ),
    ] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.remark is None and self.description is None and self.company is None:
            raise ValueError("give at least one of remark, description and company")
        return self

    def notes(self) -> dict[str, Json]:
        """What is given, by WeCom's names."""
        named = {"remark": self.remark, "description": self.description, "remark_company": self.company}
        return {name: text for name, text in named.items() if text is not None}


@activity_type(
    "wecom.remark",
    title={"zh": "修改备注", "en": "Write a remark"},
    words={"zh": "备注名 描述 公司", "en": "note name description"},
    zh="""
    修改导购给客户写的备注名、描述和公司。原有内容会被覆盖，没有填写的项不变。

    备注属于“导购与客户”的好友关系：有本旅程的导购且仍是好友时只改这一段关系，否则改会员当前的所有好友关系。
    不是任何人好友的会员没有备注可改：直接完成，`relations` 为 0。
    """,
    example={"remark": "小林 灯塔路店", "description": "扫码入群"},
    idempotent="natural",
    result={"relations": Declaration(type="integer", title=Title(zh="改动的好友关系数", en="Relations changed"))},
    queue="wecom",
    timeout=timedelta(seconds=30),
)
async def wecom_remark(outside: Outside, params: Params, effect: Effect) -> Result:
    """Write the remark, the description and the company that an associate sees beside a customer.

    It replaces what stands there. Like a tag, it belongs to a relation: that of the run's associate where it stands,
    else all that stand; a member who is nobody's friend has none, which is done with `relations` 0.
    """
    with wecom_failures():
        changed = await outside.wecom.remark(whom(effect), params.notes())
    return Result(value={"relations": changed})
