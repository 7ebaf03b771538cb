"""What an author may do about a finding of a ruleset: what proofs find, what breaks the format, tests that fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from engine.rulesets.fields import ruleset_fields
from engine.rulesets.proofs import SOME_DAY
from rules.documents.commands import Mend
from rules.documents.pointers import changed, found, steps_of
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
        self.document, self.context = document, context
        table, problems = examine(document, ruleset_fields(context), context.conditions)
        self.table: Table | None = None if problems else table
        self.told = {(each.code, each.pointer, each.message["en"]) for each in problems}
        self.proofs = of_proofs.Mending(table, context.now or SOME_DAY) if table is not None else None

    def of(self, finding: Finding) -> list[Mend]:
        """Ways to do away with a finding."""
        return [*self._near_names(finding), *_unknown_key(finding), *self._others(finding)]

    def _near_names(self, finding: Finding) -> Iterator[Mend]:
        """A field or named condition with a name like it, where that brings nothing else."""
        written = found(self.document, steps_of(finding.pointer))
        if finding.code == "unknown-condition" and isinstance(written, dict):
            named = self.document.get("conditions")
            known = [*self.context.conditions, *(named if isinstance(named, dict) else ())]
            for each in _near(written.get("condition"), known):
                yield _instead(finding.pointer, each, {"condition": each})
        elif finding.code == "unknown-field" and isinstance(written, str):
            for each in _near(written, ruleset_fields(self.context)):
                if self._stays_sound(finding.pointer, each):
                    yield _instead(finding.pointer, each, each)

    def _stays_sound(self, pointer: str, value: Json) -> bool:
        after = changed(self.document, steps_of(pointer), lambda _: value)
        _, problems = examine(after, ruleset_fields(self.context), self.context.conditions)
        told = {(each.code, each.pointer, each.message["en"]) for each in problems}
        return told <= self.told

    def _others(self, finding: Finding) -> list[Mend]:
        if self.table is None or self.proofs is None:
            return mends_of_problem(self.document, finding.code, finding.pointer)
        if finding.code == "test-failed":
            return mends_of_test(self.table, finding.pointer)
        example = finding.example if isinstance(finding.example, dict) else None
        told = proofs.Finding(
            code=finding.code,
            severity=finding.severity,
            pointer=finding.pointer,
            message=finding.message,
            rows=finding.rows,
            box=finding.box or {},
            example=example,
        )
        return self.proofs.of(told)


def _near(name: Json, known: Iterable[str]) -> list[str]:
    return get_close_matches(name, sorted(known), n=3, cutoff=0.6) if isinstance(name, str) else []


def _instead(pointer: str, name: str, value: Json) -> Mend:
    command: dict[str, Json] = {"command": "set", "pointer": pointer, "value": value}
    return Mend({"zh": f"改成“{name}”", "en": f"Write `{name}`"}, (command,))


def _unknown_key(finding: Finding) -> Iterator[Mend]:
    """A key that no table has goes."""
    key = steps_of(finding.pointer)[-1:]
    if finding.code == "schema" and key and finding.message["en"].startswith(f"There is no key `{key[0]}` here"):
        title = {"zh": f"删除“{key[0]}”", "en": f"Take `{key[0]}` away"}
        yield Mend(title, ({"command": "remove", "pointer": finding.pointer},))
