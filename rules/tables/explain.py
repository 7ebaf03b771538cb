"""Why a ruleset decided as it did: row by row, what each cell and condition said of the facts."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rules.compile import Rule
from rules.errors import EvaluationError
from rules.explain import MOST_PARTS
from rules.explain import explain as explain_rule
from rules.moment import Moment
from rules.tables.cells import ValueSet
from rules.tables.decide import WORK
from rules.tables.table import Line, Table, is_personal
from rules.tree import Facts
from rules.types import Json
from rules.unknown import Unknown

MASKED = "•••"
"""Stands for personal values."""
MOST_ROWS = 20


def explain(
    table: Table, facts: Mapping[str, Any], *, now: datetime, zone: ZoneInfo, rows: Container[str]
) -> dict[str, Json]:
    """What was read, and what each part said: of `rows`, and of those that only one part ruled out, at most 20.

    A condition is explained down to its innermost parts. Personal values are masked, or withheld.
    """
    rules = {condition.pointer: condition.rule for line in table.rows for condition in line.conditions}
    left = MOST_PARTS

    def is_hidden(path: str) -> bool:
        return is_personal(table.known.get(path))

    def why(part: Mapping[str, Json]) -> dict[str, Json]:
        """Why a condition of a row said so; all rows together have so many parts as one rule may have."""
        nonlocal left
        rule = rules.get(str(part["pointer"]))
        if rule is None:
            return {}
        found = explain_rule(rule.tree, facts, now=now, zone=zone, most=left, personal=is_hidden)
        left -= sum(1 for _ in found.walk()) - 1
        return {"explanation": found.to_json()}

    moment = Moment(now, zone, WORK)
    parts = {line.id: list(_parts(table, line, facts, moment)) for line in table.rows}
    told = [line.id for line in table.rows if line.id in rows]
    told += [id_ for id_, each in parts.items() if id_ not in rows and _against(each) == 1]
    return {
        "facts": masked(table, picked(facts, sorted(table.fields))),
        "rows": [
            {"row": id_, "verdict": _verdict(parts[id_]), "parts": [{**part, **why(part)} for part in parts[id_]]}
            for id_ in told[:MOST_ROWS]
        ],
    }


def masked(table: Table, values: Mapping[str, Json]) -> dict[str, Json]:
    """Values by path, with personal ones masked."""
    return {path: MASKED if is_personal(table.known.get(path)) else value for path, value in values.items()}


def masked_outcome(table: Table, outcome: Json) -> Json:
    """An outcome, with what is made of personal fields masked."""
    hidden = table.personal_outputs
    match outcome:
        case dict() if hidden:
            return {key: MASKED if key in hidden and value is not None else value for key, value in outcome.items()}
        case list() if hidden:
            return [masked_outcome(table, item) for item in outcome]
        case _:
            return outcome


def _parts(table: Table, line: Line, facts: Facts, moment: Moment) -> Iterator[dict[str, Json]]:
    """The parts of a row that say something: its window, cells and conditions."""
    if line.window is not None:
        holds = line.window.instants(moment.zone).holds(moment.now)
        yield {"pointer": f"{line.pointer}/valid", "verdict": _word(holds)}
    for i, cell in enumerate(line.cells):
        column = table.columns[i]
        if isinstance(cell, ValueSet) and column.rule is not None:
            value = _read(column.rule, facts, moment)
            known = not isinstance(value, Unknown | EvaluationError)
            said = cell.holds(value) if known else value
            yield {"pointer": f"{line.pointer}/when/{i}", "field": column.field, **_said(said)}
    for condition in line.conditions:
        yield {"pointer": condition.pointer, **_said(_read(condition.rule, facts, moment))}


def _read(rule: Rule, facts: Facts, moment: Moment) -> Any:
    try:
        return rule(facts, moment)
    except EvaluationError as error:
        return error


def _said(value: Any) -> dict[str, Json]:
    match value:
        case Unknown():
            return {"verdict": "unknown", "missing": [*sorted(value.missing)]}
        case EvaluationError():
            return {"verdict": "error", "error": str(value)}
        case _:
            return {"verdict": _word(value)}


def _word(holds: object) -> str:
    return "true" if holds is True else "false"


def _against(parts: list[dict[str, Json]]) -> int:
    return sum(part["verdict"] == "false" for part in parts)


def _verdict(parts: list[dict[str, Json]]) -> str:
    """False when any part is false, else error, else unknown, else true."""
    said = {str(part["verdict"]) for part in parts}
    return next((word for word in ("false", "error", "unknown") if word in said), "true")


def picked(facts: Facts, paths: Iterable[str]) -> dict[str, Json]:
    """The values at some paths, by path; a path that leads nowhere, or to null, is not among them."""
    found: dict[str, Json] = {}
    for path in paths:
        value: Any = facts
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            found[path] = value
    return found
