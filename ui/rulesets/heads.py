"""The headings of a ruleset's table in its editor: what a column is called, and how one writes into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.tables.sheet import Column
from rules.types import Declaration, Fields, Json
from ui.messages import Language, text
from ui.rulesets.tables import field_name
from ui.words.wording import title


@dataclass(frozen=True)
class Head:
    """A column: how commands name it, how people call it, what stands in it, and what may be written there.

    `place` is where the document declares it.
    """

    name: str
    title: str
    part: str
    type_name: str
    hint: str
    choices: tuple[str, ...] = ()
    refers_to: str | None = None
    place: str = ""


def head_of(column: Column, known: Fields, document: Mapping[str, Json], language: Language) -> Head:
    """The heading of a column."""
    match column.part:
        case "when":
            path = column.name.removeprefix("when:").partition("#")[0]
            declaration = known.get(path)
            called = _title(document, "inputs", column.index, language) or field_name(path, known, language)
            name = column.type_name or "any"
            hint = _hint(name, language)
            return Head(
                column.name, called, "when", name, hint, *_offered(name, declaration), place=f"/inputs/{column.index}"
            )
        case "then":
            key = column.name.removeprefix("then:")
            at = _output(document, key)
            called = _title(document, "outputs", at, language) or key
            name = column.type_name or "any"
            hint = _hint(f"then.{name}", language)
            return Head(column.name, called, "then", name, hint, *_given(document, at, name), place=f"/outputs/{at}")
        case part:
            called, hint = text(language, f"grid.column.{part}"), text(language, f"grid.hint.{part}")
            return Head(column.name, called, part, part, hint)


def _hint(name: str, language: Language) -> str:
    """How cells of a type are written, in one line."""
    side, _, plain = name.rpartition(".") if name.startswith("then.") else ("", "", name)
    kind = plain.partition(":")[0]
    if side:
        return text(language, f"grid.hint.then.{kind if kind in _GIVEN_HINTS else 'text'}")
    return text(language, f"grid.hint.when.{kind if kind in _ASKED_HINTS else 'text'}")


_ASKED_HINTS = frozenset(
    {"boolean", "integer", "decimal", "money", "text", "enum", "tags", "date", "instant", "duration", "ref", "list"}
)
_GIVEN_HINTS = frozenset({"boolean", "integer", "money", "text", "enum", "instant", "duration", "share", "ref"})


def _offered(name: str, declaration: Declaration | None) -> tuple[tuple[str, ...], str | None]:
    """The values to choose from, and what a reference refers to."""
    if name == "boolean":
        return ("true", "false"), None
    values = tuple(declaration.values or ()) if declaration is not None else ()
    return values, name.partition(":")[2] or None


def _given(document: Mapping[str, Json], at: int, name: str) -> tuple[tuple[str, ...], str | None]:
    if name == "boolean":
        return ("true", "false"), None
    outputs = document.get("outputs")
    output = outputs[at] if isinstance(outputs, list) and at < len(outputs) else None
    values = output.get("values") if isinstance(output, dict) else None
    told = tuple(each for each in values if isinstance(each, str)) if isinstance(values, list) else ()
    return told, name.partition(":")[2] or None


def _output(document: Mapping[str, Json], key: str) -> int:
    outputs = document.get("outputs")
    listed = outputs if isinstance(outputs, list) else []
    named = [each.get("key") if isinstance(each, dict) else None for each in listed]
    return named.index(key) if key in named else 0


def _title(document: Mapping[str, Json], key: str, index: int, language: Language) -> str:
    items = document.get(key)
    item = items[index] if isinstance(items, list) and index < len(items) else None
    return title(item.get("title"), language) if isinstance(item, dict) else ""
