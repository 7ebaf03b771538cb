"""`member.set`: write attributes of the member."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator
from sqlalchemy.orm import Session

from engine.members.attributes import NO_ATTRIBUTES, set_attributes
from workflows.activities.registry import Effect, Result, activity_type


class Params(BaseModel):
    """Attributes by name; null takes one away."""

    model_config = ConfigDict(extra="forbid")

    fields: dict[str, JsonValue] = Field(min_length=1, max_length=50)

    @field_validator("fields")
    @classmethod
    def only_attributes(cls, fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Refuse names that are no attributes."""
        if wrong := sorted(NO_ATTRIBUTES & fields.keys()):
            raise ValueError(f"{', '.join(wrong)} cannot be set as an attribute: choose another name")
        return fields


@activity_type("member.set", title={"zh": "修改会员属性", "en": "Set member attributes"})
def member_set(session: Session, params: Params, effect: Effect) -> Result:
    """Write attributes of the member, such as a tier or a preference. Rules read them as `member.<name>`."""
    set_attributes(session, effect.keys, effect.member_id, params.fields, now=effect.now)
    return Result()
