"""What drafts are checked against, for pages and the API alike."""

from sqlalchemy.orm import Session

from engine.definitions.context import context_of
from engine.journeys.context import CheckContext
from ui.dependencies import Dependencies


def check_context(deps: Dependencies, session: Session) -> CheckContext:
    """All that exists around a document now. The transaction must see all stores."""
    return context_of(session, deps.catalogue, now=deps.clock.now(), proofs=deps.proofs)
