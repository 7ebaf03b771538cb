"""`event.emit`: tell the member's log of something, so that other journeys can begin or go on."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy.orm import Session

from engine.events.incoming import INTERNAL, IncomingEvent
from engine.events.ingest import ingest
from workflows.activities.registry import ActivityFailure, Effect, Result, activity_type


class Params(BaseModel):
    """The type, one of the custom ones, and what the event says."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(pattern=r"^custom\.[a-z0-9]+([._-][a-z0-9]+)*$")
    data: dict[str, JsonValue] = Field(default_factory=dict)


@activity_type("event.emit", title={"zh": "发出事件", "en": "Emit an event"})
def event_emit(session: Session, params: Params, effect: Effect) -> Result:
    """Append an event of a custom type to the member's log, as if a system outside had sent it.

    It is accepted once for each time that the node is visited.
    """
    event = IncomingEvent(
        source=f"{INTERNAL}journeys/{effect.journey}",
        id=effect.key,
        type=params.type,
        subject=None,
        time=effect.now,
        data=params.data,
        member_id=effect.member_id,
    )
    told = ingest(session, [event], now=effect.now, keys=effect.keys)
    if told.rejected:
        raise ActivityFailure(told.rejected[0].message, code="rejected", final=True)
    return Result()
