"""What an author may do about a finding of a journey: titled commands that do away with it and bring no new error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine.journeys import mends_of_format, mends_of_names, mends_of_nodes, mends_of_ways
from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from engine.journeys.mending import Patient
from rules.documents.commands import CommandError, Mend
from rules.types import Json

_Remedy: TypeAlias = Callable[[Patient, Finding], list[Mend]]

_BY_CODE: Mapping[str, _Remedy] = {
    "schema": mends_of_format.schema,
    "unknown-node": mends_of_ways.unknown_node,
    "unknown-port": mends_of_ways.unknown_port,
    "missing-port": mends_of_ways.missing_port,
    "unreachable-node": mends_of_ways.unreachable_node,
    "dead-end": mends_of_ways.dead_end,
    "hot-loop": mends_of_ways.hot_loop,
    "endless-wait": mends_of_nodes.endless_wait,
    "bad-split": mends_of_nodes.bad_split,
    "hidden-case": mends_of_nodes.hidden_case,
    "impossible-condition": mends_of_nodes.impossible_condition,
    "expires-in-quiet": mends_of_nodes.expires_in_quiet,
    "unused-value": mends_of_nodes.unused_value,
    "bad-subject": mends_of_nodes.bad_subject,
    "unknown-activity": mends_of_names.unknown_activity,
    "bad-params": mends_of_names.bad_params,
    "unknown-reference": mends_of_names.unknown_reference,
    "unknown-event": mends_of_names.unknown_event,
    "unknown-field": mends_of_names.unknown_field,
    "maybe-missing": mends_of_names.maybe_missing,
}
"""Codes that are not among them are for a person to judge: a test that fails, an overlap, a type that does not fit."""


def mends(document: dict[str, Json], finding: Finding, context: CheckContext) -> list[Mend]:
    """Ways to do away with one finding of a document; never raises."""
    return Mending(document, context).of(finding)


class Mending:
    """A document whose findings are to be mended; it is read once for all of them."""

    def __init__(self, document: dict[str, Json], context: CheckContext) -> None:
        self._patient = Patient(document, context)

    def of(self, finding: Finding) -> list[Mend]:
        """Ways to do away with a finding."""
        remedy = _BY_CODE.get(finding.code)
        try:
            return remedy(self._patient, finding) if remedy else []
        except CommandError:  # the finding names a place that a broken document does not have
            return []
