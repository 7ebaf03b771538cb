"""Mends of a finding: each is a list of commands that do away with it. The kinds of definitions bring their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.definitions.kinds import Kind
from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from engine.journeys.mends.offers import Mending as JourneyMending
from engine.rulesets.mends import Mending
from rules.documents.commands import Mend
from rules.types import Json


def mends(
    kind: Kind, key: str, document: dict[str, Json], findings: Sequence[Finding], context: CheckContext
) -> list[Sequence[Mend]]:
    """For each finding the ways to do away with it; none where only a person can know.

    `key` is that under which the document is kept.
    """
    return [
        [*_own_key(key, found), *others]
        for found, others in zip(findings, _of_kind(kind, document, findings, context), strict=True)
    ]


def _of_kind(
    kind: Kind, document: dict[str, Json], findings: Sequence[Finding], context: CheckContext
) -> list[Sequence[Mend]]:
    match kind:
        case "ruleset":
            mending = Mending(document, context)
            return [mending.of(each) for each in findings]
        case "journey":
            patient = JourneyMending(document, context)
            return [patient.of(each) for each in findings]
        case _:
            return [() for _ in findings]


def _own_key(key: str, found: Finding) -> Iterator[Mend]:
    """A document that is kept under another key than its own takes that one."""
    if found.code == "schema" and found.pointer == "/key":
        title = {"zh": f"改成“{key}”", "en": f"Write `{key}`"}
        yield Mend(title, ({"command": "set", "pointer": "/key", "value": key},))
