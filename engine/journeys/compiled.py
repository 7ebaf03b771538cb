"""The plan of a document in the context that it is checked against."""

from __future__ import annotations

from engine.journeys.context import CheckContext
from engine.journeys.plan import Plan, PlanError, compile_plan
from rules.types import Json


def compiled(document: Json, context: CheckContext) -> Plan:
    """The plan. Raises PlanError for a document that cannot run."""
    return compile_plan(document, context.catalogue, context.fields, context.events, context.rulebook)


def compiled_if_it_runs(document: Json, context: CheckContext) -> Plan | None:
    """The plan, or None for a document that cannot run."""
    try:
        return compiled(document, context)
    except PlanError:
        return None
