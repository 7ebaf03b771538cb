"""Params: plain JSON in which `{"$": <expression>}` is computed and texts may show fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from rules import messages
from rules.compile import compile_rule
from rules.errors import RuleError
from rules.limits import check_json, escape
from rules.moment import Moment
from rules.reader import NO_CONDITIONS
from rules.text import compile_text
from rules.tree import Facts
from rules.types import Conditions, Fields, Json, Problem
from rules.unknown import Unknown
from rules.writing import as_json

Compute: TypeAlias = Callable[[Facts, Moment, str], Json | Unknown]


class Value:
    """A compiled value. `fields` are the paths that it reads, `optional_fields` those without which it may be unknown.

    `is_literal` tells whether it is the same for all facts.
    """

    __slots__ = ("compute", "fields", "is_literal", "optional_fields")

    def __init__(self, compute: Compute, fields: frozenset[str], optional: frozenset[str], *, is_literal: bool) -> None:
        self.compute = compute
        self.fields = fields
        self.optional_fields = optional
        self.is_literal = is_literal

    def evaluate(
        self, facts: Mapping[str, Any], *, now: datetime, zone: ZoneInfo, language: str = "zh"
    ) -> Json | Unknown:
        """The value as JSON; Unknown, naming all that is missing, when any part of it is. Raises EvaluationError."""
        return self.compute(facts, Moment(now, zone), language)


def compile_value(value: Json, fields: Fields, pointer: str = "", conditions: Conditions = NO_CONDITIONS) -> Value:
    """The value, compiled; expressions may name `conditions`. Raises RuleError with all problems found."""
    problems = check_json(value, pointer=pointer)
    made = _made(value, _Scope(fields, conditions), pointer, problems) if not problems else _literal(None)
    if problems:
        raise RuleError(problems)
    return made


def check_value(
    value: Json, fields: Fields, pointer: str = "", conditions: Conditions = NO_CONDITIONS
) -> list[Problem]:
    """What is wrong with the value."""
    try:
        compile_value(value, fields, pointer, conditions)
    except RuleError as error:
        return error.problems
    return []


@dataclass(frozen=True)
class _Scope:
    """What expressions may name."""

    fields: Fields
    conditions: Conditions


def _made(value: Json, scope: _Scope, pointer: str, problems: list[Problem]) -> Value:
    try:
        match value:
            case {"$": expression, **others}:
                if others:
                    problems.append(Problem("schema", pointer, messages.dollar_among_keys()))
                return _computed(expression, scope, f"{pointer}/$")
            case dict():
                parts = [_made(item, scope, f"{pointer}/{escape(key)}", problems) for key, item in value.items()]
                return _object(tuple(value), parts)
            case list():
                return _list([_made(item, scope, f"{pointer}/{i}", problems) for i, item in enumerate(value)])
            case str() if "{{" in value:
                return _shown(value, scope.fields, pointer)
            case _:
                return _literal(value)
    except RuleError as error:
        problems.extend(error.problems)
        return _literal(None)


def _literal(value: Json) -> Value:
    return Value(lambda _facts, _moment, _language: value, frozenset(), frozenset(), is_literal=True)


def _computed(expression: Json, scope: _Scope, pointer: str) -> Value:
    rule = compile_rule(expression, scope.fields, expect=None, pointer=pointer, conditions=scope.conditions)
    type_ = rule.tree.type

    def compute(facts: Facts, moment: Moment, _language: str) -> Json | Unknown:
        value = rule(facts, moment)
        return value if isinstance(value, Unknown) else as_json(value, type_)

    return Value(compute, rule.fields, rule.optional_fields, is_literal=False)


def _shown(text: str, fields: Fields, pointer: str) -> Value:
    compiled = compile_text(text, fields, pointer)
    return Value(compiled.render_at, compiled.fields, compiled.optional_fields, is_literal=False)


def _list(parts: Sequence[Value]) -> Value:
    return _container(parts, list)


def _object(keys: tuple[str, ...], parts: Sequence[Value]) -> Value:
    return _container(parts, lambda values: dict(zip(keys, values, strict=True)))


def _container(parts: Sequence[Value], collect: Callable[[list[Json]], Json]) -> Value:
    def compute(facts: Facts, moment: Moment, language: str) -> Json | Unknown:
        found: list[Json] = []
        unknown: Unknown | None = None
        for part in parts:
            value = part.compute(facts, moment, language)
            if isinstance(value, Unknown):
                unknown = value if unknown is None else unknown | value
            else:
                found.append(value)
        return collect(found) if unknown is None else unknown

    return Value(
        compute,
        frozenset[str]().union(*(part.fields for part in parts)),
        frozenset[str]().union(*(part.optional_fields for part in parts)),
        is_literal=all(part.is_literal for part in parts),
    )
