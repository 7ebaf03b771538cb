"""A law: what a table decides by its atoms is what a naive walk over its rows decides by closures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.compile import compile_rule
from rules.errors import EvaluationError
from rules.tables.table import Table
from rules.types import Json
from rules.unknown import Unknown
from tests.law import law
from tests.rules.ruleworld import NOW, SHANGHAI
from tests.rules.tables.tableworld import FIELDS, decided, row, ruleset, table_of

TIERS, ORDERS = ["gold", "silver", "black"], range(-1, 5)
DAYS = ["2026-01-06", "2026-01-07", "2026-01-08"]
WORDS = ["", "a", "ab", "b"]
INPUTS = ("member.tier", "member.orders", "member.name", "member.birthday", "member.tags", "member.friend")

singles: dict[str, st.SearchStrategy[Any]] = {
    "member.tier": st.sampled_from(TIERS), "member.orders": st.sampled_from(ORDERS),
    "member.name": st.sampled_from(WORDS), "member.birthday": st.sampled_from(DAYS),
    "member.tags": st.sampled_from(["vip", "tea"]), "member.friend": st.booleans(),
}  # fmt: skip
facts_of: dict[str, st.SearchStrategy[Any]] = {
    **singles, "member.tags": st.lists(singles["member.tags"], max_size=2),
}  # fmt: skip


def ranges(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    bounded = st.fixed_dictionaries({"from": value}, optional={"to": value, "to_included": st.booleans()})
    return bounded | st.fixed_dictionaries({"to": value}, optional={"to_included": st.booleans()})


def cells(path: str) -> st.SearchStrategy[Json]:
    value = singles[path]
    plain = value | st.lists(value, max_size=2)
    if path in {"member.orders", "member.name", "member.birthday"}:
        plain = plain | ranges(value) | st.lists(value | ranges(value), max_size=3)
    own: Json = {"==": [{"var": ""}, {"var": path}]} if path == "member.orders" else {"is_set": ""}
    told = plain | st.just(own)
    return st.none() | told | told.map(lambda cell: {"not": cell})


conditions = st.none() | st.sampled_from([
    {"<": [{"var": "member.orders"}, 2]}, {"!": {"is_set": "member.name"}}, {"var": "member.friend"},
    {"==": [{"+": [{"var": "member.orders"}, {"var": "member.orders"}]}, 4]},
])  # fmt: skip
windows = st.none() | st.sampled_from([{"from": "2026-01-07"}, {"from": "2026-01-08"}, {"to": "2026-01-07"}])


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Json]:
    rows = []
    for i in range(draw(st.integers(0, 6))):
        more = {"and": draw(conditions), "valid": draw(windows)}
        then = {"out": draw(st.sampled_from(["x", "y"]))}
        rows.append(row(f"r{i}", *(draw(cells(path)) for path in INPUTS), then=then, **more))
    return ruleset(
        *rows,
        inputs=INPUTS,
        hit=draw(st.sampled_from(["unique", "first", "any", "collect"])),
        on_unknown=draw(st.sampled_from(["error", "skip", "otherwise"])),
        otherwise={"out": "no"},
    )


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """Facts of which some are missing, null or, rarely, of a wrong type."""
    member: dict[str, Any] = {}
    for path, value in facts_of.items():
        name = path.partition(".")[2]
        match draw(st.integers(0, 9)):
            case 0:
                pass
            case 1:
                member[name] = None
            case 2 if draw(st.booleans()):
                member[name] = {"wrong": 1}
            case _:
                member[name] = draw(value)
    return {"member": member}


# The naive reading


def as_condition(cell: Json, path: str) -> Json:
    """A cell written out as a condition."""
    field: Json = {"var": path}
    match cell:
        case None:
            return True
        case {"not": inner}:
            return {"!": [as_condition(inner, path)]}
        case {"is_set": ""}:
            return {"is_set": path}
        case {"==": [_, other]}:
            return {"==": [field, other]}
        case dict():
            return as_comparisons(cell, field)
        case _ if path == "member.tags":
            return {"has_any": [field, cell if isinstance(cell, list) else [cell]]}
        case list() if cell:
            return {"or": [as_condition(item, path) for item in cell]}
        case list():
            return {"!=": [field, field]}
        case _:
            return {"==": [field, cell]}


def as_comparisons(cell: dict[str, Json], field: Json) -> Json:
    """A range written out."""
    tests: list[Json] = [{">=": [field, cell["from"]]}] if "from" in cell else []
    if "to" in cell:
        tests.append({"<=" if cell.get("to_included") else "<": [field, cell["to"]]})
    return {"and": tests}


def parts(line: Json) -> Iterator[Json]:
    assert isinstance(line, dict)
    for cell, path in zip(line["when"], INPUTS, strict=True):
        yield as_condition(cell, path)
    if line["and"] is not None:
        yield line["and"]
    for key, test in (("from", ">="), ("to", "<")):
        if line["valid"] and key in line["valid"]:
            yield {test: [{"var": "now"}, f"{line['valid'][key]}T00:00:00+08:00"]}


def verdict(line: Json, known: dict[str, Any]) -> object:
    """False, an error, an unknown or True, in this order of precedence."""
    found: list[object] = []
    for part in parts(line):
        try:
            found.append(compile_rule(part, FIELDS).evaluate(known, now=NOW, zone=SHANGHAI))
        except EvaluationError as error:
            found.append(error)
    for kind in (lambda one: one is False, lambda one: isinstance(one, EvaluationError)):
        if settled := [one for one in found if kind(one)]:
            return settled[0]
    unknown = [one for one in found if isinstance(one, Unknown)]
    return Unknown(frozenset().union(*(one.missing for one in unknown))) if unknown else True


def naive(document: dict[str, Any], known: dict[str, Any]) -> tuple[Json, str, tuple[str, ...], tuple[str, ...]]:
    """Outcome, reason, rows and missing fields, from RULES.md read aloud."""
    hit, matched, undecided = document["hit"], [], []
    for line in document["rows"]:
        found = verdict(line, known)
        if isinstance(found, EvaluationError):
            return None, "error", (line["id"],), ()
        if isinstance(found, Unknown):
            undecided.append((line["id"], found))
        elif found is True:
            matched.append(line)
            if hit == "first":
                break
    rows = tuple(line["id"] for line in matched)
    if len(matched) > 1 and (hit == "unique" or (hit == "any" and len({line["then"]["out"] for line in matched}) > 1)):
        return None, "error", rows, ()
    outcome: Any = [line["then"] for line in matched or [{"then": {"out": "no"}}]]
    outcome = outcome if hit == "collect" else outcome[0]
    if not undecided:
        return outcome, "matched" if matched else "otherwise", rows, ()
    missing = tuple(sorted(frozenset().union(*(unknown.missing for _, unknown in undecided))))
    doubted = tuple(id_ for id_, _ in undecided)
    no: Any = [{"out": "no"}] if hit == "collect" else {"out": "no"}
    match document["on_unknown"]:
        case "skip":
            return outcome, "uncertain", rows or doubted, missing
        case "otherwise":
            return no, "uncertain", doubted, missing
        case _:
            return None, "uncertain", doubted, missing


@law(150)
@given(documents(), facts())
def test_a_table_decides_what_a_walk_over_its_rows_decides(document: dict[str, Json], known: dict[str, Any]) -> None:
    found = decided(document, known)
    assert (found.outcome, found.reason, found.rows, found.missing) == naive(document, known)


@law(60)
@given(documents(), st.data())
def test_the_atoms_of_a_column_are_its_values_cut_apart(document: dict[str, Json], data: st.DataObject) -> None:
    """Each value lies in exactly one atom, and the atom's mask is what the cells say of it one by one."""
    table: Table = table_of(document)
    for column in table.columns:
        if column.field == "member.tags":
            continue
        reading = compile_rule({"var": column.field}, FIELDS, expect=None)
        name = column.field.partition(".")[2]
        fact = data.draw(singles[column.field])
        value = reading.evaluate({"member": {name: fact}}, now=NOW, zone=SHANGHAI)
        holding = [i for i, atom in enumerate(column.partition.atoms) if atom.holds(value)]
        assert len(holding) == 1
        sets = [line.cells[table.columns.index(column)] for line in table.rows]
        one_by_one = sum((not hasattr(cell, "holds") or cell.holds(value)) << i for i, cell in enumerate(sets))
        assert column.partition.mask(value) == column.partition.masks[holding[0]] == one_by_one
