"""A rule from JSON to something that decides: read, checked, compiled once, evaluated often."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rules.errors import RuleError
from rules.moment import Moment
from rules.reader import NO_CONDITIONS, read
from rules.tree import Checker, Expression, Value
from rules.types import Conditions, Fields, Json, Problem, Type


class Rule:
    """A compiled rule. `fields` are the paths that it reads.

    `optional_fields` are those of them that are declared optional and without which it may be unknown: what `default`
    makes up for, or only `is_set` asks about, is not among them.
    """

    __slots__ = ("_run", "_timed", "fields", "optional_fields", "tree", "type")

    def __init__(self, tree: Expression, fields: frozenset[str]) -> None:
        self.tree = tree
        self.type = tree.type.name
        self.fields = fields
        self.optional_fields = tree.needed
        self._run = tree.closure()
        self._timed = any(node.timed for node in tree.walk())

    def evaluate(self, facts: Mapping[str, Any], *, now: datetime, zone: ZoneInfo) -> Value:
        """The rule's value on nested facts, or Unknown. Raises EvaluationError; it is never to be read as false."""
        return self._run(facts, Moment(now, zone) if self._timed else _UNTIMED)

    def __call__(self, facts: Mapping[str, Any], moment: Moment) -> Value:
        """The same in a moment that several rules share, with one budget of work for all of them."""
        return self._run(facts, moment)


_UNTIMED = Moment(datetime.fromtimestamp(0, UTC), ZoneInfo("UTC"))
"""Given to rules that look at no moment, so that none is made for them."""


def compile_rule(
    rule: Json,
    fields: Fields,
    *,
    expect: str | Type | None = "boolean",
    pointer: str = "",
    conditions: Conditions = NO_CONDITIONS,
) -> Rule:
    """The rule, compiled. `expect` is its type, or the name of it; None takes any. Raises RuleError with all problems.

    `conditions` are those that it may use by name.
    """
    tree, checker, problems = _checked(rule, fields, expect, pointer, conditions)
    if problems:
        raise RuleError(problems)
    return Rule(tree, frozenset(checker.paths))


def check_rule(
    rule: Json,
    fields: Fields,
    *,
    expect: str | Type | None = "boolean",
    pointer: str = "",
    conditions: Conditions = NO_CONDITIONS,
) -> list[Problem]:
    """What is wrong with the rule, nothing hiding anything else. Raises for no JSON."""
    return _checked(rule, fields, expect, pointer, conditions)[2]


def _checked(
    rule: Json, fields: Fields, expect: str | Type | None, pointer: str, conditions: Conditions
) -> tuple[Expression, Checker, list[Problem]]:
    tree, problems = read(rule, pointer=pointer, conditions=conditions)
    checker = Checker(fields)
    if expect is None:
        checker.infer(tree)
    else:
        checker.expect(tree, Type.named(expect) if isinstance(expect, str) else expect)
    return tree, checker, [*problems, *checker.problems]
