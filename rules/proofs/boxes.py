"""Boxes as people and programs read them: each field that matters with a cell, in the syntax of the table's cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from rules.duration import Duration
from rules.proofs.space import Axis, Box, Space
from rules.tables.cells import Cut, Span, after
from rules.tables.partition import Between, Only, Others
from rules.tree import Value
from rules.types import Declaration, Json, Type
from rules.writing import instant_text, titled, written

Words: TypeAlias = tuple[str, str]

MISSING: Json = {"!": [{"is_set": ""}]}
"""The cell of a field without a value."""


def cell_json(value: Value, zone: ZoneInfo) -> Json:
    """A value as cells and literals write it: money as minor units, instants on the clock of the zone."""
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return instant_text(value.astimezone(zone))
        case date():
            return value.isoformat()
        case Duration():
            return str(value)
        case _:
            plain: Json = value
            return plain


def box_json(space: Space, box: Box) -> dict[str, Json]:
    """The box by field; a field that may be anything is left out."""
    return {axis.field: axis_cell(axis, chosen, space.zone) for axis, chosen in mattering(space, box)}


def lacking_json(space: Space, box: Box, gone: Sequence[str]) -> dict[str, Json]:
    """The box by field, with some fields missing."""
    return {**box_json(space, box), **dict.fromkeys(gone, MISSING)}


def mattering(space: Space, box: Box) -> Iterator[tuple[Axis, Sequence[int]]]:
    """The axes on which the box leaves known values out."""
    for axis, chosen in zip(space.axes, box, strict=True):
        known = [i for i, slot in enumerate(axis.slots) if slot.atom is not None]
        if not set(known) <= set(chosen):
            yield axis, chosen


def axis_cell(axis: Axis, chosen: Sequence[int], zone: ZoneInfo) -> Json:
    """The cell that says some slots of an axis."""
    named, spans, negated = _parts(axis, chosen)
    if negated is not None:
        return {"not": [cell_json(value, zone) for value in negated]}
    if not named and not spans:
        return MISSING
    cells: list[Json] = [cell_json(value, zone) for value in named]
    for span in spans:
        single = single_value(span, axis.type)
        cells.append(_range(span, zone) if single is None else cell_json(single, zone))
    if any(span.low is not None and span.low[1] for span in spans):
        return {"or": [_compared(span, zone) for span in spans]} if len(spans) > 1 else _compared(spans[0], zone)
    return cells[0] if len(cells) == 1 and isinstance(cells[0], dict) else cells


def _parts(axis: Axis, chosen: Sequence[int]) -> tuple[list[Value], list[Span], list[Value] | None]:
    """The values and spans of the slots; or, where what nobody names is among them, the values that are not."""
    atoms = [axis.slots[i].atom for i in chosen]
    if any(isinstance(atom, Others) for atom in atoms):
        others = (slot.atom for i, slot in enumerate(axis.slots) if i not in set(chosen))
        return [], [], [atom.value for atom in others if isinstance(atom, Only)]
    named = [atom.value for atom in atoms if isinstance(atom, Only)]
    return named, _joined([atom for atom in atoms if isinstance(atom, Between)]), None


def plain_cell(cell: Json) -> Json:
    """A cell as an author would write it: a list of one as what stands in it."""
    return cell[0] if isinstance(cell, list) and len(cell) == 1 else cell


def spans_of(axis: Axis, chosen: Sequence[int]) -> list[Span]:
    """The spans that some slots of an ordered axis make."""
    return _parts(axis, chosen)[1]


def _joined(atoms: Sequence[Between]) -> list[Span]:
    """Spans one after the other; those that touch are one."""
    spans: list[Span] = []
    for atom in atoms:
        if spans and spans[-1].high is not None and spans[-1].high == atom.low:
            spans[-1] = Span(spans[-1].low, atom.high)
        else:
            spans.append(Span(atom.low, atom.high))
    return spans


def single_value(span: Span, type_: Type) -> Value | None:
    """The value of a span that has no other."""
    if span.low is None or span.low[1] or span.high is None:
        return None
    return span.low[0] if after(span.low[0], type_) == span.high else None


def _range(span: Span, zone: ZoneInfo) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if span.low is not None:
        found["from"] = cell_json(span.low[0], zone)
    if span.high is not None:
        found["to"] = cell_json(span.high[0], zone)
        found |= {"to_included": True} if span.high[1] else {}
    return found


def _compared(span: Span, zone: ZoneInfo) -> Json:
    """A span as a condition, for one that begins behind a value: no range says that."""
    own: Json = {"var": ""}
    tests: list[Json] = []
    if span.low is not None:
        tests.append({">" if span.low[1] else ">=": [own, cell_json(span.low[0], zone)]})
    if span.high is not None:
        tests.append({"<=" if span.high[1] else "<": [own, cell_json(span.high[0], zone)]})
    return tests[0] if len(tests) == 1 else {"and": tests}


# In words


def box_words(space: Space, box: Box) -> Words:
    """The box in Chinese and English: "tier is silver, days 0–29"; everything, when nothing matters."""
    told = [_told(axis, chosen, space.zone) for axis, chosen in mattering(space, box)]
    if not told:
        return "所有情况", "all cases"
    return "，".join(zh for zh, _ in told), ", ".join(en for _, en in told)


def lacking_words(space: Space, box: Box, gone: Sequence[str]) -> Words:
    """The box in words, with some fields missing."""
    known = {path: each for table in space.tables for path, each in table.known.items()}
    titles = [field_title(path, known.get(path)) for path in gone]
    missing = [(f"{zh}缺失", f"{en} is missing") for zh, en in titles]
    told = [_told(axis, chosen, space.zone) for axis, chosen in mattering(space, box) if axis.field not in gone]
    return "，".join(zh for zh, _ in [*told, *missing]), ", ".join(en for _, en in [*told, *missing])


def _told(axis: Axis, chosen: Sequence[int], zone: ZoneInfo) -> Words:
    named, spans, negated = _parts(axis, chosen)
    zh, en = field_title(axis.field, axis.declaration)
    if negated is not None:
        return f"{zh}不是 {_either(negated, axis, zone, 'zh')}", f"{en} is not {_either(negated, axis, zone, 'en')}"
    if not named and not spans:
        return f"{zh}缺失", f"{en} is missing"
    lone = [single_value(span, axis.type) for span in spans]
    named += [value for value in lone if value is not None]
    ranges = [_span_words(span, axis.type, zone) for span, value in zip(spans, lone, strict=True) if value is None]
    told_zh = [f"为 {_either(named, axis, zone, 'zh')}"] if named else []
    told_en = [f"is {_either(named, axis, zone, 'en')}"] if named else []
    told_zh += [f" {words[0]}" for words in ranges]
    told_en += [words[1] for words in ranges]
    return f"{zh}{' 或'.join(told_zh)}", f"{en} {' or '.join(told_en)}"


def field_title(path: str, declaration: Declaration | None) -> Words:
    """How people call a field."""
    title = declaration.title if declaration is not None else None
    if title is None:
        return _MOMENT.get(path, (path, path))
    return (title, title) if isinstance(title, str) else (title.zh, title.en)


_MOMENT = {"now": ("时间", "time"), "today": ("日期", "date")}


def _either(values: Sequence[Value], axis: Axis, zone: ZoneInfo, language: str) -> str:
    shown = [titled(value, axis.type, language, zone) for value in values[:_SHOWN]]
    more = len(values) - len(shown)
    if more:
        shown.append(f"其他 {more} 个值" if language == "zh" else f"{more} other values")
    if language == "zh":
        return " 或 ".join(shown)
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


_SHOWN = 6


def _span_words(span: Span, type_: Type, zone: ZoneInfo) -> Words:
    """A span; of whole numbers and days its last value, else what it ends before."""
    whole = type_.kind in {"integer", "date"}
    low = _edge(span.low, type_, zone)
    high = _edge(_last(span.high) if whole and span.high is not None else span.high, type_, zone)
    match low, high:
        case None, None:
            return "任意值", "any value"
        case None, (zh, en):
            return (f"至多 {zh}", f"at most {en}") if whole else (f"{zh} 以下", f"below {en}")
        case (zh, en), None:
            return f"至少 {zh}", f"at least {en}"
        case (low_zh, low_en), (high_zh, high_en):
            if type_.kind == "integer":
                return f"{low_zh}–{high_zh}", f"{low_en}–{high_en}"
            if whole:
                return f"{low_zh} 至 {high_zh}", f"from {low_en} to {high_en}"
            return f"{low_zh} 起、不到 {high_zh}", f"from {low_en} to below {high_en}"
    raise AssertionError


def _edge(cut: Cut | None, type_: Type, zone: ZoneInfo) -> Words | None:
    if cut is None:
        return None
    return written(cut[0], type_, "zh", zone), written(cut[0], type_, "en", zone)


def _last(cut: Cut) -> Cut:
    """The last whole value before a cut."""
    value, behind = cut
    if behind:
        return cut
    return (value - timedelta(days=1) if isinstance(value, date) else value - 1), 0


# As conditions


def box_conditions(box: Mapping[str, Json]) -> dict[str, Json]:
    """For each field of a box the condition that its cell states, as counts and audiences take it."""
    return {field: _condition({"var": field}, cell) for field, cell in box.items()}


def _condition(own: Json, cell: Json) -> Json:
    match cell:
        case list():
            values: list[Json] = [item for item in cell if not isinstance(item, dict)]
            told: list[Json] = [_condition(own, item) for item in cell if isinstance(item, dict)]
            told += [{"in": [own, values]}] if values else []
            return told[0] if len(told) == 1 else {"or": told}
        case {"not": inner}:
            return {"!": [_condition(own, inner)]}
        case dict() if "from" in cell or "to" in cell:
            last = "<=" if cell.get("to_included") else "<"
            tests: list[Json] = [{">=": [own, cell["from"]]}] if "from" in cell else []
            tests += [{last: [own, cell["to"]]}] if "to" in cell else []
            return tests[0] if len(tests) == 1 else {"and": tests}
        case _:
            return _of_field(own, cell)


def _of_field(own: Json, condition: Json) -> Json:
    """A condition of `_compared`, or that of a missing field, with the field in its place."""
    match condition:
        case {"var": ""}:
            return own
        case {"is_set": ""}:
            return {"is_set": own}
        case dict():
            return {name: _of_field(own, given) for name, given in condition.items()}
        case list():
            return [_of_field(own, item) for item in condition]
        case _:
            return condition
