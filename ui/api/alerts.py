"""Alerts: what a person should look at, and saying that somebody has."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Path
from pydantic import BaseModel

from engine.alerts import store
from engine.alerts.models import Alert, Kind, State
from ui.http.auth import Caller, require
from ui.http.lists import LARGEST, IdCursor, Limit, page
from ui.http.problems import NotFound
from ui.http.routing import api_router

router = api_router(tags=["Alerts"])

Operator = Annotated[Caller, Depends(require("runs"))]


class AlertItem(BaseModel):
    """What happened `count` times to `subject`, such as `run/17` or `journey/<key>/<node>`; `detail` is the latest."""

    id: str
    kind: Kind
    subject: str
    state: State
    count: int
    first_at: datetime
    last_at: datetime
    detail: dict[str, Any]
    acknowledged_at: datetime | None
    acknowledged_by: str | None


class AlertList(BaseModel):
    """A part of a list."""

    items: list[AlertItem]
    next: str | None


@router.get("/alerts")
def list_alerts(
    caller: Operator, state: State | None = None, kind: Kind | None = None, limit: Limit = 50, cursor: IdCursor = None
) -> AlertList:
    """The alerts in sight; what opened last comes first."""
    with caller.begin() as session:
        found = store.list_alerts(session, state=state, kind=kind, before=cursor, limit=limit + 1)
    shown, more = page(found, limit, lambda alert: str(alert.id))
    return AlertList(items=[_item(alert) for alert in shown], next=more)


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(caller: Operator, alert_id: Annotated[int, Path(ge=1, le=LARGEST)]) -> AlertItem:
    """Say that somebody has seen to it. Should it happen again, a new alert opens."""
    with caller.begin() as session:
        found = store.acknowledge(session, alert_id, by=caller.actor, now=caller.now())
    if found is None:
        raise NotFound(f"There is no alert {alert_id} in sight.")
    return _item(found)


def _item(alert: Alert) -> AlertItem:
    shown = {name: getattr(alert, name) for name in AlertItem.model_fields if name != "id"}
    return AlertItem(id=str(alert.id), **shown)
