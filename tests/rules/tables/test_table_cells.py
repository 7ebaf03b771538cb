"""What each form of a cell says of a value, present, missing and of a wrong type."""

from __future__ import annotations

from typing import Any

import pytest

from rules.types import Json
from tests.rules.tables.tableworld import decided, problems_of, row, ruleset

TRUE, FALSE, UNKNOWN, ERROR = "matched", "otherwise", "uncertain", "error"

CASES: list[tuple[str, Json, Any, str]] = [
    # field, cell, fact, what becomes of the row
    ("member.tier", None, "gold", TRUE),
    ("member.tier", None, None, TRUE),
    ("member.tier", None, 5, TRUE),
    ("member.tier", "gold", "gold", TRUE),
    ("member.tier", "gold", "black", FALSE),
    ("member.tier", "gold", "bronze", FALSE),
    ("member.tier", "gold", None, UNKNOWN),
    ("member.tier", "gold", 5, ERROR),
    ("member.tier", ["gold", "black"], "black", TRUE),
    ("member.tier", ["gold", "black"], "silver", FALSE),
    ("member.tier", [], "silver", FALSE),
    ("member.tier", {"not": "gold"}, "silver", TRUE),
    ("member.tier", {"not": "gold"}, "gold", FALSE),
    ("member.tier", {"not": "gold"}, None, UNKNOWN),
    ("member.tier", {"not": ["gold", "black"]}, "black", FALSE),
    ("member.tier", {"not": {"not": "gold"}}, "gold", TRUE),
    ("member.tier", {"is_set": ""}, None, FALSE),
    ("member.tier", {"!": {"is_set": {"var": ""}}}, None, TRUE),
    ("member.tier", {"!=": [{"var": ""}, "gold"]}, "black", TRUE),
    ("member.tier", {"!=": [{"var": ""}, "gold"]}, None, UNKNOWN),
    ("member.tier", {"not": {"==": [{"var": ""}, "gold"]}}, "black", TRUE),
    ("member.tier", {"==": [{"var": ["", "gold"]}, "gold"]}, None, TRUE),
    ("member.friend", True, True, TRUE),
    ("member.friend", False, True, FALSE),
    ("member.friend", {"var": ""}, True, TRUE),
    ("member.orders", {"from": 3}, 3, TRUE),
    ("member.orders", {"from": 3}, 2, FALSE),
    ("member.orders", {"to": 3}, 3, FALSE),
    ("member.orders", {"to": 3}, 2, TRUE),
    ("member.orders", {"to": 3, "to_included": True}, 3, TRUE),
    ("member.orders", {"to": 3, "to_included": True}, 4, FALSE),
    ("member.orders", {"from": 3, "to": 3}, 3, FALSE),
    ("member.orders", {"from": 3, "to": 3, "to_included": True}, 3, TRUE),
    ("member.orders", {"from": 5, "to": 3}, 4, FALSE),
    ("member.orders", {"from": 3, "to": None}, 9, TRUE),
    ("member.orders", {"not": {"from": 3, "to": 5}}, 4, FALSE),
    ("member.orders", {"not": {"from": 3, "to": 5}}, 5, TRUE),
    ("member.orders", [1, {"from": 3, "to": 5}, {"from": 4, "to": 9}], 8, TRUE),
    ("member.orders", [1, {"from": 3, "to": 5}, {"from": 4, "to": 9}], 1, TRUE),
    ("member.orders", [1, {"from": 3, "to": 5}], 2, FALSE),
    ("member.orders", 3.0, 3, TRUE),
    ("member.orders", {"from": 3}, "3", ERROR),
    ("member.orders", {"from": 3}, None, UNKNOWN),
    ("member.weight", {"from": "1.5", "to": "2.5"}, "2.499", TRUE),
    ("member.weight", {"from": "1.5", "to": "2.5", "to_included": True}, "2.50", TRUE),
    ("member.weight", {"from": 1}, 1.5, ERROR),
    ("member.spend", {"from": 500_000}, 500_000, TRUE),
    ("member.spend", 500, {"minor": 500, "currency": "CNY"}, TRUE),
    ("member.spend", 500, {"minor": 500, "currency": "USD"}, ERROR),
    ("member.birthday", {"from": "2000-01-01", "to": "2000-02-01"}, "2000-01-31", TRUE),
    ("member.birthday", {"to": "2000-01-31", "to_included": True}, "2000-02-01", FALSE),
    ("member.seen_at", {"from": "2026-01-01T00:00:00+08:00"}, "2025-12-31T16:00:00Z", TRUE),
    ("member.seen_at", {"<": [{"var": ""}, {"var": "now"}]}, "2026-01-07T02:00:01Z", FALSE),
    ("member.name", {"from": "b", "to": "c"}, "bzz", TRUE),
    ("member.name", {"starts_with": [{"var": ""}, "林"]}, "林小", TRUE),
    ("member.patience", ["P7D", "P1M"], "P1W", TRUE),
    ("member.tags", "vip", ["vip", "tea"], TRUE),
    ("member.tags", "vip", [], FALSE),
    ("member.tags", ["vip", "tea"], ["tea"], TRUE),
    ("member.tags", {"not": ["vip", "tea"]}, ["tea"], FALSE),
    ("member.tags", {"not": "vip"}, None, UNKNOWN),
    ("member.tags", {"has_all": [{"var": ""}, ["vip", "tea"]]}, ["tea"], FALSE),
    ("event.lines", {"any_line": [{"var": ""}, {"==": [{"var": "sku"}, "a"]}]}, [{"sku": "a", "qty": 1}], TRUE),
    ("store.key", "s1", "s1", TRUE),
    ("now", {"from": "2026-01-07T02:00:00Z"}, "", TRUE),
    ("today", "2026-01-07", "", TRUE),
    ("today", {"from": "2026-01-08"}, "", FALSE),
]  # fmt: skip


def facts_with(path: str, value: Any) -> dict[str, Any]:
    scope, _, name = path.partition(".")
    return {scope: {name: value}} if name else {}


@pytest.mark.parametrize(("path", "cell", "fact", "expected"), CASES)
def test_what_a_cell_says_of_a_value(path: str, cell: Json, fact: Any, expected: str) -> None:
    document = ruleset(row("r", cell), inputs=(path,), otherwise={"out": "no"})
    found = decided(document, facts_with(path, fact))
    assert found.reason == expected
    assert found.outcome == {TRUE: {"out": "r"}, FALSE: {"out": "no"}}.get(expected)
    assert found.missing == ((path,) if expected == UNKNOWN else ())


FOUND: list[tuple[str, Json, str, str, str]] = [
    # field, cell, code, place in the cell, what both messages name
    ("member.tier", "bronze", "type-mismatch", "", "bronze"),
    ("member.tier", 5, "type-mismatch", "", "member.tier"),
    ("member.tier", ["gold", "bronze"], "type-mismatch", "/1", "bronze"),
    ("member.tier", {"not": "bronze"}, "type-mismatch", "/not", "bronze"),
    ("member.tier", {"from": "gold"}, "type-mismatch", "", "member.tier"),
    ("member.tier", {"not": None}, "schema", "/not", "not"),
    ("member.tier", [None], "schema", "/0", "is_set"),
    ("member.tier", [["gold"]], "schema", "/0", "is_set"),
    ("member.tier", {"==": [{"var": ""}, "bronze"]}, "type-mismatch", "/==/1", "bronze"),
    ("member.tier", {"==": [{"var": "member.teir"}, "gold"]}, "unknown-field", "/==/0/var", "member.tier"),
    ("member.tier", {"var": ""}, "type-mismatch", "", "member.tier"),
    ("member.tier", {}, "schema", "", "and"),
    ("member.tier", {"==": [1, 1], "!=": [1, 1]}, "schema", "", "=="),
    ("member.orders", {"from": 2.5}, "type-mismatch", "/from", "2.5"),
    ("member.orders", {"to_included": True}, "schema", "", "from"),
    ("member.orders", {"from": 1, "until": 2}, "schema", "", "to_included"),
    ("member.orders", {"from": 1, "to_included": "yes"}, "schema", "", "to_included"),
    ("member.orders", {"from": {"var": "member.orders"}}, "type-mismatch", "/from", "member.orders"),
    ("member.spend", 99.5, "type-mismatch", "", "99.5"),
    ("member.spend", {"from": 1, "to": 1e300}, "schema", "/to", "2^53"),
    ("member.weight", 1.5, "type-mismatch", "", "1.5"),
    ("member.friend", 1, "type-mismatch", "", "member.friend"),
    ("member.birthday", "2000-02-30", "type-mismatch", "", "2000-02-30"),
    ("member.tags", "gold", "type-mismatch", "", "gold"),
    ("event.lines", "a", "type-mismatch", "", "event.lines"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "cell", "code", "place", "named"), FOUND)
def test_a_cell_that_does_not_fit_its_field_is_told(path: str, cell: Json, code: str, place: str, named: str) -> None:
    found = problems_of(ruleset(row("r", cell), row("s", None), inputs=(path,)))
    assert [(each.code, each.pointer) for each in found] == [(code, f"/rows/0/when/0{place}")]
    for language in ("zh", "en"):
        assert named in found[0].message[language]


def test_the_cells_of_a_field_that_there_is_not_say_nothing() -> None:
    found = problems_of(ruleset(row("r", "a"), row("s", {"from": {}}), inputs=("member.teir",)))
    assert [(each.code, each.pointer) for each in found] == [("unknown-field", "/inputs/0/field")]
