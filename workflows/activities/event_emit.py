"""`event.emit`: tell the log something, so that other journeys may use it."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy.orm import Session

from engine.events.incoming import INTERNAL, IncomingEvent
from engine.events.ingest import ingest
from engine.events.types import event_type
from workflows.activities.registry import Effect, Result, activity_type

SOURCE = f"{INTERNAL}journeys"


def _known(name: str) -> str:
    if event_type(name) is None:
        raise ValueError(f"{name!r} is no type of event; names of your own begin with custom.")
    return name


EventName: TypeAlias = Annotated[str, AfterValidator(_known)]


class Params(BaseModel):
    """The event: its type and its content."""

    model_config = ConfigDict(extra="forbid")

    type: EventName = Field(title="事件类型 · Type")
    data: dict[str, JsonValue] = Field(default_factory=dict, title="内容 · Data")


@activity_type("event.emit", title={"zh": "发出事件", "en": "Emit an event"})
def event_emit(session: Session, params: Params, effect: Effect) -> Result:
    """Put an event of the member into the log. It reaches all journeys, this run included, like any other."""
    event = IncomingEvent(
        SOURCE, effect.key, params.type, None, effect.now, dict(params.data), member_id=effect.member_id
    )
    ingest(session, [event], now=effect.now, keys=effect.keys)
    return Result()
