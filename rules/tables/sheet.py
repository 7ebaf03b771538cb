"""The rows of a ruleset as a table of texts, and back: one line for each row, one column for each of its parts.

    id | when:member.tier [enum] 会员等级 / Tier | … | and | valid:from | valid:to | then:zone [ref:price_zone] … | note

The first word of a heading says which column it is; in brackets stands the type by which its values are written. All
else of the document stays as it is. What cannot be told without loss is refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from rules.tables import sheet_messages as messages
from rules.tables.document import MAX_ROWS
from rules.tables.notation import write_cell
from rules.tables.scalars import Manner, NotationError, as_json, manner_of, write_note, write_value
from rules.types import Json, Problem

TypeOf: TypeAlias = Callable[[str], str | None]
"""The declared type of a field by its path; None where nobody knows it."""

Part: TypeAlias = Literal["id", "when", "and", "from", "to", "then", "note"]

_ROW_KEYS = {"id", "when", "and", "valid", "note", "then"}
_UNKNOWN = "?"


class SheetError(ValueError):
    """The rows cannot be told as a table without loss; `problems` name each place in the document."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{each.pointer}: {each.message['en']}" for each in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Column:
    """One column: which part of a row it holds, the word that names it, and how its values are written."""

    part: Part
    name: str
    type_name: str | None = None
    title: str = ""
    index: int = 0

    @property
    def manner(self) -> Manner:
        return manner_of(self.type_name)

    @property
    def heading(self) -> str:
        """What stands above it."""
        if self.part not in {"when", "then"}:
            return self.name
        return " ".join(filter(None, [self.name, f"[{self.type_name or _UNKNOWN}]", self.title]))


def columns_of(document: Mapping[str, Json], type_of: TypeOf) -> list[Column]:
    """The columns of a ruleset's table. Raises SheetError when its inputs or outputs cannot be read."""
    inputs, outputs = (_listed(document, key, name) for key, name in (("inputs", "field"), ("outputs", "key")))
    seen: Counter[str] = Counter()
    whens = []
    for i, each in enumerate(inputs):
        path = str(each["field"])
        seen[path] += 1
        name = f"when:{path}" if seen[path] == 1 else f"when:{path}#{seen[path]}"
        whens.append(Column("when", name, type_of(path), _title(each), i))
    thens = [_then(each) for each in outputs]
    return [
        Column("id", "id"),
        *whens,
        Column("and", "and"),
        Column("from", "valid:from"),
        Column("to", "valid:to"),
        *thens,
        Column("note", "note"),
    ]


def write_rows(document: Mapping[str, Json], type_of: TypeOf) -> tuple[list[Column], list[list[str]]]:
    """The columns, and the rows as texts. Raises SheetError for what would be lost."""
    columns = columns_of(document, type_of)
    rows = document.get("rows", [])
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        raise SheetError([Problem("schema", "/rows", messages.no_rows(MAX_ROWS))])
    problems: list[Problem] = []
    written = [_written(row, columns, f"/rows/{i}", problems) for i, row in enumerate(rows)]
    if problems:
        raise SheetError(problems)
    return columns, written


def normal(row: Json) -> str:
    """What a row says, however it is written: a part that is null or empty says the same as one that is not there."""
    if not isinstance(row, dict):
        return json.dumps(row)
    parts = {key: part for key, part in row.items() if part is not None and (key not in {"then", "valid"} or part)}
    if isinstance(valid := parts.get("valid"), dict):
        parts["valid"] = {key: at for key, at in valid.items() if at is not None}
        parts = parts if parts["valid"] else {key: part for key, part in parts.items() if key != "valid"}
    return json.dumps(parts, sort_keys=True)


def _listed(document: Mapping[str, Json], key: str, name: str) -> list[dict[str, Json]]:
    """Inputs or outputs, each of which has a name without spaces that no other output has."""
    found = document.get(key)
    if not isinstance(found, list):
        raise SheetError([Problem("schema", f"/{key}", messages.no_columns(key))])
    listed = [each for each in found if isinstance(each, dict) and isinstance(each.get(name), str)]
    names = [str(each[name]) for each in listed]
    doubled = key == "outputs" and len(set(names)) < len(names)
    if len(listed) < len(found) or doubled or any(each.split() != [each] or not each.isprintable() for each in names):
        raise SheetError([Problem("schema", f"/{key}", messages.no_columns(key))])
    return listed


def _then(output: dict[str, Json]) -> Column:
    type_name = output.get("type")
    return Column("then", f"then:{output['key']}", type_name if isinstance(type_name, str) else None, _title(output))


def _title(part: dict[str, Json]) -> str:
    """A title on one line; it is for people alone."""
    title = part.get("title")
    words = [title.get(language) for language in ("zh", "en")] if isinstance(title, dict) else [title]
    shown = ("".join(c for c in each if c.isprintable()) for each in words if isinstance(each, str))
    return " / ".join(dict.fromkeys(each.strip() for each in shown))


def _written(row: Json, columns: Sequence[Column], pointer: str, problems: list[Problem]) -> list[str]:
    """One row; what cannot be told is noted."""
    whens = sum(column.part == "when" for column in columns)
    thens = {column.name for column in columns if column.part == "then"}
    if not isinstance(row, dict) or row.keys() - _ROW_KEYS or not isinstance(row.get("id"), str):
        problems.append(Problem("schema", pointer, messages.NO_ROW))
        return []
    when, then, valid = row.get("when"), row.get("then") or {}, row.get("valid") or {}
    if not isinstance(when, list) or len(when) != whens:
        problems.append(Problem("schema", f"{pointer}/when", messages.cells(whens)))
    elif not isinstance(then, dict) or {f"then:{key}" for key in then} - thens:
        problems.append(Problem("schema", f"{pointer}/then", messages.NO_OUTPUT))
    elif not isinstance(valid, dict) or valid.keys() - {"from", "to"}:
        problems.append(Problem("schema", f"{pointer}/valid", messages.NO_ROW))
    else:
        parts = {**row, "when": when, "then": then, "valid": valid}
        return [_told(parts, column, pointer, problems) for column in columns]
    return []


def text_of(row: Mapping[str, Any], column: Column) -> str:
    """What stands in a column of a row whose parts have their shapes. Raises NotationError for what has no text."""
    match column.part:
        case "id":
            return write_value(row["id"], "word")
        case "when":
            return write_cell(row["when"][column.index], column.manner)
        case "then":
            key = column.name.removeprefix("then:")
            return write_value(row["then"][key], column.manner) if key in row["then"] else ""
        case "from" | "to":
            at = row["valid"].get(column.part)
            return "" if at is None else write_value(at, "word")
        case "and":
            return "" if row.get("and") is None else as_json(row["and"])
        case "note":
            return "" if row.get("note") is None else write_note(row["note"])


def _told(row: Mapping[str, Any], column: Column, pointer: str, problems: list[Problem]) -> str:
    try:
        return text_of(row, column)
    except NotationError as error:
        problems.append(Problem("schema", pointer, error.message))
        return ""
