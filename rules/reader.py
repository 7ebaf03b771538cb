"""JSON into an operator tree, with the place of each node and the bounds of a rule; and JSON text into JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from jsonlogic.registry import UnknownOperator
from jsonlogic.typing import OperatorArgument

from rules import messages, operator_messages
from rules.conditions import qualified
from rules.errors import RuleError
from rules.limits import MAX_BYTES, MAX_DEPTH, MAX_NODES, check_json, escape
from rules.nodes import Broken, Items, Literal
from rules.operators import OPERATORS, operator_class
from rules.operators.named import Condition
from rules.tree import Expression
from rules.types import Conditions, Json, Problem

NO_CONDITIONS: Conditions = MappingProxyType({})


def loads(text: str | bytes, *, max_bytes: int = MAX_BYTES, depth: int = 64) -> Json:
    """JSON text as JSON within the bounds of `check_json`. Raises RuleError; a key given twice is refused."""
    try:
        value: Json = json.loads(text, object_pairs_hook=_unique_keys)
    except RecursionError:
        raise RuleError([Problem("schema", "", messages.too_deep())]) from None
    except RuleError:
        raise
    except ValueError as error:
        raise RuleError([Problem("schema", "", messages.bad_json(str(error)))]) from None
    if problems := check_json(value, depth=depth, max_bytes=max_bytes):
        raise RuleError(problems)
    return value


def _unique_keys(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise RuleError([Problem("schema", "", messages.duplicate_key(key))])
        found[key] = value
    return found


def read(rule: Json, *, pointer: str = "", conditions: Conditions = NO_CONDITIONS) -> tuple[Expression, list[Problem]]:
    """The tree of a rule and its problems. Where there is one, a Broken node stands in the tree.

    A named condition is read from `conditions` where it is used; what is wrong in it is told of that place.
    """
    if problems := check_json(rule, pointer=pointer):
        return Broken("", pointer=pointer), problems
    reading = _Reading(conditions)
    return reading.node(rule, pointer, 0), reading.problems


class _Reading:
    def __init__(self, conditions: Conditions) -> None:
        self.problems: list[Problem] = []
        self.nodes = 0
        self.conditions = conditions
        self.within: list[str] = []
        """The named conditions that are being read, outermost first."""

    def node(self, rule: Json, pointer: str, depth: int) -> Expression:
        self.nodes += 1
        if self.nodes == MAX_NODES + 1:
            return self._broken(pointer, messages.too_many_nodes(MAX_NODES))
        if self.nodes > MAX_NODES:
            return Broken("", pointer=pointer)
        match rule:
            case dict():
                return self._operator(rule, pointer, depth + 1)
            case list():
                return self._items(rule, pointer, depth + 1)
            case _:
                return Literal("literal", pointer=pointer, source=rule, json=rule)

    def _operator(self, rule: dict[str, Json], pointer: str, depth: int) -> Expression:
        if len(rule) != 1:
            return self._broken(pointer, messages.not_one_key(rule))
        if depth > MAX_DEPTH:
            return self._broken(pointer, messages.too_deep())
        [(name, given)] = rule.items()
        place = f"{pointer}/{escape(name)}"
        try:
            kind = operator_class(name)
        except UnknownOperator:
            known = operator_messages.left_out(name) if name in operator_messages.LEFT_OUT else None
            return self._broken(pointer, known or messages.unknown_operator(name, OPERATORS))
        listed = isinstance(given, list)
        arguments = given if isinstance(given, list) else [given]
        least, most = kind.arity
        if len(arguments) < least or (most is not None and len(arguments) > most):
            return self._broken(pointer, messages.wrong_count(name, len(arguments), least, most))
        if kind is Condition:
            return self._named(arguments[0], rule, pointer, depth)
        places = [f"{place}/{i}" if listed else place for i in range(len(arguments))]
        nodes: list[OperatorArgument] = [self.node(a, at, depth) for a, at in zip(arguments, places, strict=True)]
        made = kind.from_expression(name, nodes)
        made.pointer, made.source = pointer, rule
        return made

    def _items(self, rule: Sequence[Json], pointer: str, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            return self._broken(pointer, messages.too_deep())
        items = tuple(
            self.node(item, f"{pointer}/{i}", depth)
            if isinstance(item, dict | list)
            else Literal("literal", pointer=f"{pointer}/{i}", source=item, json=item)
            for i, item in enumerate(rule)
        )
        return Items("list", pointer=pointer, source=list(rule), items=items)

    def _named(self, given: Json, rule: Json, pointer: str, depth: int) -> Expression:
        if not isinstance(given, str):
            return self._broken(pointer, messages.not_a_name())
        name = qualified(given, self.within[-1] if self.within else "")
        if name in self.within:
            cycle = [*self.within[self.within.index(name) :], name]
            return self._broken(pointer, messages.cyclic_condition(cycle))
        if name not in self.conditions:
            self.problems.append(
                Problem("unknown-condition", pointer, messages.unknown_condition(name, self.conditions))
            )
            return Broken("", pointer=pointer)
        told = len(self.problems)
        self.within.append(name)
        inner = self.node(self.conditions[name], pointer, depth)
        self.within.pop()
        self.problems[told:] = [replace(each, pointer=pointer) for each in self.problems[told:]]
        for node in inner.walk():
            node.pointer = pointer
        return Condition("condition", pointer=pointer, source=rule, arguments=(inner,), name=name)

    def _broken(self, pointer: str, message: messages.Message) -> Expression:
        self.problems.append(Problem("schema", pointer, message))
        return Broken("", pointer=pointer)
