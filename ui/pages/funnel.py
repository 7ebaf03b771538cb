"""A journey's funnel: the bars, the table, and the same by channel, store, associate, version or day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import HTMLResponse

from engine.funnel.lift import read_lift
from engine.funnel.query import By, Funnel, Span, StageFigures, read_funnel
from engine.organisation.models import Associate, Channel, Store
from engine.runs.entries import MOST, entered_between
from rules.zones import HOME
from ui.journeys.outline import stage_titles
from ui.messages import Language, text
from ui.pages.journeys import find
from ui.pages.visit import Key, Visiting
from ui.words import wording

router = APIRouter()


@dataclass(frozen=True)
class Bar:
    """One stage as it is drawn: `width` and `entered_width` are shares of the widest stage."""

    title: str
    figures: StageFigures
    width: float
    entered_width: float


@dataclass(frozen=True)
class Group:
    """One row of the table by group."""

    title: str
    key: str | None
    stages: Sequence[StageFigures]


@router.get("/journeys/{key}/funnel")
def show_funnel(
    visit: Visiting,
    key: Key,
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
    by: By = "channel",
) -> HTMLResponse:
    """Cohorts by the day of entry; without dates, all runs so far."""
    with visit.begin() as session:
        shown = find(session, key)
        titles = stage_titles(shown.document, visit.language)
        funnel = read_funnel(session, key, list(titles), first=first, last=last, by=by)
        groups = _groups(session, funnel, by, visit.language)
        lift = read_lift(session, key, funnel, first=first, last=last)
        entered = _entered(session, key, first, last) if _counts_nobody(funnel) else 0
    context = {
        "shown": shown,
        "funnel": funnel,
        "bars": bars(funnel.stages, titles),
        "groups": groups,
        "lift": lift,
        "entered": text(visit.language, "act.more_than", n=wording.number(MOST)) if entered >= MOST else entered,
        "by": by,
        "first": first,
        "last": last,
        "presets": _presets(visit.now().astimezone(HOME).date()),
    }
    return visit.render("journeys/funnel.html", context)


@router.get("/journeys/{key}/strip")
def show_strip(visit: Visiting, key: Key) -> HTMLResponse:
    """The fragment that the overview shows of each journey: its stages as stations, those who entered this week."""
    today = visit.now().astimezone(HOME).date()
    with visit.begin() as session:
        shown = find(session, key)
        titles = stage_titles(shown.document, visit.language)
        funnel = read_funnel(session, key, list(titles), first=today - timedelta(days=6), last=today)
    return visit.render("journeys/_strip.html", {"bars": bars(funnel.stages, titles), "key": key})


def _counts_nobody(funnel: Funnel) -> bool:
    """Whether no stage of the funnel tells of anybody, which need not mean that nobody entered."""
    return not any(stage.times for stage in funnel.stages)


def _entered(session: Session, key: str, first: date | None, last: date | None) -> int:
    span = Span(first, last)
    since = datetime.combine(span.first, time(), HOME) if span.first else None
    until = datetime.combine(span.last + timedelta(days=1), time(), HOME) if span.last else None
    return entered_between(session, key, since, until)


def bars(stages: Sequence[StageFigures], titles: Mapping[str, str]) -> list[Bar]:
    """The stages with the widths of their bars."""
    widest = max((stage.times for stage in stages), default=0) or 1
    return [
        Bar(titles.get(stage.stage, stage.stage), stage, stage.times / widest, stage.entered_here / widest)
        for stage in stages
    ]


def _groups(session: Session, funnel: Funnel, by: By, language: Language) -> list[Group]:
    named = _names(session, funnel.groups, by, language)
    groups = [Group(named[place][0], named[place][1], stages) for place, stages in funnel.groups.items()]
    if by in ("day", "version"):
        return sorted(groups, key=lambda group: group.title, reverse=True)
    return sorted(groups, key=lambda group: -(group.stages[0].times if group.stages else 0))


def _names(
    session: Session, groups: Mapping[str, object], by: By, language: Language
) -> dict[str, tuple[str, str | None]]:
    """Title and key of each group; associates are shown by key, their names are personal."""
    if by in ("day", "version"):
        return {place: (f"v{place}" if by == "version" else place, None) for place in groups}
    wanted = [int(place) for place in groups]
    none = {place: (text(language, f"funnel.no_{by}"), None) for place in groups}
    if by == "associate":
        people = session.execute(select(Associate).where(col(Associate.id).in_(wanted))).scalars()
        return none | {str(found.id): (found.key, found.key) for found in people}
    table = Channel if by == "channel" else Store
    columns = (col(table.id), col(table.key), col(table.title))
    rows = session.execute(select(*columns).where(columns[0].in_(wanted)))
    return none | {str(row_id): (wording.title(title, language, key), key) for row_id, key, title in rows}


def _presets(today: date) -> list[tuple[str, date | None, date | None]]:
    """The spans that one press chooses."""
    week, month = today - timedelta(days=6), today - timedelta(days=29)
    return [("all", None, None), ("today", today, today), ("week", week, today), ("month", month, today)]
