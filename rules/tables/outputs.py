"""The outputs of a ruleset: their declarations, and what rows give for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules import messages as rule_messages
from rules.compile import compile_rule
from rules.errors import RuleError
from rules.limits import escape
from rules.messages import Message
from rules.nodes import Literal
from rules.tables import messages
from rules.tables.document import Output as Declared
from rules.tables.document import Ruleset
from rules.tables.table import Given, Output
from rules.tree import Checker
from rules.types import INTEGER, Conditions, Fields, Json, Problem, Type
from rules.words import literal
from rules.writing import as_json

WHOLE_SHARE = 10_000
SUMMABLE = frozenset({"integer", "share", "money"})
COUNT = Output("count", "integer", INTEGER, optional=False)
"""What `collect` with `count` gives."""


def read_output(declared: Declared) -> Output:
    """An output as the compiled table keeps it."""
    if declared.type == "share":
        type_ = INTEGER
    else:
        plain = Type.named(declared.type)
        values = tuple(declared.values) if declared.values is not None and plain.kind == "enum" else None
        type_ = Type(plain.kind, currency=declared.currency, values=values, ref=plain.ref)
    return Output(declared.key, declared.type, type_, declared.optional)


def check_output(declared: Declared, pointer: str) -> Iterator[Problem]:
    """What is wrong with a declaration by itself."""
    if declared.key in messages.RESERVED:
        yield Problem("schema", f"{pointer}/key", messages.reserved_key(declared.key))
    if declared.type == "enum" and not declared.values:
        yield Problem("schema", pointer, messages.no_values())
    if declared.type != "enum" and declared.values is not None:
        yield Problem("schema", f"{pointer}/values", messages.no_such_detail("values", declared.type))
    if declared.type != "money" and declared.currency is not None:
        yield Problem("schema", f"{pointer}/currency", messages.no_such_detail("currency", declared.type))


class Giving:
    """Reads what rows give for the outputs. What is wrong is added to `problems`.

    `fields` and `conditions` are what expressions may name. With `keys_are_doubtful`, because the declarations of
    outputs are broken, nothing is said about keys that none of them has.
    """

    def __init__(
        self, outputs: tuple[Output, ...], fields: Fields, conditions: Conditions, problems: list[Problem]
    ) -> None:
        self.outputs = outputs
        self.fields = fields
        self.conditions = conditions
        self.problems = problems
        self.keys_are_doubtful = False
        self._known: dict[tuple[str, type, Json], Given] = {}

    def read(self, then: Mapping[str, Json], pointer: str) -> tuple[Given, ...]:
        """One value for each output, in their order."""
        known = [output.key for output in self.outputs]
        for key in then:
            if key not in known and not self.keys_are_doubtful:
                self._note("schema", f"{pointer}/{escape(key)}", messages.unknown_output(key, known))
        return tuple(self._given(output, then, pointer) for output in self.outputs)

    def read_otherwise(self, ruleset: Ruleset) -> tuple[tuple[Given, ...], ...] | None:
        """The outputs that hold where no row does: one tuple, or for a list as many as it has items."""
        match ruleset.otherwise:
            case None:
                return None
            case list() as items if ruleset.gives == "list":
                return tuple(self.read(item, f"/otherwise/{i}") for i, item in enumerate(items))
            case list():
                self._note("schema", "/otherwise", messages.OTHERWISE_FORM)
                return ()
            case then if ruleset.gives == "count":
                counting = Giving((COUNT,), self.fields, self.conditions, self.problems)
                return (counting.read(then, "/otherwise"),)
            case then:
                return (self.read(then, "/otherwise"),)

    def _given(self, output: Output, then: Mapping[str, Json], pointer: str) -> Given:
        place = f"{pointer}/{escape(output.key)}"
        match then.get(output.key):
            case None if output.optional:
                return Given()
            case None if output.key in then:
                self._note("type-mismatch", place, messages.null_output(output.key))
            case None:
                if not self.keys_are_doubtful:
                    self._note("schema", pointer, messages.missing_output(output.key))
            case dict() as expression:
                return self._computed(output, expression, place)
            case value:
                return self._literal(output, value, place)
        return Given()

    def _computed(self, output: Output, expression: Json, place: str) -> Given:
        try:
            rule = compile_rule(expression, self.fields, expect=output.type, pointer=place, conditions=self.conditions)
        except RuleError as error:
            self.problems += error.problems
            return Given()
        return Given(rule=rule)

    def _literal(self, output: Output, value: Json, place: str) -> Given:
        if isinstance(value, list):
            message = rule_messages.bad_literal(literal(value), output.type, output.key)
            self._note("type-mismatch", place, message)
            return Given()
        written = (output.key, type(value), value)  # rows of a long table repeat the same few values
        if written not in self._known:
            given = self._read_literal(output, value, place)
            if given is None:
                return Given()
            self._known[written] = given
        return self._known[written]

    def _read_literal(self, output: Output, value: Json, place: str) -> Given | None:
        node, checker = Literal("literal", pointer=place, source=value, json=value), Checker({})
        checker.expect(node, output.type, output.key)
        self.problems += checker.problems
        if checker.problems:
            return None
        if output.kind == "share" and not 0 <= node.value <= WHOLE_SHARE:
            self._note("type-mismatch", place, messages.bad_share(node.shown))
        return Given(literal=as_json(node.value, output.type))

    def _note(self, code: str, pointer: str, message: Message) -> None:
        self.problems.append(Problem(code, pointer, message))
