"""A ruleset from JSON to something that decides: read, checked, compiled once per version, asked often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from rules import messages as rule_messages
from rules.compile import Rule, compile_rule
from rules.errors import RuleError
from rules.reader import NO_CONDITIONS
from rules.tables.cells import Cell, CellReader, FreeCell, ValueSet
from rules.tables.document import Agreement, Row, Ruleset
from rules.tables.outputs import Giving, read_output
from rules.tables.parse import Reading, read
from rules.tables.partition import partition
from rules.tables.relations import check_relations, known_fields
from rules.tables.table import Column, FreeCondition, Line, Promise, Table
from rules.tables.trials import check_tests
from rules.tables.windows import read_window
from rules.types import ANY, Conditions, Fields, Json, Problem, Type


def compile_ruleset(document: Json, fields: Fields, conditions: Conditions = NO_CONDITIONS) -> Table:
    """The ruleset, compiled. `conditions` are those of other rulesets, as `<ruleset>/<name>`.

    Raises RuleError with all problems found.
    """
    table, problems = examine(document, fields, conditions)
    if table is None or problems:
        raise RuleError(problems)
    return table


def examine(
    document: Json, fields: Fields, conditions: Conditions = NO_CONDITIONS
) -> tuple[Table | None, list[Problem]]:
    """The ruleset and all that is wrong with it. With problems, the table is what is left of the document.

    The table is None only for what is no object. Never raises.
    """
    reading = read(document)
    if reading.ruleset is None:
        return None, reading.problems
    compiler = _Compiler(reading, reading.ruleset, fields, conditions)
    table = compiler.table()
    found = {(each.pointer, each.code, each.message["en"]): each for each in compiler.problems}
    return table, [*reading.problems, *(each for each in found.values() if not reading.has_mended(each.pointer))]


class _Compiler:
    """One pass over a document: makes the parts of its table and notes what is wrong with them."""

    def __init__(self, reading: Reading, ruleset: Ruleset, fields: Fields, conditions: Conditions) -> None:
        self.reading = reading
        self.ruleset = ruleset
        self.problems: list[Problem] = []
        self.fields = known_fields(ruleset.fields, fields, self.problems)
        self.named: dict[str, Json] = {**conditions, **ruleset.conditions}
        self.own = dict(self._own_conditions())
        self.fields_read = [self._input(each.field, f"/inputs/{i}/field") for i, each in enumerate(ruleset.inputs)]
        self.cells = [
            CellReader(each.field, rule.tree.type if rule else ANY, self.problems)
            for each, rule in zip(ruleset.inputs, self.fields_read, strict=True)
        ]
        self.outputs = tuple(read_output(each) for each in ruleset.outputs)
        self.giving = Giving(self.outputs, self.fields, self.named, self.problems)
        self.giving.keys_are_doubtful = reading.has_mended("/outputs")

    def table(self) -> Table:
        """The table of what could be read."""
        ruleset = self.ruleset
        lines = tuple(self._line(i, row) for i, row in enumerate(ruleset.rows))
        table = Table(
            document=ruleset,
            known=self.fields,
            columns=tuple(self._column(i, rule, lines) for i, rule in enumerate(self.fields_read)),
            outputs=self.outputs,
            rows=lines,
            otherwise=self.giving.read_otherwise(ruleset),
            conditions=self.own,
            promises=tuple(self._promise(each, f"/agree/{i}") for i, each in enumerate(ruleset.agree)),
            zone=ZoneInfo(ruleset.time_zone),
        )
        self.problems += check_relations(ruleset, self.reading)
        self.problems += check_tests(table)
        return table

    def _rule(self, rule: Json, pointer: str) -> Rule | None:
        """A condition, compiled; None, and its problems noted, when it cannot be."""
        try:
            return compile_rule(rule, self.fields, pointer=pointer, conditions=self.named)
        except RuleError as error:
            self.problems += error.problems
            return None

    def _own_conditions(self) -> Iterator[tuple[str, Rule]]:
        """The document's own named conditions. A broken one is told of here alone: where it is used it is true."""
        found = {name: self._rule(rule, f"/conditions/{name}") for name, rule in self.ruleset.conditions.items()}
        for name, rule in found.items():
            if rule is None:
                self.named[name] = True
            else:
                yield name, rule

    def _input(self, path: str, pointer: str) -> Rule | None:
        try:
            return compile_rule({"var": path}, self.fields, expect=None)
        except RuleError as error:
            self.problems += [Problem(each.code, pointer, each.message) for each in error.problems]
            return None

    def _column(self, index: int, rule: Rule | None, lines: tuple[Line, ...]) -> Column:
        cells = [line.cells[index] if index < len(line.cells) else None for line in lines]
        sets = [each if isinstance(each, ValueSet) else None for each in cells]
        path = self.ruleset.inputs[index].field
        type_ = rule.tree.type if rule else ANY
        return Column(path, self.fields.get(path), type_, rule, partition(sets, type_))

    def _line(self, index: int, row: Row) -> Line:
        pointer = f"/rows/{index}"
        cells = tuple(self._cells(row, f"{pointer}/when"))
        counted = self.ruleset.gives == "count" and not row.then
        return Line(
            index=index,
            id=row.id,
            pointer=pointer,
            cells=cells,
            conditions=tuple(self._conditions(row, cells, pointer)),
            window=read_window(row.valid, f"{pointer}/valid", self.problems),
            then=() if counted else self.giving.read(row.then, f"{pointer}/then"),
        )

    def _cells(self, row: Row, pointer: str) -> Iterator[Cell]:
        """The cells of a row; of a field that there is not they say nothing."""
        for i, (cell, reader, rule) in enumerate(zip(row.when, self.cells, self.fields_read, strict=False)):
            yield reader.read(cell, f"{pointer}/{i}") if rule is not None else None

    def _conditions(self, row: Row, cells: tuple[Cell, ...], pointer: str) -> Iterator[FreeCondition]:
        for i, cell in enumerate(cells):
            place = f"{pointer}/when/{i}"
            if isinstance(cell, FreeCell):
                told = len(self.problems)
                rule = self._rule(cell.rule, place)
                if not cell.is_written:
                    self.problems[told:] = [replace(each, pointer=place) for each in self.problems[told:]]
                if rule is not None:
                    yield FreeCondition(place, rule, i)
        place = f"{pointer}/and"
        if row.condition is not None and (rule := self._rule(row.condition, place)) is not None:
            yield FreeCondition(place, rule)

    def _promise(self, given: Agreement, pointer: str) -> Promise:
        reader = CellReader(given.vary, self._vary(given.vary, f"{pointer}/vary"), self.problems)
        for i, value in enumerate(given.among):
            if reader.type.kind != "any":
                reader.read_value(value, f"{pointer}/among/{i}")
        return Promise(
            id=given.id,
            pointer=pointer,
            vary=given.vary,
            among=tuple(given.among),
            same=tuple(given.same),
            when=self._rule(given.when, f"{pointer}/when") if given.when is not None else None,
            unless=self._rule(given.except_, f"{pointer}/except") if given.except_ is not None else None,
            severity=given.severity,
        )

    def _vary(self, path: str, pointer: str) -> Type:
        declaration = self.fields.get(path)
        if declaration is None:
            self.problems.append(Problem("unknown-field", pointer, rule_messages.unknown_field(path, self.fields)))
        return declaration.value_type if declaration else ANY
