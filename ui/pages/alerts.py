"""Alerts: what a person should look at, where it leads, and saying that somebody has."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import HTMLResponse, RedirectResponse

from engine.alerts import store
from engine.alerts.models import KINDS, Kind, State
from ui.http.lists import LARGEST, page
from ui.http.problems import NotFound
from ui.pages.visit import Visiting

router = APIRouter()

_SHOWN = 50


class Chosen(BaseModel):
    """The filters of the list as the address carries them; without any, what is open."""

    model_config = ConfigDict(extra="ignore")

    state: State = "open"
    kind: Annotated[Kind | None, BeforeValidator(lambda given: given or None)] = None
    before: int | None = Field(None, ge=1, le=LARGEST)


@router.get("/alerts")
def show_list(visit: Visiting, chosen: Annotated[Chosen, Query()]) -> HTMLResponse:
    """The alerts in sight; what opened last comes first."""
    with visit.begin() as session:
        found = store.list_alerts(session, state=chosen.state, kind=chosen.kind, before=chosen.before, limit=_SHOWN + 1)
    shown, more = page(found, _SHOWN, lambda alert: str(alert.id))
    context = {"alerts": shown, "next": more, "chosen": chosen, "kinds": KINDS}
    return visit.render("alerts/list.html", context)


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(
    visit: Visiting,
    alert_id: Annotated[int, Path(ge=1, le=LARGEST)],
    kind: Annotated[Kind | None, Form()] = None,
) -> RedirectResponse:
    """Somebody has seen to it; back to the list as it was filtered."""
    with visit.operate() as session:
        if store.acknowledge(session, alert_id, by=visit.actor, now=visit.now()) is None:
            raise NotFound(f"There is no alert {alert_id}.")
    return RedirectResponse(f"/alerts?kind={kind}" if kind else "/alerts", 303)
