"""Who is in a box today: the case that a finding of a ruleset shows, as field → cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.audiences.columns import SCOPES
from engine.audiences.counting import Counting
from rules.compile import compile_rule
from rules.tables.cells import RANGE_KEYS, CellReader, FreeCell
from rules.types import Declaration, Json


@dataclass(frozen=True)
class BoxCount:
    """How many members are in a box, and how many stores. Not `exact`: members were estimated."""

    members: int
    stores: int
    exact: bool = True


def count_box(counting: Counting, box: Mapping[str, Json]) -> BoxCount:
    """The members who fit the box, and the stores where they are at home; of a box of stores alone, all that fit.

    Cells are those of a decision table; a missing field is `{"!": {"is_set": ""}}`. What the box says of events and
    other things is left aside: for some event somebody is in it. Raises RuleError and TooSlowError.
    """
    known = {path: cell for path, cell in box.items() if path.startswith(SCOPES) and path in counting.fields}
    return _counted(counting, condition_of(known, counting.fields))


def count_condition(counting: Counting, condition: Json) -> BoxCount:
    """The same for a condition: those of its conjuncts that are about events and other things are left aside."""
    parts = [(part, compile_rule(part, counting.fields)) for part in _conjuncts(condition)]
    known = [part for part, rule in parts if all(path.startswith(SCOPES) for path in rule.fields)]
    return _counted(counting, {"and": known} if known else True)


def _counted(counting: Counting, condition: Json) -> BoxCount:
    rule = compile_rule(condition, counting.fields)
    if not all(path.startswith("store.") for path in rule.fields):
        found = counting.members(rule, stores=True)
        return BoxCount(found.number, len(found.stores), found.exact)
    members, stores = counting.members(rule), counting.stores(rule)
    return BoxCount(members.number, stores.number, members.exact and stores.exact)


def _conjuncts(condition: Json) -> list[Json]:
    match condition:
        case {"and": [*parts]}:
            return [inner for part in parts for inner in _conjuncts(part)]
        case _:
            return [condition]


def condition_of(box: Mapping[str, Json], fields: Mapping[str, Declaration]) -> Json:
    """The condition that holds in the box."""
    parts = [_cell(path, cell, fields[path]) for path, cell in box.items() if cell is not None]
    return {"and": parts} if parts else True


def _cell(path: str, cell: Json, declaration: Declaration) -> Json:
    field: Json = {"var": path}
    match cell:
        case {"not": inner}:
            return {"!": [_cell(path, inner, declaration)]}
        case dict() if not RANGE_KEYS.isdisjoint(cell):
            return {"and": _ends(field, cell)}
        case list() if declaration.type != "tags":
            values: list[Json] = [item for item in cell if not isinstance(item, dict)]
            ranges: list[Json] = [_cell(path, item, declaration) for item in cell if isinstance(item, dict)]
            return {"or": [{"in": [field, values]}, *ranges]}
        case dict() | list() | str() if isinstance(cell, dict) or declaration.type == "tags":
            found = CellReader(path, declaration.value_type, []).read(cell, "")
            return found.rule if isinstance(found, FreeCell) else True
        case _:
            return {"==": [field, cell]}


def _ends(field: Json, cell: Mapping[str, Json]) -> list[Json]:
    within = "<=" if cell.get("to_included") else "<"
    signs = (("from", ">="), ("to", within))
    return [{sign: [field, cell[end]]} for end, sign in signs if cell.get(end) is not None]
