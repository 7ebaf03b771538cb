"""What an author may do about a finding of a journey: titled commands that do away with it and bring no new error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from engine.journeys.mends import names, nodes, shape, stated, values, ways
from engine.journeys.mends.mending import Patient
from rules.documents.commands import CommandError, Mend
from rules.types import Json

_Remedy: TypeAlias = Callable[[Patient, Finding], list[Mend]]

_BY_CODE: Mapping[str, _Remedy] = {
    "schema": shape.schema,
    "unknown-node": ways.unknown_node,
    "unknown-port": ways.unknown_port,
    "missing-port": ways.missing_port,
    "unreachable-node": ways.unreachable_node,
    "dead-end": ways.dead_end,
    "hot-loop": ways.hot_loop,
    "endless-wait": nodes.endless_wait,
    "bad-split": nodes.bad_split,
    "hidden-case": nodes.hidden_case,
    "impossible-condition": nodes.impossible_condition,
    "expires-in-quiet": nodes.expires_in_quiet,
    "unused-value": nodes.unused_value,
    "bad-subject": nodes.bad_subject,
    "not-available": nodes.not_available,
    "test-failed": stated.test_failed,
    "type-mismatch": values.type_mismatch,
    "unknown-condition": names.unknown_condition,
    "unknown-activity": names.unknown_activity,
    "bad-params": names.bad_params,
    "unknown-reference": names.unknown_reference,
    "unknown-event": names.unknown_event,
    "unknown-field": names.unknown_field,
    "maybe-missing": names.maybe_missing,
}
"""Codes that are not among them are for a person to judge: who shall have whom both journeys take, what is unproved."""


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
