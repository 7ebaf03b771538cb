"""Trying a ruleset on a page: a form with one entry for each field that it reads, and what was written as facts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rules.errors import RuleError
from rules.facts import value_parser
from rules.reader import loads
from rules.tables.table import Table
from rules.types import Declaration, Fields, Json
from ui.messages import Language
from ui.rulesets.tables import field_name

PREFIX = "fact."
_TEXT = Declaration(type="text")
_WHOLE = re.compile(r"[+-]?(\d{1,18}|\d{1,3}(,\d{3}){1,5})", re.ASCII)
MOST = 10_000
"""Characters of one entry."""


@dataclass(frozen=True)
class Entry:
    """A field of the form: `choices` are the values of an enum or a boolean, `failure` is why its text is none."""

    path: str
    name: str
    kind: str
    choices: tuple[str, ...]
    text: str
    failure: bool = False

    @property
    def key(self) -> str:
        return f"{PREFIX}{self.path}"


@dataclass(frozen=True)
class Filled:
    """A form as it was sent: its entries, and the facts that they make."""

    entries: list[Entry]
    facts: dict[str, Json]

    @property
    def failed(self) -> bool:
        return any(entry.failure for entry in self.entries)


def fill(table: Table, sent: Mapping[str, str], language: Language) -> Filled:
    """The form for a ruleset, filled with what was sent. An entry without text says nothing of its field."""
    return fill_fields(_paths(table), table.known, table.zone, sent, language)


def fill_fields(
    paths: Sequence[str], known: Fields, zone: ZoneInfo, sent: Mapping[str, str], language: Language
) -> Filled:
    """The same for any fields; a path that nobody declares is a text."""
    entries: list[Entry] = []
    facts: dict[str, Json] = {}
    for path in paths:
        declaration = known.get(path, _TEXT)
        text = sent.get(f"{PREFIX}{path}", "").strip()[:MOST]
        failure = False
        if text:
            try:
                put(facts, path, fact(text, declaration, zone))
            except (ValueError, RuleError):
                failure = True
        name = field_name(path, known, language)
        entries.append(Entry(path, name, declaration.value_type.kind, _choices(declaration), text, failure))
    return Filled(entries, facts)


def fact(text: str, declaration: Declaration, zone: ZoneInfo) -> Json:
    """What was written for a field, as facts carry it. Raises ValueError or RuleError where it is not of its type."""
    kind = declaration.value_type.kind
    value: Json = text
    match kind:
        case "boolean":
            value = {"true": True, "false": False}[text] if text in {"true", "false"} else text
        case "integer" | "money":
            value = _whole(text)
        case "tags":
            value = [part for part in text.replace("、", ",").replace(",", ",").replace(",", " ").split() if part]
        case "list":
            value = loads(text)
        case "instant":
            at = datetime.fromisoformat(text)
            value = (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()
        case _:
            pass
    value_parser(declaration.value_type)(value)
    return value


def _whole(text: str) -> int:
    """A whole number, its thousands set apart by commas or not. Raises ValueError: `1,5` is no 15."""
    if not _WHOLE.fullmatch(text):
        raise ValueError("not a whole number")
    return int(text.replace(",", ""))


def _paths(table: Table) -> list[str]:
    """The fields that the ruleset reads: its columns first."""
    columns = [column.field for column in table.columns if column.field in table.fields]
    return [*dict.fromkeys([*columns, *sorted(table.fields)])]


def _choices(declaration: Declaration) -> tuple[str, ...]:
    match declaration.value_type.kind:
        case "boolean":
            return ("true", "false")
        case "enum":
            return tuple(declaration.values or ())
        case _:
            return ()


def put(facts: dict[str, Json], path: str, value: Json) -> None:
    """Write a value at a path of nested facts."""
    inner: Any = facts
    *scopes, name = path.split(".")
    for scope in scopes:
        inner = inner.setdefault(scope, {})
    inner[name] = value
