"""What an author may do about a finding of a ruleset: what proofs find, what breaks the format, tests that fail."""

from __future__ import annotations

from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from engine.rulesets.fields import ruleset_fields
from engine.rulesets.proofs import SOME_DAY
from rules.documents.commands import Mend
from rules.proofs import findings as proofs
from rules.proofs import mends as of_proofs
from rules.tables.compile import examine
from rules.tables.mends import mends_of_problem, mends_of_test
from rules.tables.table import Table
from rules.types import Json


def mends(document: dict[str, Json], finding: Finding, context: CheckContext) -> list[Mend]:
    """Ways to do away with one finding of a document."""
    return Mending(document, context).of(finding)


class Mending:
    """A document whose findings are to be mended; it is compiled once for all of them."""

    def __init__(self, document: dict[str, Json], context: CheckContext) -> None:
        self.document = document
        table, problems = examine(document, ruleset_fields(context), context.conditions)
        self.table: Table | None = None if problems else table
        self.proofs = of_proofs.Mending(table, context.now or SOME_DAY) if table is not None else None

    def of(self, finding: Finding) -> list[Mend]:
        """Ways to do away with a finding."""
        if self.table is None or self.proofs is None:
            return mends_of_problem(self.document, finding.code, finding.pointer)
        if finding.code == "test-failed":
            return mends_of_test(self.table, finding.pointer)
        example = finding.example if isinstance(finding.example, dict) else None
        found = proofs.Finding(
            code=finding.code,
            severity=finding.severity,
            pointer=finding.pointer,
            message=finding.message,
            rows=finding.rows,
            box=finding.box or {},
            example=example,
        )
        return self.proofs.of(found)
