"""Compiled journeys by the hash of their bundle. A bundle never changes, so a plan is made once per process."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from sqlalchemy.orm import Session

from engine.definitions.errors import UnknownDefinitionError
from engine.definitions.versions import bundle
from engine.journeys.catalogue import Catalogue
from engine.journeys.plan import Plan, PlanError, compile_bundle

MOST = 1_000
"""So many plans are kept; the one that was not asked for the longest goes first."""


class Plans:
    """The plans of one process; may be used by several threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._lock = Lock()

    def get(self, session: Session, bundle_hash: str) -> Plan:
        """The plan of a bundle. Raises PlanError when it cannot be compiled here: an activity type is gone, say."""
        with self._lock:
            if plan := self._plans.get(bundle_hash):
                self._plans.move_to_end(bundle_hash)
                return plan
        plan = self._compiled(session, bundle_hash)
        with self._lock:
            self._plans[bundle_hash] = plan
            if len(self._plans) > MOST:
                self._plans.popitem(last=False)
        return plan

    def _compiled(self, session: Session, bundle_hash: str) -> Plan:
        try:
            content = bundle(session, bundle_hash)
        except UnknownDefinitionError as error:
            raise PlanError(str(error)) from error
        try:
            return compile_bundle(content, self.catalogue)
        except PlanError:
            raise
        except Exception as error:  # the params model of a plug-in may raise anything
            raise PlanError(f"The bundle {bundle_hash} cannot be compiled: {type(error).__name__}") from error
