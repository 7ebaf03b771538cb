"""Trying definitions: a journey simulated for a real or made-up member; drafts tried over what was recorded."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from engine.definitions import drafts, versions
from engine.definitions.source import read_source
from engine.journeys.trying.script import Script
from engine.trying import backtests
from engine.trying.simulating import plan_to_try, try_script
from rules.types import Json
from rules.zones import HOME
from ui.api.definitions import Author, Key
from ui.api.job_answers import JobAnswer
from ui.api.jobs import accepted
from ui.definitions.checking import check_context
from ui.definitions.presentable import presentable
from ui.http.auth import Caller, require
from ui.http.lists import LARGEST_VERSION
from ui.http.problems import Forbidden
from ui.http.routing import api_router

router = api_router(tags=["Definitions"])

Reader = Annotated[Caller, Depends(require("definitions"))]
Number = Annotated[int, Path(ge=1, le=LARGEST_VERSION)]


class EffectTold(BaseModel):
    """An effect that the journey had, with its params computed; `port` is null where it failed."""

    node: str
    activity: str
    params: dict[str, Any]
    at: str
    port: str | None
    failure: dict[str, str] | None


class SimulationAnswer(BaseModel):
    """What became of the script. The trace tells each decision with what its conditions came to."""

    trace: list[dict[str, Any]]
    path: list[str]
    ports: list[dict[str, str]]
    effects: list[EffectTold]
    waiting_at: dict[str, Any] | None
    outcome: str | None
    status: str | None = Field(description="Null where no event started a run.")
    begin: str
    now: str
    due: str | None


class BacktestBody(BaseModel):
    """The time that is tried over: instants, or days of the chain's zone, of which the last one counts whole."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    since: str = Field(alias="from", max_length=40)
    until: str = Field(alias="to", max_length=40)


@router.post("/definitions/{kind}/{key}/draft/backtest", status_code=202)
def backtest_draft(
    caller: Author, kind: Literal["journey", "ruleset"], key: Key, body: BacktestBody, response: Response
) -> JobAnswer:
    """Try the draft over recorded events, or a ruleset's over recorded decisions, as a job; its `result` tells.

    Nothing is done to anybody. What the figures cannot know is named in `approximations`.
    """
    since, until = moment("/from", body.since), moment("/to", body.until, last=True)
    with caller.begin() as session:
        document = read_source(drafts.read_draft(session, kind, key).document).document
        context = check_context(caller.deps, session)
        asked = backtests.Asked(kind, key, document, since, until)
        job = backtests.ask(session, caller.deps.keys, asked, context, by=caller.actor, now=caller.now())
        return accepted(session, caller, job, response)


def moment(pointer: str, text: str, *, last: bool = False) -> datetime:
    """An instant, or a day: its beginning, or its end where it is the `last` one. Raises BacktestError."""
    try:
        if len(text) == len("2026-01-07"):
            day = date.fromisoformat(text) + timedelta(days=1 if last else 0)
            return datetime.combine(day, time(), HOME)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise backtests.BacktestError(pointer, "Write a day (2026-01-07) or an instant (ISO 8601).") from error
    return at if at.tzinfo else at.replace(tzinfo=HOME)


@router.post("/definitions/{kind}/{key}/draft/simulate")
def simulate_draft(caller: Reader, kind: Literal["journey"], key: Key, body: Script) -> SimulationAnswer:
    """Simulate the draft; nothing is stored. 422 with its findings when its format does not let it run."""
    with caller.begin() as session:
        text = drafts.read_draft(session, kind, key).document
    return _simulated(caller, key, read_source(text).document, body)


@router.post("/definitions/{kind}/{key}/versions/{n}/simulate")
def simulate_version(caller: Reader, kind: Literal["journey"], key: Key, n: Number, body: Script) -> SimulationAnswer:
    """Simulate a published version, with the rulesets and fields of today."""
    with caller.begin() as session:
        text = versions.read_version(session, kind, key, n).document
    return _simulated(caller, key, read_source(text).document, body)


def _simulated(caller: Caller, key: str, document: dict[str, Json], script: Script) -> SimulationAnswer:
    if script.member is not None and not caller.holder.may("members"):
        raise Forbidden("To try a real member the key needs the scope 'members' as well.")
    with caller.deps.database.begin() as session:
        context = check_context(caller.deps, session)
        plan = plan_to_try(key, document, context)
    with caller.begin() as session:
        found = try_script(session, caller.deps.keys, plan, script, fields=context.fields, now=caller.now())
    return SimulationAnswer.model_validate(presentable(found.to_json()))
