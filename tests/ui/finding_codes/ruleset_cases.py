# ruff: noqa: E501 - in a table of cases each case reads best as one line
"""How an author comes by each finding of a ruleset."""

from __future__ import annotations

from typing import Any

from tests.ui.finding_codes.cases import Case
from tests.ui.finding_codes.clean import ruleset
from tests.ui.finding_codes.requests import cell, command, grid, setting, written

AND = "/rows/0/and"
SILVER = {"==": [{"var": "member.tier"}, "silver"]}
TEST: dict[str, Any] = {"name": "gold", "given": {"member": {"tier": "gold", "points": 1}}, "then": {"zone": "FULL"}}


def shares(key: str) -> dict[str, Any]:
    """A table that shares everything out."""
    rows = [{"id": "one", "when": [None], "then": {"bp": 6000}}, {"id": "two", "when": [None], "then": {"bp": 4000}}]
    outputs = [{"key": "bp", "type": "share", "title": {"zh": "份额", "en": "Share"}}]
    terms = {"hit": "collect", "aggregate": "sum", "total": {"of": "bp", "is": 10000}, "otherwise": {"bp": 10000}}
    return ruleset(key, inputs=[{"field": "member.tier"}], outputs=outputs, rows=rows, **terms)


CASES = [
    Case("schema", "/rows/1/id", "/id", [written(lambda document: document["rows"][1].update(id="gold"))], "Make its id r1"),
    Case("schema", "/colour", "/", [written(lambda document: document.update(colour="red"))], "Take `colour` away"),
    Case("schema", "/key", "/", [written(lambda document: document.update(key="another"))], "Write"),
    Case("unknown-field", "/inputs/2/field", "/inputs/2", [setting("inputs", field="member.teir")], "Remove this column"),
    Case("unknown-field", f"{AND}/==/0/var", "gold/and", [grid(command="set_cell", row="gold", column="and", value={"==": [{"var": "member.teir"}, "gold"]})], "Empty this cell"),
    Case("unknown-condition", AND, "gold/and", [grid(command="set_cell", row="gold", column="and", value={"condition": "vipp"})], "Empty this cell"),
    Case("type-mismatch", f"{AND}/==/1", "gold/and", [grid(command="set_cell", row="gold", column="and", value={"==": [{"var": "member.points"}, "x"]})], "Empty this cell"),
    Case("test-failed", "/tests/0", "/tests/0", [command(command="add_test", test=TEST)], "Let the test state what comes out now"),
    Case("overlap", "/rows/1", "gold many", [cell("many", "when:member.tier", "gold")], "Narrow row gold"),
    Case("gap", "/rows", "/rows", [setting("settings/complete", value="true")], "Promise no completeness"),
    Case("hidden-row", "/rows/2", "r1", [setting("settings/hit", value="first"), grid(command="insert_row", index=2, row={"id": "r1", "when": ["gold", 5], "then": {"zone": "FULL"}})], "Delete row r1"),
    Case("impossible-row", "/rows/0", "gold", [grid(command="set_cell", row="gold", column="and", value=SILVER)], "Delete row gold"),
    Case("share-total", "/total", "one two /total", [cell("two", "then:bp", "3000")], "Let row two give", begin=shares),
    Case("disagree", "/agree/0", "gold many /agree/0", [grid(command="set_cell", row="many", column="when:member.points"), cell("many", "then:zone", "FULL"), setting("promises", vary="member.tier", among="gold, silver", same="zone")], "Let row"),
    Case("changed", "/rows/0", "", [cell("gold", "then:zone", "FULL")], why="whoever edits means it", live=True),
    Case("not-proved", "/rows", "gold", [grid(command="set_cell", row="gold", column="and", value={">": [{"+": [{"var": "member.points"}, 1]}, 5]})], why="nothing is known to be wrong", unproved=True),
]  # fmt: skip
