"""A table in words, Chinese or English: each cell short, each row as one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from rules.compile import Rule, compile_rule
from rules.errors import RuleError
from rules.facts import value_parser
from rules.sentences import Language, Speaker, Words
from rules.tables.cells import RANGE_KEYS
from rules.tables.document import Row
from rules.tables.document import Window as WindowPart
from rules.tables.table import Given, Line, Output, Table
from rules.tree import Binding
from rules.types import Json, Type, tag_of
from rules.words import literal
from rules.writing import summed


class Wording:
    """Puts the parts of one table into words; what is broken is shown as it was written."""

    def __init__(self, table: Table, language: Language) -> None:
        self.table = table
        self.speaker = Speaker(language, table.zone)
        self.language = language

    @property
    def output_names(self) -> list[str]:
        """What the outputs are called: by their titles, else by their keys."""
        return [getattr(each.title, self.language) if each.title else each.key for each in self.table.document.outputs]

    def words(self, zh: str, en: str) -> str:
        """Those of the language."""
        return Words(zh, en).of(self.language)

    def cell(self, line: Line, index: int) -> str:
        """What a cell asks for; empty for any value."""
        given = self._row(line).when[index] if index < len(self._row(line).when) else None
        for condition in line.conditions:
            if condition.column == index and not isinstance(given, list | str):
                return self.speaker.say(condition.rule.tree)
        return "" if given is None else self._asked(given, self.table.columns[index].type)

    def condition(self, line: Line) -> str:
        """The free condition beside the cells; empty where there is none."""
        return next((self.speaker.say(each.rule.tree) for each in line.conditions if each.column is None), "")

    def window(self, line: Line) -> str:
        """When the row holds; empty for always."""
        valid = self._row(line).valid
        return "" if valid is None else self._window(valid)

    def outputs(self, line: Line) -> list[str]:
        """What the row gives, in the order of the outputs."""
        return self.given(line.then)

    def given(self, then: tuple[Given, ...]) -> list[str]:
        """Values of the outputs in words."""
        return [self._given(each, output) for each, output in zip(then, self.table.outputs, strict=False)]

    def sentence(self, line: Line) -> str:
        """The row as one sentence."""
        asked = [*self._parts(line)]
        when = self.words("任何情况下", "In any case")
        if asked:
            joined = self.words(" 且 ", " and ").join(asked)
            when = self.words(f"如果 {joined}", f"If {joined}")
        if window := self.window(line):
            when = self.words(f"{window},{when}", f"{window}: {when[0].lower()}{when[1:]}")
        gives = [f"{name} = {value}" for name, value in zip(self.output_names, self.outputs(line), strict=False)]
        return self.words(f"{when}，则 {self.speaker.listed(gives)}", f"{when}, then {self.speaker.listed(gives)}")

    def _row(self, line: Line) -> Row:
        return self.table.document.rows[line.index]

    def _parts(self, line: Line) -> Iterator[str]:
        """What the cells and the condition of a row ask for, each with its field."""
        free = {condition.column: condition.rule for condition in line.conditions}
        for i, given in enumerate(self._row(line).when[: len(self.table.columns)]):
            if i in free:
                yield self.speaker.part(free[i].tree, Binding.CLAUSE)
            elif given is not None and (rule := self._compared(given, i)) is not None:
                yield self.speaker.part(rule.tree, Binding.CLAUSE)
        if None in free:
            yield self.speaker.part(free[None].tree, Binding.CLAUSE)

    def _compared(self, given: Json, column: int) -> Rule | None:
        try:
            return compile_rule(as_rule(given, self.table.columns[column].field), self.table.known)
        except RuleError:
            return None

    def _asked(self, given: Json, type_: Type) -> str:
        match given:
            case {"not": inner}:
                return self.words("非 ", "not ") + self._asked(inner, type_)
            case dict() if not RANGE_KEYS.isdisjoint(given):
                low = f"≥ {self._value(given['from'], type_)}" if given.get("from") is not None else ""
                sign = "≤" if given.get("to_included") is True else "<"
                high = f"{sign} {self._value(given['to'], type_)}" if given.get("to") is not None else ""
                return self.words(",", " and ").join(part for part in (low, high) if part)
            case list():
                return self.speaker.either([self._asked(item, type_) for item in given])
            case _:
                return self._value(given, type_)

    def _value(self, given: Json, type_: Type) -> str:
        one = tag_of(type_) if type_.kind == "tags" else type_
        try:
            return self.speaker.value(value_parser(one)(given), one)
        except (ValueError, KeyError):
            return literal(given)

    def _window(self, valid: WindowPart) -> str:
        if valid.start is None:
            return self.words(f"{valid.end} 之前", f"Before {valid.end}")
        if valid.end is None:
            return self.words(f"自 {valid.start} 起", f"From {valid.start} on")
        return self.words(f"自 {valid.start} 起至 {valid.end} 前", f"From {valid.start} until before {valid.end}")

    def _given(self, given: Given, output: Output) -> str:
        if given.rule is not None:
            return self.speaker.say(given.rule.tree)
        if given.literal is None:
            return self.words("(空)", "(nothing)")
        if output.kind == "share" and isinstance(given.literal, int):
            return summed(given.literal, output.kind)
        return self._value(given.literal, output.type)


def as_rule(cell: Json, field: str) -> Json:
    """A cell of values as the condition on its field that says the same."""
    match cell:
        case {"not": str() | int() | float() as value}:
            return {"!=": [{"var": field}, value]}
        case {"not": inner}:
            return {"!": [as_rule(inner, field)]}
        case dict():
            parts: list[Json] = []
            if cell.get("from") is not None:
                parts.append({">=": [{"var": field}, cell["from"]]})
            if cell.get("to") is not None:
                parts.append({"<=" if cell.get("to_included") is True else "<": [{"var": field}, cell["to"]]})
            return parts[0] if len(parts) == 1 else {"and": parts}
        case list() if any(isinstance(item, dict) for item in cell):
            return {"or": [as_rule(item, field) for item in cell]}
        case list():
            return {"in": [{"var": field}, cell]}
        case _:
            return {"==": [{"var": field}, cell]}
