"""The plan of publishing a draft as it stands."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.definitions.drafts import read_draft
from engine.definitions.kinds import Kind
from engine.definitions.plans import Plans
from engine.definitions.source import read_source
from engine.journeys.canonical import content_hash
from engine.journeys.catalogue import Catalogue
from engine.journeys.context import CheckContext
from engine.journeys.plan import Plan, PlanError, compile_plan
from engine.migrating import words
from engine.migrating.asked import Fault, InFlight, InFlightError
from engine.migrating.proposal import Proposal, propose
from rules.types import Json


@dataclass(frozen=True)
class DraftPlan:
    """What publishing the draft of this hash would do to those inside; `runs`: whether the draft can run as it is."""

    hash: str
    proposal: Proposal
    runs: bool


def plan_draft(
    session: Session, kind: Kind, key: str, in_flight: InFlight | None, *, catalogue: Catalogue, context: CheckContext
) -> DraftPlan:
    """The plan; runs are those in sight. Raises UnknownDefinitionError, InFlightError for other kinds."""
    document = read_source(read_draft(session, kind, key).document).document
    hashed = content_hash(document)
    if kind != "journey":
        if in_flight is not None:
            raise InFlightError([Fault("/in_flight", words.only_journeys())])
        return DraftPlan(hashed, Proposal(None, 1, None), runs=True)
    new = _compiled(document, context)
    proposal = propose(session, key, new, in_flight, Plans(catalogue))
    return DraftPlan(hashed, proposal, runs=new is not None)


def _compiled(document: Json, context: CheckContext) -> Plan | None:
    try:
        return compile_plan(document, context.catalogue, context.fields, context.events, context.rulebook)
    except PlanError:
        return None
