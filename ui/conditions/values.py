"""Values in the fields of tests: how each kind is shown to be changed, and what was sent as JSON again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from rules.documents.pointers import ABSENT, Absent
from rules.errors import RuleError
from rules.reader import loads
from rules.types import Json, Title, Type
from ui.conditions.shapes import Slot
from ui.conditions.typed import wanted
from ui.forms.mistakes import Mistake
from ui.forms.shapes import Kind, shape
from ui.forms.values import read as read_typed
from ui.forms.values import written
from ui.messages import Language

Widget: TypeAlias = Literal[
    "choice", "choices", "text", "texts", "number", "numbers", "yuan", "yuans", "date", "dates", "instant", "duration",
    "weekdays", "clock", "reference", "references", "json",
]  # fmt: skip
"""How a value is shown to be changed; the plural ones hold several, one a line or ticked."""

MANY = frozenset({"choices", "texts", "numbers", "yuans", "dates", "references", "weekdays"})
LONGEST = 64 * 1024
"""Characters of one field."""


class MistakeError(ValueError):
    """What was sent is no value of its kind; `key` is the message that says what to write, `detail` why, if known."""

    def __init__(self, key: str, detail: Mapping[str, str] | None = None) -> None:
        super().__init__(key)
        self.key = key
        self.detail = detail


@dataclass(frozen=True)
class Entry:
    """A value as a field shows it: `texts` what stands in it, several where it holds several; `options` to choose."""

    widget: Widget
    texts: tuple[str, ...]
    options: tuple[str, ...] = ()
    ref: str = ""
    titles: Mapping[str, Title] = field(default_factory=dict)
    """What the options are called, by value, where somebody has said."""

    @property
    def text(self) -> str:
        """What stands in a field of one value, or of several, one a line."""
        return "\n".join(self.texts)


@dataclass(frozen=True)
class Speaking:
    """What the words of values depend on."""

    language: Language
    zone: ZoneInfo


def entry(slot: Slot, subject: Type, value: Json, speaking: Speaking) -> Entry:
    """The field for a value in a slot beside a subject. What its kind cannot show is shown as JSON."""
    widget, type_ = widget_of(slot, subject), wanted(slot, subject)
    items = value if isinstance(value, list) and widget in MANY else [value]
    if (
        widget == "json"
        or (isinstance(value, list) != (widget in MANY))
        or not all(_can_show(widget, item) for item in items)
    ):
        return Entry("json", (json.dumps(value, ensure_ascii=False),))
    shown = tuple(_shown(widget, item, speaking) for item in items)
    return Entry(widget, shown, _options(widget, type_, shown), type_.ref or "", type_.titles)


def widget_of(slot: Slot, subject: Type) -> Widget:
    """How the values of a slot are shown to be changed."""
    if slot in _BY_SLOT:
        return _BY_SLOT[slot]
    type_ = wanted(slot, subject)
    if slot == "tags" or type_.kind == "tags":
        return "choices" if type_.values else "texts"
    if slot == "many":
        return _SEVERAL.get(type_.kind, "json")
    return _ONE.get(type_.kind, "json")


_BY_SLOT: Mapping[Slot, Widget] = {
    "length": "duration", "weekdays": "weekdays", "clock": "clock", "text": "text", "codes": "texts", "any": "json",
    "count": "number", "region": "reference",
}  # fmt: skip
_ONE: Mapping[str, Widget] = {
    "boolean": "choice", "enum": "choice", "integer": "number", "decimal": "number", "money": "yuan", "text": "text",
    "date": "date", "instant": "instant", "duration": "duration", "ref": "reference",
}  # fmt: skip
_SEVERAL: Mapping[str, Widget] = {
    "enum": "choices", "integer": "numbers", "decimal": "numbers", "money": "yuans", "text": "texts", "date": "dates",
    "ref": "references",
}  # fmt: skip
WEEKDAYS = ("1", "2", "3", "4", "5", "6", "7")


def _options(widget: Widget, type_: Type, shown: Sequence[str]) -> tuple[str, ...]:
    """What there is to choose from; a value that is there and not among it stays to be seen."""
    if widget == "weekdays":
        return WEEKDAYS
    if widget not in {"choice", "choices"}:
        return ()
    declared = ("true", "false") if type_.kind == "boolean" else type_.values or ()
    return tuple(dict.fromkeys([*declared, *shown]))


# Shown


def _can_show(widget: Widget, value: Json) -> bool:
    match widget:
        case "choice" | "choices":
            return isinstance(value, str | bool)
        case "number" | "numbers":
            return isinstance(value, int | str) and not isinstance(value, bool)
        case "yuan" | "yuans" | "weekdays":
            return isinstance(value, int) and not isinstance(value, bool)
        case "instant":
            return isinstance(value, str) and _instant(value) is not None
        case "texts" | "references" | "dates":
            return isinstance(value, str) and "\n" not in value and value == value.strip() and value != ""
        case "text" | "reference":
            return isinstance(value, str) and "\n" not in value and "\r" not in value
        case _:
            return isinstance(value, str)


def _shown(widget: Widget, value: Json, speaking: Speaking) -> str:
    match widget, value:
        case _, bool():
            return "true" if value else "false"
        case (("yuan" | "yuans"), int()):
            return written("money", value, speaking.language)
        case "duration", str():
            return written("duration", value, speaking.language)
        case "instant", str():
            at = _instant(value)
            return at.astimezone(speaking.zone).strftime("%Y-%m-%dT%H:%M") if at else value
        case _:
            return str(value)


def _instant(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else None


# Sent


def read(slot: Slot, subject: Type, sent: Sequence[str], present: Json, speaking: Speaking) -> Json:
    """What was sent from the field that showed `present`; `present` itself where nothing was changed.

    Raises MistakeError.
    """
    shown = entry(slot, subject, present, speaking)
    texts = _lines(sent, shown) if shown.widget in MANY else ["".join(sent).strip("\r\n")]
    if [*shown.texts] == texts:
        return present
    if any(len(text) > LONGEST for text in texts):
        raise MistakeError("conditions.mistake.long")
    type_ = wanted(slot, subject)
    found = [_value(shown, type_, text, speaking) for text in texts]
    return found if shown.widget in MANY else found[0]


def _lines(sent: Sequence[str], shown: Entry) -> list[str]:
    """Several values: those that were ticked, or one a line; commas set them apart too, where none has one.

    Where the same is ticked as before, it stays as it is written.
    """
    lines = [line.strip() for text in sent for line in text.splitlines() if line.strip()]
    if shown.widget in {"choices", "weekdays"}:
        return [*shown.texts] if {*lines} == {*shown.texts} else lines
    if any(_COMMA.search(text) for text in shown.texts):
        return lines
    return [piece for line in lines for each in _COMMA.split(line) if (piece := each.strip())]


_COMMA = re.compile("[,\uff0c、;\uff1b]")


def _value(shown: Entry, type_: Type, text: str, speaking: Speaking) -> Json:
    reader = _READERS.get(shown.widget)
    return text.strip() if reader is None else reader(text, type_, speaking)


def _plain(text: str, _type: Type, _speaking: Speaking) -> Json:
    return text


def _choice(text: str, type_: Type, _speaking: Speaking) -> Json:
    if type_.kind != "boolean":
        return text
    if text not in {"true", "false"}:
        raise MistakeError("conditions.mistake.choice")
    return text == "true"


_MARKS = str.maketrans(dict.fromkeys(",\uff0c ", ""))


def _number(text: str, type_: Type, _speaking: Speaking) -> Json:
    digits = text.translate(_MARKS)
    if re.fullmatch(r"[+-]?\d{1,17}", digits, re.ASCII):
        return int(digits)
    if type_.kind == "decimal" and re.fullmatch(r"[+-]?\d{1,20}\.\d{1,20}", digits, re.ASCII):
        return digits
    raise MistakeError("conditions.mistake.decimal" if type_.kind == "decimal" else "conditions.mistake.integer")


def _moment(text: str, _type: Type, speaking: Speaking) -> Json:
    try:
        at = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        raise MistakeError("conditions.mistake.instant") from None
    return (at if at.tzinfo else at.replace(tzinfo=speaking.zone)).isoformat()


def _weekday(text: str, _type: Type, _speaking: Speaking) -> Json:
    if text not in WEEKDAYS:
        raise MistakeError("conditions.mistake.choice")
    return int(text)


def _formed(kind: Kind, schema: Mapping[str, str]) -> Callable[[str, Type, Speaking], Json]:
    """What fields of forms make of it: amounts, days, times of day, lengths of time as people say them."""

    def reader(text: str, _type: Type, _speaking: Speaking) -> Json:
        try:
            value = read_typed(shape(schema), kind, text, ABSENT)
        except Mistake as mistake:
            raise MistakeError(mistake.key) from None
        if isinstance(value, Absent):
            raise MistakeError("conditions.mistake.empty")
        return value

    return reader


_amount = _formed("money", {"type": "integer"})
_day = _formed("date", {"type": "string"})


def _json(text: str, _type: Type, _speaking: Speaking) -> Json:
    try:
        return loads(text)
    except RuleError as error:
        raise MistakeError("conditions.mistake.json", error.problems[0].message) from None


_READERS: Mapping[Widget, Callable[[str, Type, Speaking], Json]] = {
    "text": _plain,
    "choice": _choice,
    "choices": _choice,
    "number": _number,
    "numbers": _number,
    "yuan": _amount,
    "yuans": _amount,
    "date": _day,
    "dates": _day,
    "instant": _moment,
    "duration": _formed("duration", {"type": "string"}),
    "weekdays": _weekday,
    "clock": _formed("clock", {"type": "string"}),
    "json": _json,
}
