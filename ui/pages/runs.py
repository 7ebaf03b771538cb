"""Runs: the list with its filters, and one run with its timeline."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import HTMLResponse

from engine.definitions.listing import Shown
from engine.events.models import Event
from engine.events.types import every_event_field
from engine.fields.catalogue import known_fields
from engine.jobs.bulk import ACTIONS
from engine.members.lookup import find_member
from engine.occurrences.why import chosen_by
from engine.organisation.models import Associate, Channel, Store
from engine.runs.around import effects_of, ended_for
from engine.runs.commands import untaken
from engine.runs.entries import lasting_pause
from engine.runs.listing import STATUSES, RunFilter, list_runs
from engine.runs.models import Run
from engine.runs.reasons import reasons_of
from engine.runs.view import RunView, ports_of, read_run
from engine.trying.titles import titles_of
from rules.types import Json
from ui.http.problems import NotFound
from ui.journeys.outline import stage_titles
from ui.messages import Language
from ui.pages.journeys import find, read
from ui.pages.shown import meant
from ui.pages.visit import Key, Visit, Visiting
from ui.trying.reasons import Why, why
from ui.words import wording

router = APIRouter()

RunId = Annotated[int, Path(ge=1, le=2**63 - 1)]


class Chosen(BaseModel):
    """The filters of the list as the address carries them; empty means any."""

    model_config = ConfigDict(extra="ignore")

    status: str = Field("", max_length=20)
    node: str = Field("", max_length=64)
    stage: str = Field("", max_length=64)
    store: str = Field("", max_length=64)
    version: str = Field("", pattern=r"^\d{0,9}$")
    member: str = Field("", max_length=200)
    overdue: bool = False
    before: int | None = Field(None, ge=1, le=2**63 - 1)

    @property
    def narrows(self) -> bool:
        """Whether any filter is set."""
        return bool(self.query)

    @property
    def query(self) -> str:
        """The filters as part of an address, without the place in the list."""
        return urlencode(self.model_dump(exclude={"before"}, exclude_defaults=True))


@router.get("/journeys/{key}/runs")
def show_list(visit: Visiting, key: Key, chosen: Annotated[Chosen, Query()]) -> HTMLResponse:
    """The journey's runs, newest first."""
    with visit.begin() as session:
        shown = find(session, key)
        stores = _stores(session, visit.language)
        wanted = filter_of(session, visit, key, chosen)
        page = list_runs(session, wanted, before=chosen.before) if wanted else None
    outline = read(visit, shown)
    context = {
        "shown": shown,
        "outline": outline,
        "stages": stage_titles(shown.document, visit.language),
        "stores": stores,
        "statuses": STATUSES,
        "chosen": chosen,
        "runs": page.items if page else [],
        "next": page.next if page else None,
        "actions": ACTIONS if visit.viewer.may("operate") else (),
        "ports": _all_ports(shown),
    }
    return visit.render("runs/list.html", context)


@router.get("/runs/{run_id}")
def show_run(visit: Visiting, run_id: RunId) -> HTMLResponse:
    """One run: where it stands, what it waits for and until when, and all that happened."""
    return visit.render("runs/run.html", _sight(visit, run_id))


@router.get("/runs/{run_id}/progress")
def show_progress(visit: Visiting, run_id: RunId) -> HTMLResponse:
    """The fragment that the run's page asks for while the run is live."""
    return visit.render("runs/_progress.html", _sight(visit, run_id))


def _all_ports(shown: Shown) -> list[str]:
    """Every port that a node of the journey has: what a bulk skip may leave by."""
    nodes = shown.document.get("nodes")
    found = [node.get("ports") for node in nodes.values() if isinstance(node, dict)] if isinstance(nodes, dict) else []
    return sorted({name for ports in found if isinstance(ports, dict) for name in ports})


@dataclass(frozen=True)
class Place:
    """The store, associate and channel of a run; None where it has none. Associates are shown by key."""

    store: Store | None
    associate: Associate | None
    channel: Channel | None


def _sight(visit: Visit, run_id: int) -> Mapping[str, object]:
    with visit.begin() as session:
        run, view = session.get(Run, run_id), read_run(session, visit.deps.keys, run_id)
        if run is None or view is None:
            raise NotFound(f"There is no run {run_id}.")
        shown = find(session, run.journey, run.version)
        place = Place(
            session.get(Store, run.store_id) if run.store_id else None,
            session.get(Associate, run.associate_id) if run.associate_id else None,
            session.get(Channel, run.channel_id) if run.channel_id else None,
        )
        around = {
            "ports": sorted(ports_of(session, run)),
            "own_pause": lasting_pause(session, run.journey, run_id),
            "journey_pause": lasting_pause(session, run.journey),
            "pending": untaken(session, run_id) if run.ended_at is None else None,
            "effects": effects_of(session, run_id),
            "ended_for": ended_for(session, run),
            "chosen_by": chosen_by(session, run.entry_seq),
            "named": _named(session, shown.document, visit.language),
            "whys": _whys(visit, session, run, view),
            "entry": session.get(Event, run.entry_seq),
        }
    return {
        **around,
        "run": run,
        "view": view,
        "shown": shown,
        "outline": read(visit, shown),
        "place": place,
        "deferred": run.state.get("phase") == "deferred",
        "may_operate": visit.viewer.may("operate") and run.ended_at is None,
        "live": run.ended_at is None,
        "saved": {name: json.dumps(value, ensure_ascii=False) for name, value in view.vars.items()},
        "temporal_url": _temporal_url(visit, run),
    }


def _whys(visit: Visit, session: Session, run: Run, view: RunView) -> list[Why | None]:
    """Why each line of the timeline came to be, in words."""
    told = reasons_of(session, visit.deps.keys, visit.deps.plans, run, view.timeline)
    fields = {**every_event_field(), **known_fields(session)}
    return [why(each, fields, visit.language) if each is not None else None for each in told]


def _named(session: Session, document: Mapping[str, Json], language: Language) -> dict[str, str]:
    """The coupon batch of each node whose effect names one, by its title."""
    nodes = document.get("nodes")
    given = {
        str(node): params
        for node, told in (nodes.items() if isinstance(nodes, dict) else ())
        if isinstance(told, dict) and isinstance(params := told.get("params"), dict)
    }
    titles = titles_of(session, given.values())
    batches = {node: params.get("batch") for node, params in given.items()}
    return {
        node: wording.title(titles.get(("batch", batch)), language, batch)
        for node, batch in batches.items()
        if isinstance(batch, str)
    }


def _temporal_url(visit: Visit, run: Run) -> str | None:
    if visit.deps.temporal_ui_url is None or run.status == "holdout":
        return None
    base, namespace = visit.deps.temporal_ui_url.rstrip("/"), quote(visit.deps.temporal_namespace, safe="")
    return f"{base}/namespaces/{namespace}/workflows/{quote(run.workflow_id, safe='')}"


def _stores(session: Session, language: Language) -> list[tuple[str, str]]:
    """Key and title of every store that the visitor may see."""
    rows = session.execute(select(col(Store.key), col(Store.title)).order_by(col(Store.key)))
    return [(key, wording.title(title, language, key)) for key, title in rows]


def filter_of(session: Session, visit: Visit, journey: str, chosen: Chosen) -> RunFilter | None:
    """The filter, or None if it can match nothing because what it names does not exist."""
    store_id = session.execute(select(col(Store.id)).where(col(Store.key) == chosen.store)).scalar_one_or_none()
    member = meant(chosen.member)
    member_id = find_member(session, visit.deps.keys, member) if chosen.member else None
    if (chosen.store and store_id is None) or (chosen.member and member_id is None):
        return None
    return RunFilter(
        journey=journey,
        version=int(chosen.version) if chosen.version else None,
        member_id=member_id,
        store_id=store_id,
        status=chosen.status or None,
        node=chosen.node or None,
        stage=chosen.stage or None,
        overdue_at=visit.now() if chosen.overdue else None,
    )
