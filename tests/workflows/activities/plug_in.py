"""A module as a plug-in would bring it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from workflows.activities.registry import Effect, Result, activity_type


class Params(BaseModel):
    """How many points."""

    model_config = ConfigDict(extra="forbid")

    points: int


@activity_type("tested.add_points", title={"zh": "加积分", "en": "Add points"})
def add_points(session: Session, params: Params, effect: Effect) -> Result:
    """Add points to the member's account."""
    return Result(value={"points": params.points})
