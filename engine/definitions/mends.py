"""Mends of a finding: each is a list of commands that do away with it. The kinds of definitions bring their own."""

from __future__ import annotations

from collections.abc import Sequence

from engine.definitions.kinds import Kind
from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from engine.journeys.mends.offers import Mending as JourneyMending
from engine.rulesets.mends import Mending
from rules.documents.commands import Mend
from rules.types import Json


def mends(
    kind: Kind, document: dict[str, Json], findings: Sequence[Finding], context: CheckContext
) -> list[Sequence[Mend]]:
    """For each finding the ways to do away with it; none where only a person can know."""
    match kind:
        case "ruleset":
            mending = Mending(document, context)
            return [mending.of(each) for each in findings]
        case "journey":
            patient = JourneyMending(document, context)
            return [patient.of(each) for each in findings]
        case _:
            return [() for _ in findings]
