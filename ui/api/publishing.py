"""Before a draft is published: what that would do to those who are inside, and the second person who approves it."""

from typing import Annotated

from fastapi import Body

from engine.definitions.approvals import approve
from engine.definitions.kinds import Kind
from engine.migrating.asked import read_in_flight
from engine.migrating.drafted import DraftPlan, plan_draft, read_drafted
from engine.migrating.proposal import Group, Need
from ui.api.definitions import Author, Key, Reader
from ui.api.publishing_answers import (
    ApprovalAnswer,
    ApproveRequest,
    EmptyText,
    FaultAnswer,
    GroupAnswer,
    NeedAnswer,
    PlanAnswer,
    PlanRequest,
)
from ui.definitions.checking import check_context
from ui.http.routing import api_router

router = api_router(tags=["Definitions"])


@router.post("/definitions/{kind}/{key}/draft/plan")
def plan(caller: Reader, kind: Kind, key: Key, body: Annotated[PlanRequest | None, Body()] = None) -> PlanAnswer:
    """Who is inside older versions, where each group would go, what a map must name. Nothing is changed."""
    asked = read_in_flight((body or PlanRequest()).in_flight)
    with caller.deps.database.begin() as session:  # a draft is checked by what holds for the whole chain
        draft = read_drafted(session, kind, key, check_context(caller.deps, session))
    with caller.begin() as session:  # the people are those in sight
        return _answer(plan_draft(session, draft, asked, caller.deps.plans))


@router.post("/definitions/{kind}/{key}/draft/approve")
def approve_draft(caller: Author, kind: Kind, key: Key, body: ApproveRequest) -> ApprovalAnswer:
    """Approve the draft as it stands, as the second person. Whoever edited it since the live version cannot."""
    with caller.begin() as session:
        done = approve(session, kind, key, body.hash, by=caller.actor, now=caller.now())
        return ApprovalAnswer(hash=done.hash, by=done.by, at=done.at)


def _answer(found: DraftPlan) -> PlanAnswer:
    proposal = found.proposal
    return PlanAnswer(
        version=proposal.version,
        next=proposal.next,
        hash=found.hash,
        executable=found.runs,
        runs=proposal.runs,
        busy=proposal.busy,
        versions={str(version): runs for version, runs in proposal.versions.items()},
        groups=[_group(group) for group in proposal.groups],
        needs=[_need(need) for need in proposal.needs],
        suggested=proposal.suggested,
        errors=[FaultAnswer(pointer=fault.pointer, message=dict(fault.message)) for fault in proposal.faults],
    )


def _group(group: Group) -> GroupAnswer:
    move = group.move
    return GroupAnswer(
        version=group.version,
        node=group.node,
        runs=group.runs,
        by_status=dict(group.by_status),
        to=move.target if move and group.node is not None else None,
        rule=move.rule if move else "stay",
        anew=move.anew if move else False,
        ends=group.ends,
        empty=[EmptyText(pointer=e.pointer, name=e.name, runs=e.runs, unsure=e.unsure) for e in group.lacks],
    )


def _need(need: Need) -> NeedAnswer:
    return NeedAnswer(
        node=need.node,
        fate=need.fate,
        versions=list(need.versions),
        runs=need.runs,
        suggested=need.suggested,
        to=need.target,
    )
