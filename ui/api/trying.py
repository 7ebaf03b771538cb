"""Trying journeys: a draft or a version simulated for a real or made-up member, on a virtual clock."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Path
from pydantic import BaseModel, Field

from engine.definitions import drafts, versions
from engine.definitions.source import read_source
from engine.journeys.trying.script import Script
from engine.trying.simulating import plan_to_try, try_script
from rules.types import Json
from ui.api.definitions import Key
from ui.auth import Caller, require
from ui.checking import check_context
from ui.lists import LARGEST_VERSION
from ui.presentable import presentable
from ui.problems import Forbidden
from ui.routing import api_router

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
