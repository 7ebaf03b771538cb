"""Compiled journeys by the hash of their bundle. A bundle never changes, so a plan is made once per process."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.definitions.errors import UnknownDefinitionError
from engine.definitions.versions import bundle
from engine.fields.called import with_titles
from engine.journeys.catalogue import Catalogue
from engine.journeys.plan import Plan, PlanError, compile_bundle
from engine.kept import Kept

MOST = 1_000
"""So many plans are kept; the one that was not asked for the longest goes first."""


class Plans:
    """The plans of one process; may be used by several threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._plans: Kept[Plan] = Kept(MOST)

    def get(self, session: Session, bundle_hash: str) -> Plan:
        """The plan of a bundle. Raises PlanError when it cannot be compiled here: an activity type is gone, say."""
        return self._plans.get(bundle_hash, lambda: self._compiled(session, bundle_hash))

    def _compiled(self, session: Session, bundle_hash: str) -> Plan:
        try:
            content = bundle(session, bundle_hash)
        except UnknownDefinitionError as error:
            raise PlanError(str(error)) from error
        try:
            return compile_bundle(content, self.catalogue, with_titles)
        except PlanError:
            raise
        except Exception as error:  # the params model of a plug-in may raise anything
            raise PlanError(f"The bundle {bundle_hash} cannot be compiled: {type(error).__name__}") from error
