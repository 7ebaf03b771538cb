"""The plan of publishing a draft as it stands."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.definitions.drafts import read_draft
from engine.definitions.kinds import Kind
from engine.definitions.plans import Plans
from engine.definitions.source import read_source
from engine.journeys.canonical import content_hash
from engine.journeys.compiled import compiled_if_it_runs
from engine.journeys.context import CheckContext
from engine.journeys.plan import Plan
from engine.migrating import words
from engine.migrating.asked import Fault, InFlight, InFlightError
from engine.migrating.proposal import Proposal, propose


@dataclass(frozen=True)
class DraftPlan:
    """What publishing the draft of this hash would do to those inside; `runs`: whether the draft can run as it is."""

    hash: str
    proposal: Proposal
    runs: bool


@dataclass(frozen=True)
class Drafted:
    """A draft of this hash; `plan` is that of a journey that can run as it is."""

    kind: Kind
    key: str
    hash: str
    plan: Plan | None


def read_drafted(session: Session, kind: Kind, key: str, context: CheckContext) -> Drafted:
    """The draft, compiled in the context of the whole chain. Raises UnknownDefinitionError."""
    document = read_source(read_draft(session, kind, key).document).document
    plan = compiled_if_it_runs(document, context) if kind == "journey" else None
    return Drafted(kind, key, content_hash(document), plan)


def plan_draft(session: Session, draft: Drafted, in_flight: InFlight | None, plans: Plans) -> DraftPlan:
    """The plan; runs are those in sight. Raises InFlightError for other kinds than journeys."""
    if draft.kind != "journey":
        if in_flight is not None:
            raise InFlightError([Fault("/in_flight", words.only_journeys())])
        return DraftPlan(draft.hash, Proposal(None, 1, None), runs=True)
    proposal = propose(session, draft.key, draft.plan, in_flight, plans)
    return DraftPlan(draft.hash, proposal, runs=draft.plan is not None)
