"""Runs: lists, one run with its timeline, a start by hand, and what an operator does to one."""

import time
import uuid
from collections.abc import Callable
from typing import Annotated, TypeVar
from urllib.parse import quote

from fastapi import Body, Depends, Header, Path, Query, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.members.lookup import find_member
from engine.organisation.models import Store
from engine.runs import by_hand, commands
from engine.runs.by_hand import Wanted
from engine.runs.commands import Order
from engine.runs.listing import RunFilter, RunItem, list_runs
from engine.runs.view import RunView, read_run
from ui.api.run_answers import (
    ExitBody,
    ResumeBody,
    RunAnswer,
    RunLine,
    RunList,
    RunsFilter,
    RunsQuery,
    SkipBody,
    StartAnswer,
    StartBody,
    TemporalAnswer,
    TimelineAnswer,
    WaitingAnswer,
)
from ui.dependencies import Dependencies
from ui.http.auth import Caller, require
from ui.http.problems import NotFound
from ui.http.routing import api_router

router = api_router(tags=["Runs"])

Operator = Annotated[Caller, Depends(require("runs"))]
RunId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Answer = TypeVar("Answer")
PATIENCE = 2.0
"""So many seconds an answer waits for the run's next turn."""


@router.get("/runs")
def list_all(caller: Operator, query: Annotated[RunsQuery, Query()]) -> RunList:
    """The runs in sight, newest first."""
    with caller.begin() as session:
        wanted = filter_of(session, caller, query)
        if wanted is None:
            return RunList(items=[], next=None)
        page = list_runs(session, wanted, before=query.cursor, limit=query.limit)
    return RunList(items=[RunLine(**_line(item)) for item in page.items], next=str(page.next) if page.next else None)


@router.get("/runs/{run_id}")
def read_one(caller: Operator, run_id: RunId) -> RunAnswer:
    """One run: where it stands, what it waits for, what it saved, and all that happened."""
    with caller.begin() as session:
        found = read_run(session, caller.deps.keys, run_id)
    if found is None:
        raise NotFound(f"There is no run {run_id} in sight.")
    return _answer(found, caller.deps)


@router.post("/runs", status_code=201, responses={202: {"model": StartAnswer}})
def start_by_hand(
    caller: Operator,
    body: StartBody,
    response: Response,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> StartAnswer:
    """Start a journey for a member, as the event `run.requested`: re-entry, holdout and age hold as for any entry."""
    name = idempotency_key or uuid.uuid4().hex
    wanted = Wanted(body.journey, body.subject, caller.actor, name, caller.stores, body.data)
    seq = by_hand.ask(caller.deps.database, caller.deps.keys, wanted, now=caller.now())

    def begun() -> int | None:
        with caller.deps.database.begin() as session:
            return by_hand.started(session, body.journey, seq)

    run = _until(begun)
    response.status_code = 201 if run else 202
    return StartAnswer(event=str(seq), run=str(run) if run else None)


@router.post("/runs/{run_id}/retry", responses={202: {"model": RunAnswer}})
def retry(caller: Operator, run_id: RunId, response: Response) -> RunAnswer:
    """Try again what is stuck, under the same key. 202 if the run's next turn takes longer than two seconds."""
    return _order(caller, run_id, Order("retry"), response)


@router.post("/runs/{run_id}/skip", responses={202: {"model": RunAnswer}})
def skip(caller: Operator, run_id: RunId, body: SkipBody, response: Response) -> RunAnswer:
    """Leave the node that is stuck through a port."""
    return _order(caller, run_id, Order("skip", port=body.port), response)


@router.post("/runs/{run_id}/exit", responses={202: {"model": RunAnswer}})
def end(
    caller: Operator, run_id: RunId, response: Response, body: Annotated[ExitBody | None, Body()] = None
) -> RunAnswer:
    """End the run."""
    return _order(caller, run_id, Order("exit", outcome=body.outcome if body else None), response)


@router.post("/runs/{run_id}/pause")
def pause(caller: Operator, run_id: RunId) -> RunAnswer:
    """Let the run stand still: goal, exits and its age still act."""
    with caller.begin() as session:
        commands.pause(session, run_id, by=caller.actor, now=caller.now())
    return read_one(caller, run_id)


@router.post("/runs/{run_id}/resume")
def resume(caller: Operator, run_id: RunId, body: Annotated[ResumeBody | None, Body()] = None) -> RunAnswer:
    """Let the run go on."""
    deadlines = body.deadlines if body else "hold"
    with caller.begin() as session:
        commands.resume(session, run_id, deadlines=deadlines, by=caller.actor, now=caller.now())
    return read_one(caller, run_id)


def filter_of(session: Session, caller: Caller, query: RunsFilter) -> RunFilter | None:
    """The filter, or None if it can match nothing because what it names does not exist."""
    member = find_member(session, caller.deps.keys, query.member) if query.member else None
    store = (
        session.execute(select(col(Store.id)).where(col(Store.key) == query.store)).scalar() if query.store else None
    )
    if (query.member and member is None) or (query.store and store is None):
        return None
    return RunFilter(
        journey=query.journey,
        version=query.version,
        member_id=member,
        store_id=store,
        status=query.status,
        node=query.node,
        stage=query.stage,
        overdue_at=caller.now() if query.overdue else None,
    )


def _line(item: RunItem) -> dict[str, object]:
    return {
        "id": str(item.id),
        "journey": item.journey,
        "version": item.version,
        "hash": item.hash,
        "member": str(item.member_id),
        "store": item.store_key,
        "associate": item.associate_key,
        "status": item.status,
        "outcome": item.outcome,
        "node": item.node,
        "entered_at": item.entered_at,
        "node_entered_at": item.node_entered_at,
        "ended_at": item.ended_at,
        "stuck_reason": item.stuck_reason,
    }


def _answer(found: RunView, deps: Dependencies) -> RunAnswer:
    return RunAnswer(
        **_line(found.item),
        waiting=WaitingAnswer(events=list(found.waits_for), until=found.until),
        vars=dict(found.vars),
        timeline=[TimelineAnswer(**vars(line)) for line in found.timeline],
        temporal=_temporal(found.item, deps),
    )


def _temporal(item: RunItem, deps: Dependencies) -> TemporalAnswer:
    if item.status == "holdout":
        return TemporalAnswer(workflow_id=None, run_id=None, url=None)
    url = None
    if deps.temporal_ui_url:
        base, namespace = deps.temporal_ui_url.rstrip("/"), quote(deps.temporal_namespace, safe="")
        url = f"{base}/namespaces/{namespace}/workflows/{quote(item.workflow_id, safe='')}"
    return TemporalAnswer(workflow_id=item.workflow_id, run_id=item.execution, url=url)


def _order(caller: Caller, run_id: int, order: Order, response: Response) -> RunAnswer:
    with caller.begin() as session:
        command = commands.give(session, run_id, order, by=caller.actor, now=caller.now())

    def taken() -> bool:
        with caller.deps.database.begin() as session:
            return commands.is_taken(session, command)

    response.status_code = 200 if _until(taken) else 202
    return read_one(caller, run_id)


def _until(look: Callable[[], Answer | None]) -> Answer | None:
    """What `look` finds, looking again and again while patience lasts."""
    ends = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found or time.monotonic() > ends:
            return found
        time.sleep(0.05)
