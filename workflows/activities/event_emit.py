"""`event.emit`: tell the log something, so that other journeys may use it."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy.orm import Session

from engine.events.incoming import INTERNAL, IncomingEvent
from engine.events.ingest import ingest
from engine.events.types import event_type
from engine.journeys.catalogue import ShownAs, label
from workflows.activities.registry import ActivityFailure, Effect, Result, activity_type

SOURCE = f"{INTERNAL}journeys"


def _known(name: str) -> str:
    if event_type(name) is None:
        raise ValueError(f"{name!r} is no type of event; names of your own begin with custom.")
    return name


EventName: TypeAlias = Annotated[str, AfterValidator(_known), ShownAs("event")]


class Params(BaseModel):
    """The event: its type and its content."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[
        EventName,
        label(
            "事件类型",
            "Type",
            help_zh="已有的事件类型，或以 custom. 开头的自定义类型。",
            help_en="A declared type of event, or one of your own that begins with custom.",
        ),
    ]
    data: Annotated[
        dict[str, JsonValue],
        label("内容", "Data", help_zh="事件的内容，旅程中写作 event.…。", help_en="What journeys see as event.…"),
    ] = Field(default_factory=dict)


@activity_type(
    "event.emit",
    title={"zh": "发出事件", "en": "Emit an event"},
    words={"zh": "触发 通知其他旅程 记录", "en": "trigger tell other journeys record"},
    zh="""
    把会员的一个事件写入日志。和其他事件一样，它会到达所有旅程，包括本旅程。

    事件只能属于本会员：如果其中的身份属于另一位会员，会使两人合并，则节点失败。
    """,
    example={"type": "custom.welcomed", "data": {"how": "coupon"}},
)
def event_emit(session: Session, params: Params, effect: Effect) -> Result:
    """Put an event of the member into the log. It reaches all journeys, this run included, like any other.

    It names nobody else: one whose identities are another member's, so that the two would be merged, fails the node.
    """
    event = IncomingEvent(
        SOURCE, effect.key, params.type, None, effect.now, dict(params.data), member_id=effect.member_id
    )
    if ingest(session, [event], now=effect.now, keys=effect.keys).merged:
        # A merge may end this very run, which the turn has in hand and would write back as it was.
        raise ActivityFailure("the event's identities are another member's", code="names-another", final=True)
    return Result()
