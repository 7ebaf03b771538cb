"""Journeys as they run: their funnel; and pausing, resuming and retiring them."""

from datetime import date
from typing import Annotated

from fastapi import Body, Depends, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from engine.definitions import life, versions
from engine.definitions.models import Live
from engine.definitions.source import read_source
from engine.funnel.lift import read_lift
from engine.funnel.places import places_of
from engine.funnel.query import By, Funnel, StageFigures, read_funnel
from engine.journeys.graph import graph_of, stages_of
from engine.journeys.parse import parse
from ui.api.definitions import Author, Key
from ui.definitions.presentable import two_titles
from ui.http.auth import Caller, require
from ui.http.problems import FieldError, NotFound, Unprocessable
from ui.http.routing import api_router

router = api_router(tags=["Journeys"])

Titles = dict[str, dict[str, str]]


class StageAnswer(BaseModel):
    """One stage. `conversion` (0 to 1) and `median_seconds` (within 5 %) are from the stage before."""

    stage: str
    title: dict[str, str]
    times: int
    people: int
    entered_here: int
    conversion: float | None
    median_seconds: float | None


class GroupAnswer(BaseModel):
    """The stages of one channel, store, associate, version or day; key is null for runs that have none."""

    key: str | None
    title: dict[str, str]
    stages: list[StageAnswer]


class HoldoutAnswer(BaseModel):
    """Those whom the journey left alone: they are in no other figure."""

    times: int
    outcomes: dict[str, int]


class LiftAnswer(BaseModel):
    """Runs that entered, how many reached the goal so far, and the same of the holdout; shares are 0 to 1."""

    entered: int
    goals: int
    share: float | None
    held_out: int
    held_out_goals: int
    held_out_share: float | None
    difference: float | None


class FunnelAnswer(BaseModel):
    """The funnel of the runs that entered in the range, as it stands at this moment.

    `people_exact` is false where distinct people had to be estimated. `refused` are events that would have started a
    run, by what kept them out: `paused`. `lift` is null where nobody was held out.
    """

    stages: list[StageAnswer]
    groups: list[GroupAnswer]
    outcomes: dict[str, int]
    holdout: HoldoutAnswer
    lift: LiftAnswer | None
    refused: dict[str, int]
    people_exact: bool


class ResumeRequest(BaseModel):
    """What becomes of the deadlines that the pause held up."""

    model_config = ConfigDict(extra="forbid")

    deadlines: life.Deadlines = "hold"


class StateAnswer(BaseModel):
    """Whether a journey takes events."""

    key: str
    state: str
    version: int


@router.get("/journeys/{key}/funnel")
def read_journey_funnel(
    caller: Annotated[Caller, Depends(require("runs"))],
    key: Key,
    first: Annotated[date | None, Query(alias="from", description="The first entry day, Asia/Shanghai.")] = None,
    last: Annotated[date | None, Query(alias="to", description="The last entry day, included.")] = None,
    by: By | None = None,
) -> FunnelAnswer:
    """How many runs and people reached each stage; cohorts by entry day, of the stores that the key may see."""
    if first is not None and last is not None and first > last:
        mistake = FieldError("to", "The last day comes before the first; exchange them.")
        raise Unprocessable("The request cannot be used; see errors.", errors=[mistake])
    with caller.begin() as session:
        titles = _stage_titles(session, key)
        funnel = read_funnel(session, key, list(titles), first=first, last=last, by=by)
        groups = _groups(session, by, funnel, titles)
        lift = read_lift(session, key, funnel, first=first, last=last)
    return FunnelAnswer(
        stages=_stages(funnel.stages, titles),
        groups=groups,
        outcomes=funnel.outcomes,
        holdout=HoldoutAnswer(times=funnel.holdout.times, outcomes=funnel.holdout.outcomes),
        lift=LiftAnswer(**vars(lift)) if lift else None,
        refused=funnel.refused,
        people_exact=funnel.people_exact,
    )


@router.post("/definitions/journey/{key}/pause")
def pause_journey(caller: Author, key: Key) -> StateAnswer:
    """Stop a journey: runs stand still, events start none."""
    with caller.begin() as session:
        return _state(life.pause(session, key, by=caller.actor, now=caller.now()))


@router.post("/definitions/journey/{key}/resume")
def resume_journey(caller: Author, key: Key, body: Annotated[ResumeRequest | None, Body()] = None) -> StateAnswer:
    """End the pause; `deadlines` say whether it counts."""
    deadlines = (body or ResumeRequest()).deadlines
    with caller.begin() as session:
        return _state(life.resume(session, key, deadlines=deadlines, by=caller.actor, now=caller.now()))


@router.post("/definitions/journey/{key}/retire")
def retire_journey(caller: Author, key: Key) -> StateAnswer:
    """Let nobody in any more; runs finish."""
    with caller.begin() as session:
        return _state(life.retire(session, key, by=caller.actor, now=caller.now()))


def _stage_titles(session: Session, key: str) -> Titles:
    """The stages of the live version in order, with their titles."""
    live = versions.find_live_version(session, "journey", key)
    journey, _ = parse(read_source(live.document).document) if live else (None, [])
    if journey is None:
        raise NotFound(f"No journey {key!r} was published.")
    return {stage: two_titles(dict(title), stage) for stage, title in stages_of(journey, graph_of(journey)).items()}


def _groups(session: Session, by: By | None, funnel: Funnel, titles: Titles) -> list[GroupAnswer]:
    if by is None:
        return []
    places = places_of(session, by, funnel.groups)
    return [
        GroupAnswer(key=places[place].key, title=places[place].title, stages=_stages(stages, titles))
        for place, stages in funnel.groups.items()
    ]


def _stages(stages: tuple[StageFigures, ...], titles: Titles) -> list[StageAnswer]:
    return [
        StageAnswer(
            stage=figures.stage,
            title=titles.get(figures.stage, two_titles(None, figures.stage)),
            times=figures.times,
            people=figures.people,
            entered_here=figures.entered_here,
            conversion=figures.conversion,
            median_seconds=figures.median_seconds,
        )
        for figures in stages
    ]


def _state(live: Live) -> StateAnswer:
    return StateAnswer(key=live.key, state=live.state, version=live.version)
