"""The overview: how many are on their way, what needs a person, what came in last."""

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import HTMLResponse

from engine.alerts.store import list_alerts
from engine.definitions.listing import list_shown
from engine.events.models import Event
from engine.events.parking import parked_count
from engine.runs.counting import LIVE, live_by_journey
from engine.runs.listing import RunFilter, list_runs
from ui.pages.first_steps import first_steps
from ui.pages.visit import Visit, Visiting

router = APIRouter()

_SHOWN_EVENTS = 12
_SHOWN_STUCK = 6
_SHOWN_ALERTS = 5


@router.get("/")
def show(visit: Visiting) -> HTMLResponse:
    """The first page after signing in."""
    return visit.render("overview.html", _sight(visit))


@router.get("/overview/live")
def show_live(visit: Visiting) -> HTMLResponse:
    """The fragment that the overview asks for every few seconds."""
    return visit.render("_overview_live.html", _sight(visit))


def _sight(visit: Visit) -> dict[str, object]:
    with visit.begin() as session:
        live = live_by_journey(session)
        journeys = list_shown(session, "journey")
        stuck = list_runs(session, RunFilter(status="stuck"), limit=_SHOWN_STUCK)
        events = latest_events(session, _SHOWN_EVENTS)
        parked = parked_count(session)
        alerts = list_alerts(session, state="open", limit=_SHOWN_ALERTS + _SHOWN_STUCK)
    listed = {f"run/{run.id}" for run in stuck.items}
    sums = {status: sum(counts.get(status, 0) for counts in live.values()) for status in LIVE}
    ranked = sorted(journeys, key=lambda shown: (-sum(live.get(shown.key, {}).values()), shown.key))
    return {
        "sums": sums,
        "live": live,
        "steps": first_steps(journeys, live) if visit.may_operate_chain else [],
        "journeys": [shown for shown in ranked if shown.condition in ("live", "paused")],
        "stuck": stuck.items,
        "events": events,
        "parked": parked,
        "alerts": [alert for alert in alerts if alert.subject not in listed][:_SHOWN_ALERTS],
    }


def latest_events(session: Session, limit: int) -> list[Event]:
    """The events that were accepted last."""
    return list(session.execute(select(Event).order_by(col(Event.seq).desc()).limit(limit)).scalars())
