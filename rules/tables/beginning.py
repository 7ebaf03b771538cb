"""A new ruleset: empty, or from a table whose headings tell its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.tables.document import OUTPUT_TYPES, SCHEMA
from rules.tables.sheet_reading import Given, read_rows
from rules.types import Fields, Json, Title

_OURS = frozenset({"id", "and", "valid:from", "valid:to", "note"})
_ALL = ("id", "and", "valid:from", "valid:to", "note")
_TYPE = re.compile(r"\[([^\]]*)\]\s*(.*)")
_WHOLE = re.compile(r"-?[0-9]+")


def empty_ruleset(key: str, title: Mapping[str, Json]) -> dict[str, Json]:
    """A ruleset without columns and rows."""
    named: dict[str, Json] = {"title": {**title}} if title else {}
    return {
        "schema": SCHEMA, "key": key, **named, "inputs": [], "outputs": [], "hit": "unique", "rows": [], "tests": [],
    }  # fmt: skip


def ruleset_from(table: Sequence[Sequence[Given]], known: Fields) -> dict[str, Json]:
    """A ruleset without a key whose columns the headings of a table tell, and whose rows are its lines.

    A heading as our own files have it says which column it is. One that is the path or the title of a field is an
    input; any other one is an output. Raises TableError for what cannot be read, with row and column.
    """
    making = _Making(known)
    if not table:
        read_rows({"inputs": [], "outputs": []}, table, lambda _: None)
    headings = [making.read(i, str(given or "").strip(), table) for i, given in enumerate(table[0] if table else ())]
    document: dict[str, Json] = {"inputs": [*making.inputs], "outputs": [*making.outputs], "rows": []}
    lines = [[*line] for line in table[1:] if any(_is_there(cell) for cell in line)]
    missing = [name for name in _ALL if name not in headings]
    whole: list[list[Given]] = [
        [*headings, *missing],
        *(_filled(line, len(headings), n, missing) for n, line in enumerate(lines, 1)),
    ]

    def type_of(path: str) -> str | None:
        return known[path].type if path in known else None

    return {**document, "rows": read_rows(document, whole, type_of)}


@dataclass
class _Making:
    known: Fields
    inputs: list[Json] = field(default_factory=list)
    outputs: list[Json] = field(default_factory=list)

    def read(self, index: int, heading: str, table: Sequence[Sequence[Given]]) -> str:
        """The heading as our own files have it; notes the column."""
        name, _, rest = heading.partition(" ")
        if name in _OURS or not heading:
            return name
        if name.startswith("when:"):
            self.inputs.append({"field": name.removeprefix("when:").partition("#")[0]})
            return name
        if name.startswith("then:"):
            return self._output(name.removeprefix("then:"), rest, index, table)
        path = self._path(heading)
        if path is not None:
            self.inputs.append({"field": path})
            return self._counted(path)
        return self._output("", heading, index, table)

    def _path(self, heading: str) -> str | None:
        """The field that a heading names, by its path or by its title in either language."""
        if heading in self.known:
            return heading
        return next((path for path, each in self.known.items() if heading in _titles(each.title)), None)

    def _counted(self, path: str) -> str:
        count = sum(each == {"field": path} for each in self.inputs)
        return f"when:{path}" if count == 1 else f"when:{path}#{count}"

    def _output(self, key: str, rest: str, index: int, table: Sequence[Sequence[Given]]) -> str:
        """An output; one without a key gets one, and keeps its heading as its title."""
        found = _TYPE.match(rest.strip())
        kind = found[1] if found else _kind(index, table)
        title = (found[2] if found else rest).strip()
        named = key or re.sub(r"[^A-Za-z0-9_]+", "_", title).strip("_")[:63] or f"out{len(self.outputs) + 1}"
        output: dict[str, Json] = {"key": named, "type": kind if _is_output(kind) else "text"}
        if title and title != named:
            zh, _, en = title.partition(" / ")
            output["title"] = {"zh": zh, "en": en or zh}
        if kind == "enum":
            output["values"] = [
                *dict.fromkeys(str(line[index]) for line in table[1:] if index < len(line) and _is_there(line[index]))
            ]
        self.outputs.append(output)
        return f"then:{named} [{output['type']}]"


def _filled(line: list[Given], width: int, number: int, missing: Sequence[str]) -> list[Given]:
    """A line as wide as its headings, with an id where the table has none."""
    return [*line, *[None] * (width - len(line)), *(f"r{number}" if name == "id" else None for name in missing)]


def _titles(title: Title | str | None) -> tuple[str, ...]:
    if title is None:
        return ()
    return (title,) if isinstance(title, str) else (title.zh, title.en)


def _kind(index: int, table: Sequence[Sequence[Given]]) -> str:
    """What a column of values seems to hold."""
    values = [line[index] for line in table[1:] if index < len(line) and _is_there(line[index])]
    return "integer" if values and all(_is_whole(value) for value in values) else "text"


def _is_whole(value: Given) -> bool:
    if isinstance(value, bool):
        return False
    return (isinstance(value, int | float) and float(value).is_integer()) or (
        isinstance(value, str) and bool(_WHOLE.fullmatch(value.strip()))
    )


def _is_output(kind: str) -> bool:
    return kind in OUTPUT_TYPES or (kind.startswith("ref:") and kind != "ref:")


def _is_there(cell: Given) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))
