"""Values that stand as JSON in a column, read by their declared type without ever raising.

What is not plainly of the type, by a rule narrower than that of the closures, is a fault: closures decide on it.
"""

from __future__ import annotations

from typing import TypeAlias

from rules.limits import MAX_INTEGER
from rules.sql import EASY_WORK, Column
from rules.types import Type

Taken: TypeAlias = tuple[str, str]
"""A test that is never NULL, and the value where it holds."""

_DECIMAL = "^-?[0-9]{1,20}([.][0-9]{1,18})?$"
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_INSTANT = (
    "^(000[2-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-8][0-9]{3}|9[0-8][0-9]{2})-[0-9]{2}-[0-9]{2}[Tt ]"
    "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?([Zz]|[+-](0[0-9]|1[0-3]):[0-5][0-9])$"
)
"""Not the first and the last years, whose instants may lie outside the calendar in another zone."""


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
            return {"string": (_valid(text, _DATE, "date"), f"{text}::date")}
        case "instant":
            return {"string": (_valid(text, _INSTANT, "timestamptz"), f"{text}::timestamptz")}
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


def _valid(text: str, pattern: str, type_: str) -> str:
    """A text of this shape that the calendar has."""
    return f"(CASE WHEN {text} ~ '{pattern}' THEN pg_input_is_valid({text}, '{type_}') ELSE FALSE END)"
