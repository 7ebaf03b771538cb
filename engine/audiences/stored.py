"""Values that stand as JSON in a column, read by their declared type without ever raising.

What is not plainly of the type, by a rule narrower than that of the closures, is a fault: closures decide on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rules.limits import MAX_INTEGER
from rules.sql import EASY_WORK, Column
from rules.types import Type

Taken: TypeAlias = tuple[str, str]
"""A test that is never NULL, and the value where it holds."""

_DECIMAL = "^-?[0-9]{1,20}([.][0-9]{1,18})?$"
_DATES = ("____-__-__",)
_INSTANTS = tuple(
    f"____-__-__T__:__:__{fraction}{zone}" for fraction in ("", ".______", ".___") for zone in ("Z", "+__:__", "-__:__")
)
"""Shapes of texts, a digit for each low line. Rarer ones are left to closures."""


def stored(json: str, type_: Type) -> Column:
    """How a field of this type is read from an expression of type jsonb."""
    present = f"COALESCE(jsonb_typeof({json}) <> 'null', FALSE)"
    taken = _taken(json, type_)
    if not taken:
        return Column(None, present)
    values = " ".join(f"WHEN '{kind}' THEN {_where(test, value)}" for kind, (test, value) in taken.items())
    faults = " ".join(f"WHEN '{kind}' THEN NOT {test}" for kind, (test, _) in taken.items())
    return Column(
        f"(CASE jsonb_typeof({json}) {values} END)",
        present,
        f"(CASE jsonb_typeof({json}) {faults} WHEN 'null' THEN FALSE ELSE {json} IS NOT NULL END)",
        f"(CASE WHEN jsonb_typeof({json}) = 'array' THEN {_where(_strings(json), json)} END)"
        if type_.kind == "tags"
        else None,
    )


def _where(test: str, value: str) -> str:
    return value if test == "TRUE" else f"CASE WHEN {test} THEN {value} END"


def _taken(json: str, type_: Type) -> dict[str, Taken]:
    """By the type of the JSON; nothing for a type that SQL does not read."""
    text = f"({json} #>> '{{}}')"
    match type_.kind:
        case "boolean":
            return {"boolean": ("TRUE", f"({json} = 'true'::jsonb)")}
        case "text" | "enum" | "ref":
            return {"string": ("TRUE", text)}
        case "integer":
            number = f"({json})::numeric"
            return {"number": (f"(abs({number}) <= {MAX_INTEGER} AND {number} = trunc({number}))", number)}
        case "decimal":
            of_text = (f"({text} ~ '{_DECIMAL}')", f"{text}::numeric")
            return {"number": _exact_integer(json), "string": of_text}
        case "money":
            return {"number": _exact_integer(json), "object": _amount(json, type_.currency)}
        case "tags":
            return {"array": (_strings(json), f"ARRAY(SELECT jsonb_array_elements_text({json}))")}
        case "date":
            return {"string": (_valid(text, _DATES, "date"), f"{text}::date")}
        case "instant":
            return {"string": (_usual(text), f"{text}::timestamptz")}
        case _:
            return {}


def _exact_integer(json: str) -> Taken:
    """A number written without a decimal point: 3.0 may have been a float."""
    number = f"({json})::numeric"
    return f"(abs({number}) <= {MAX_INTEGER} AND scale({number}) = 0)", number


def _amount(json: str, currency: str | None) -> Taken:
    """{minor, currency}; where the field has a currency, the value's is the same or left out."""
    test, value = _exact_integer(f"({json} -> 'minor')")
    if currency is not None:
        test = f"({test} AND COALESCE({json} -> 'currency' = to_jsonb('{currency}'::text), TRUE))"
    return f"(CASE WHEN jsonb_typeof({json} -> 'minor') = 'number' THEN {test} ELSE FALSE END)", value


def _strings(json: str) -> str:
    others = f"""jsonb_path_exists({json}, 'strict $[*] ? (@.type() != "string")')"""
    return f"(jsonb_array_length({json}) <= {EASY_WORK} AND NOT {others})"


def _valid(text: str, shapes: Sequence[str], type_: str) -> str:
    """A text of one of these shapes that the calendar has. A pattern would cost the server five times as much."""
    rest = f"translate({text}, '0123456789', '') = ANY ('{{{','.join(dict.fromkeys(map(_without_digits, shapes)))}}}')"
    like = " OR ".join(f"{text} LIKE '{shape}'" for shape in shapes)
    return f"(CASE WHEN ({like}) AND {rest} THEN pg_input_is_valid({text}, '{type_}') ELSE FALSE END)"


def _usual(text: str) -> str:
    """An instant of one of the shapes, but for what only PostgreSQL takes for a time, and the ends of the calendar."""
    odd = f"substr({text}, 12, 2) = '24' OR substr({text}, 18, 2) = '60' OR left({text}, 4) IN ('0001', '9999')"
    return f"(CASE WHEN {_valid(text, _INSTANTS, 'timestamptz')} THEN NOT ({odd}) ELSE FALSE END)"


def _without_digits(shape: str) -> str:
    return shape.replace("_", "")
