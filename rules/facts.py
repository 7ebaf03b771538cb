"""Reading one field from the facts: the path is split and the conversion chosen once, when the rule is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rules import evaluation_messages
from rules.errors import EvaluationError
from rules.limits import MAX_LIST
from rules.moment import Moment
from rules.scalars import PARSERS, SEVERAL, parse_exact_integer
from rules.tree import Closure, Facts, Value
from rules.types import ANY, Json, Kind, Type
from rules.unknown import Unknown

COUNTED = frozenset({"tags", "list"})
"""Kinds whose reading is charged for."""

_PLAIN: dict[Kind, type] = {"boolean": bool, "integer": int, "money": int, "text": str, "enum": str, "ref": str}
"""Kinds whose values stand in the facts as rules use them; others are converted at each reading."""

_ABSENT = (KeyError, TypeError, IndexError)
"""What a path meets that leads nowhere: no such key, or null or a scalar on the way."""

Convert = Callable[[Value, Moment], Value]


def reader(keys: Sequence[str], type_: Type, path: str) -> Closure:
    """A closure that reads the field to which the keys lead; `path` is how it is called.

    It gives an Unknown when the field is missing or null, and raises EvaluationError when it is of another type.
    """
    missing, convert, plain = Unknown(frozenset({path})), _converter(path, type_), _PLAIN.get(type_.kind)
    match list(keys):
        case [one, two]:
            return _read_two(one, two, plain, convert, missing)
        case [one, two, three]:
            return _read_three((one, two, three), plain, convert, missing)
        case _:
            return _read_any(keys, convert, missing)


def is_present(facts: Facts, keys: Sequence[str]) -> bool:
    """Whether something other than null stands at the path."""
    value: Value = facts
    try:
        for key in keys:
            value = value[key]
    except _ABSENT:
        return False
    return value is not None


def _read_two(one: str, two: str, plain: type | None, convert: Convert, missing: Unknown) -> Closure:
    def run(facts: Facts, moment: Moment) -> Value:
        try:
            value = facts[one][two]
        except _ABSENT:
            return missing
        if type(value) is plain:
            return value
        return missing if value is None else convert(value, moment)

    return run


def _read_three(path: tuple[str, str, str], plain: type | None, convert: Convert, missing: Unknown) -> Closure:
    one, two, three = path

    def run(facts: Facts, moment: Moment) -> Value:
        try:
            value = facts[one][two][three]
        except _ABSENT:
            return missing
        if type(value) is plain:
            return value
        return missing if value is None else convert(value, moment)

    return run


def _read_any(keys: Sequence[str], convert: Convert, missing: Unknown) -> Closure:
    def run(facts: Facts, moment: Moment) -> Value:
        value: Value = facts
        try:
            for key in keys:
                value = value[key]
        except _ABSENT:
            return missing
        return missing if value is None else convert(value, moment)

    return run


def _converter(path: str, type_: Type) -> Convert:
    parse = value_parser(type_)
    counted = type_.kind in COUNTED

    def convert(value: Value, moment: Moment) -> Value:
        if counted and isinstance(value, SEVERAL):
            if len(value) > MAX_LIST:
                raise _too_long(path, len(value))
            moment.charge(len(value))
        try:
            return parse(value)
        except ValueError:
            message = evaluation_messages.wrong_fact(path, type_, value)
            raise EvaluationError(message, field=path) from None

    return convert


def value_parser(type_: Type) -> Callable[[object], object]:
    """How a value of the type is read from JSON; raises ValueError for what is not of it."""
    match type_.kind:
        case "money":
            return _money_parser(type_.currency)
        case "list":
            return _list_parser(type_.of)
        case "object":
            return _parse_object
        case "any":
            return lambda value: value
        case kind:
            return PARSERS[kind]


def _money_parser(currency: str | None) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if not isinstance(value, Mapping):
            return parse_exact_integer(value)
        if currency is not None and value.get("currency", currency) != currency:
            raise ValueError("another currency")
        return parse_exact_integer(value.get("minor"))

    return parse


def _list_parser(of: Type | None) -> Callable[[object], object]:
    parse_item = value_parser(of or ANY)

    def parse(value: object) -> object:
        if not isinstance(value, list | tuple):
            raise ValueError("not a list")  # noqa: TRY004  one error for all that cannot be read
        return [parse_item(item) for item in value]

    return parse


def _parse_object(value: object) -> object:
    if isinstance(value, Mapping):
        return value
    raise ValueError("not an object")


def _too_long(path: str, length: int) -> EvaluationError:
    return EvaluationError(evaluation_messages.long_fact(path, length, MAX_LIST), field=path)


def nested(values: Mapping[str, Json]) -> dict[str, Json]:
    """Values by path as objects in objects. Raises ValueError where a path leads through another one's value."""
    facts: dict[str, Json] = {}
    for path, value in sorted(values.items()):
        *scopes, name = path.split(".")
        inside = facts
        for scope in scopes:
            below = inside.setdefault(scope, {})
            if not isinstance(below, dict):
                raise ValueError(f"{path} leads through the value of another field")  # noqa: TRY004  not of the caller's
            inside = below
        inside[name] = value
    return facts
