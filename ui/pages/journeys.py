"""Journeys: the list, the picture with the people in it, the versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from engine.definitions.listing import Shown, list_shown, show
from engine.jobs.models import Job
from engine.migrating.progress import latest
from engine.runs.counting import LIVE, Standing, live_by_journey, standing
from engine.runs.entries import MOST, entered_since, lasting_pause
from ui.http.problems import NotFound
from ui.journeys.outline import Outline, outline
from ui.messages import text
from ui.pages.visit import Key, Visit, Visiting
from ui.words.wording import number

router = APIRouter()


@dataclass(frozen=True)
class Presence:
    """Who stands where: per node the live runs and those of them that are stuck, and the sums by status."""

    at: Mapping[str, int]
    stuck: Mapping[str, int]
    by_status: Mapping[str, int]


def presence(rows: list[Standing]) -> Presence:
    """Adds up what the table of runs tells."""
    at: dict[str, int] = {}
    stuck: dict[str, int] = {}
    by_status = dict.fromkeys(LIVE, 0)
    for row in rows:
        at[row.node] = at.get(row.node, 0) + row.runs
        by_status[row.status] = by_status.get(row.status, 0) + row.runs
        if row.status == "stuck":
            stuck[row.node] = stuck.get(row.node, 0) + row.runs
    return Presence(at, stuck, by_status)


@dataclass(frozen=True)
class Stand:
    """What an action on the whole journey would meet: live runs, how many entered in a day, a pause that lasts."""

    runs: int
    lately: str
    paused_since: datetime | None


@router.get("/journeys")
def show_list(visit: Visiting) -> HTMLResponse:
    """All journeys, those that are live first."""
    with visit.begin() as session:
        found = list_shown(session, "journey")
        live = live_by_journey(session)
    rank = {"live": 0, "paused": 1, "draft": 2, "retired": 3}
    ordered = sorted(found, key=lambda shown: (rank[shown.condition], shown.key))
    return visit.render("journeys/list.html", {"journeys": ordered, "live": live})


@router.get("/journeys/{key}")
def show_canvas(
    visit: Visiting,
    key: Key,
    version: Annotated[int | None, Query(ge=1)] = None,
    published: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    """The journey's picture, with the people at each node."""
    with visit.begin() as session:
        shown = find(session, key, version)
        all_people = presence(standing(session, key))
        people = all_people if version is None else presence(standing(session, key, version=version))
        stand = _stand(visit, session, key, sum(all_people.by_status.values()))
        migration = _migration(visit, session, shown)
    context = {
        "shown": shown,
        "outline": read(visit, shown),
        "people": people,
        "version": version,
        "stand": stand if visit.may_operate_chain else None,
        "in_flight": stand.runs,
        "paused_since": stand.paused_since,
        "published": published,
        "migration": migration,
        "may_operate": visit.may_operate_chain,
    }
    return visit.render("journeys/canvas.html", context)


@router.get("/journeys/{key}/migration")
def show_migration(visit: Visiting, key: Key) -> HTMLResponse:
    """The fragment with the latest migration, asked for again while it lasts."""
    with visit.begin() as session:
        migration = _migration(visit, session, find(session, key))
    return visit.render("journeys/_migration.html", {"migration": migration, "may_operate": visit.may_operate_chain})


@router.get("/journeys/{key}/live")
def show_presence(visit: Visiting, key: Key, version: Annotated[int | None, Query(ge=1)] = None) -> HTMLResponse:
    """The fragment that the journey's page asks for every few seconds: counts per node."""
    with visit.begin() as session:
        shown = find(session, key, version)
        people = presence(standing(session, key, version=version))
    return visit.render("journeys/_live.html", {"shown": shown, "outline": read(visit, shown), "people": people})


def _migration(visit: Visit, session: Session, shown: Shown) -> Job | None:
    """The latest migration, until a day after it has ended or another version is published."""
    found = latest(session, shown.key)
    if found is None or found.state != "done":
        return found
    is_news = found.args["to"] == shown.version and found.updated_at >= visit.now() - timedelta(days=1)
    return found if is_news else None


def _stand(visit: Visit, session: Session, key: str, runs: int) -> Stand:
    lately = entered_since(session, key, visit.now() - timedelta(days=1))
    pause = lasting_pause(session, key)
    more_than = text(visit.language, "act.more_than", n=number(MOST))
    return Stand(runs, more_than if lately >= MOST else number(lately), pause.from_at if pause else None)


def find(session: Session, key: str, version: int | None = None) -> Shown:
    """The journey, or NotFound."""
    shown = show(session, "journey", key, version)
    if shown is None:
        raise NotFound(f"There is no journey {key!r}" + (f" with a version {version}." if version else "."))
    return shown


def read(visit: Visit, shown: Shown) -> Outline:
    """The journey's outline in the words of the visit."""
    return outline(shown.document, visit.deps.catalogue, visit.language)
