"""`member.set`: note something about the member."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from engine.fields.catalogue import own_fields
from engine.journeys.catalogue import label
from engine.members.attributes import set_attributes
from rules.types import Json
from workflows.activities.registry import ActivityFailure, Effect, Result, activity_type

DERIVED = frozenset(
    {
        "id", "number", "friend", "friend_since", "friend_of", "in_group", "in_groups", "is_staff", "registered",
        "created_at", "store", "owner", "first_channel", "last_channel",
    }
)  # fmt: skip
"""What follows from events and ledgers, and so cannot be set."""

Value: TypeAlias = str | int | float | bool | list[str] | None


def _settable(name: str) -> str:
    if name in DERIVED:
        raise ValueError(f"member.{name} follows from what happened and cannot be set")
    return name


Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$"), AfterValidator(_settable)]


class Params(BaseModel):
    """The attributes to set, by name; null takes one away."""

    model_config = ConfigDict(extra="forbid")

    fields: Annotated[
        dict[Name, Value],
        Field(min_length=1),
        label(
            "属性",
            "Fields",
            help_zh="属性名和值；值为 null 时删除该属性。",
            help_en="Names and values; null takes an attribute away.",
        ),
    ]


@activity_type(
    "member.set",
    title={"zh": "设置会员属性", "en": "Set member fields"},
    words={"zh": "属性 字段 等级 记录 标记 更新", "en": "attribute note record update tier"},
    zh="设置会员的属性，规则中写作 `member.<属性名>`。个人信息加密保存；由事件推算的属性不能设置。",
    example={"fields": {"tier": "gold"}},
)
def member_set(session: Session, params: Params, effect: Effect) -> Result:
    """Set attributes of the member, which rules then see as `member.<name>`. Personal ones are sealed at rest.

    An attribute that headquarters derives from events cannot be set.
    """
    derived = sorted(own_fields(session).derived.keys() & params.fields.keys())
    if derived:
        named = ", ".join(derived)
        raise ActivityFailure(f"{named} follows from events; set another attribute", code="derived", final=True)
    values: dict[str, Json] = {
        name: list[Json](value) if isinstance(value, list) else value for name, value in params.fields.items()
    }
    set_attributes(session, effect.keys, effect.member_id, values, now=effect.now)
    return Result()
