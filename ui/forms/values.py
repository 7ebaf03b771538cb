"""One value as the text of its field, and that text as a value again: a pair for each kind."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from rules.documents.pointers import ABSENT, Absent
from rules.errors import RuleError
from rules.reader import loads
from rules.types import Json
from rules.zones import HOME
from ui.forms import durations
from ui.forms.mistakes import Mistake
from ui.forms.shapes import Kind, Shape, Value
from ui.messages import Language

CURRENCY = "CNY"
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND"})
_LONGEST_NUMBER = 40
_CLOCK = re.compile(r"(\d{1,2})\s*[:\uff1a点时.]\s*(\d{0,2})\s*分?", re.ASCII)
_MARKS = str.maketrans(dict.fromkeys("\u00a5\uffe5\u5143,\uff0c%\uff05 ", ""))
"""Signs of yuan, percent and thousands: they say nothing more where one number is asked for."""


def fits(kind: Kind, value: Value) -> bool:
    """Whether a field of this kind can show the value without losing any of it; nothing and null always fit."""
    match value:
        case None | Absent():
            return True
        case bool():
            return kind in {"boolean", "enum"}
        case int():
            return kind in {"integer", "number", "share", "money", "enum"}
        case float():
            return kind == "number" and math.isfinite(value)
        case str():
            return kind in _TEXTS
        case dict():
            special = (kind == "money" and _is_money(value)) or (kind == "field" and _is_field(value))
            return special or kind in {"object", "map", "union"}
        case list():
            return kind == "list"


_TEXTS = frozenset(
    {
        "text", "long_text", "name", "enum", "duration", "clock", "date", "instant", "reference", "event", "node",
        "activity", "zone",
    }
)  # fmt: skip


def _is_money(value: Mapping[str, Json]) -> bool:
    minor = value.get("minor")
    return (
        value.keys() == {"minor", "currency"}
        and isinstance(value["currency"], str)
        and isinstance(minor, int)
        and not isinstance(minor, bool)
    )


def _is_field(value: Mapping[str, Json]) -> bool:
    return value.keys() == {"var"} and isinstance(value["var"], str)


def written(kind: Kind, value: Value, language: Language) -> str:
    """The text that stands in a field of this kind; `fits` says whether it tells all."""
    if value is None or isinstance(value, Absent):
        return "" if kind not in {"json", "condition"} or isinstance(value, Absent) else "null"
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value, language)
    return value if isinstance(value, str) else _as_json(value)


def read(shape: Shape, kind: Kind, typed: str, present: Value) -> Value:
    """What was typed as a value; nothing typed is no value. Raises Mistake."""
    if not typed.strip() and kind != "text":
        return ABSENT
    if not typed:
        return ABSENT
    return _READERS.get(kind, _plain)(typed, shape, present)


# Writing


def _as_json(value: Json) -> str:
    lines = 2 if isinstance(value, dict | list) else None
    return json.dumps(value, ensure_ascii=False, indent=lines)


def _money_text(value: Json, _: Language) -> str:
    minor, currency = (value["minor"], value["currency"]) if isinstance(value, dict) else (value, CURRENCY)
    digits = 0 if currency in _WITHOUT_CENTS else 2
    return f"{Decimal(str(minor)).scaleb(-digits):.{digits}f}"


def _share_text(value: Json, _: Language) -> str:
    return f"{Decimal(str(value)) / 100:f}".rstrip("0").rstrip(".") if value else "0"


def _duration_text(value: Json, language: Language) -> str:
    return durations.spoken(str(value), language)


_WRITERS: Mapping[Kind, Callable[[Json, Language], str]] = {
    "json": lambda value, _: _as_json(value),
    "condition": lambda value, _: _as_json(value),
    "field": lambda value, _: str(value["var"]) if isinstance(value, dict) else "",
    "money": _money_text,
    "share": _share_text,
    "duration": _duration_text,
}

# Reading


def _text(typed: str, _shape: Shape, _present: Value) -> Value:
    return typed


def _plain(typed: str, _shape: Shape, _present: Value) -> Value:
    return typed.strip()


def _field(typed: str, _shape: Shape, _present: Value) -> Value:
    return {"var": typed.strip()}


def _integer(typed: str, _shape: Shape, _present: Value) -> Value:
    digits = typed.translate(_MARKS)
    if not re.fullmatch(r"[+-]?\d{1,18}", digits, re.ASCII):
        raise Mistake("forms.mistake.integer")
    return int(digits)


def _number(typed: str, _shape: Shape, _present: Value) -> Value:
    number = _decimal(typed, "forms.mistake.number")
    return int(number) if number == number.to_integral_value() and "." not in typed else float(number)


def _share(typed: str, _shape: Shape, _present: Value) -> Value:
    points = _decimal(typed, "forms.mistake.share") * 100
    if points != points.to_integral_value() or not 0 <= points <= 10_000:
        raise Mistake("forms.mistake.share")
    return int(points)


def _money(typed: str, shape: Shape, present: Value) -> Value:
    currency = present.get("currency") if isinstance(present, dict) else None
    digits = 0 if currency in _WITHOUT_CENTS else 2
    minor = _decimal(typed, "forms.mistake.money").scaleb(digits)
    if minor != minor.to_integral_value():
        raise Mistake("forms.mistake.cents" if digits else "forms.mistake.integer")
    if shape.schema.get("type") == "integer":
        return int(minor)
    return {"minor": int(minor), "currency": currency if isinstance(currency, str) else CURRENCY}


def _decimal(typed: str, key: str) -> Decimal:
    digits = typed.translate(_MARKS)
    if len(digits) > _LONGEST_NUMBER or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", digits, re.ASCII):
        raise Mistake(key)
    try:
        return Decimal(digits)
    except InvalidOperation as error:
        raise Mistake(key) from error


def _duration(typed: str, shape: Shape, _present: Value) -> Value:
    try:
        return durations.to_iso(typed, signed=shape.signed)
    except durations.NotADurationError as error:
        raise Mistake(error.key) from error


def _clock(typed: str, _shape: Shape, _present: Value) -> Value:
    match = _CLOCK.fullmatch(typed.strip())
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if hour > 23 or minute > 59:
        raise Mistake("forms.mistake.clock")
    return f"{hour:02}:{minute:02}"


def _date(typed: str, _shape: Shape, _present: Value) -> Value:
    try:
        return date.fromisoformat(typed.strip().replace("/", "-")).isoformat()
    except ValueError as error:
        raise Mistake("forms.mistake.date") from error


def _instant(typed: str, _shape: Shape, _present: Value) -> Value:
    try:
        at = datetime.fromisoformat(typed.strip().replace("/", "-"))
    except ValueError as error:
        raise Mistake("forms.mistake.instant") from error
    return (at if at.tzinfo else at.replace(tzinfo=HOME)).isoformat()


def _boolean(typed: str, _shape: Shape, _present: Value) -> Value:
    if typed not in {"true", "false"}:
        raise Mistake("forms.mistake.boolean")
    return typed == "true"


def _choice(typed: str, shape: Shape, _present: Value) -> Value:
    found = [choice for choice in shape.choices if (choice if isinstance(choice, str) else _as_json(choice)) == typed]
    if not found:
        raise Mistake("forms.mistake.choice")
    return found[0]


def _json(typed: str, _shape: Shape, _present: Value) -> Value:
    try:
        return loads(typed)
    except RuleError as error:
        raise Mistake("forms.mistake.json") from error


_READERS: Mapping[Kind, Callable[[str, Shape, Value], Value]] = {
    "text": _text,
    "long_text": _text,
    "field": _field,
    "integer": _integer,
    "number": _number,
    "share": _share,
    "money": _money,
    "duration": _duration,
    "clock": _clock,
    "date": _date,
    "instant": _instant,
    "boolean": _boolean,
    "enum": _choice,
    "json": _json,
    "condition": _json,
}
