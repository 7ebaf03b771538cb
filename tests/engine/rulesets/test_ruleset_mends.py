"""Mends of rulesets as pages offer them: the finding appears, the mend is carried out, it is gone, no other came."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from engine.definitions import checks
from engine.definitions.context import context_without_service
from engine.journeys.context import Proofs
from engine.journeys.findings import Finding
from engine.rulesets.mends import mends
from rules.proofs.solver import Z3Prover
from rules.tables.commands import TableCommand
from rules.tables.editing import apply
from tests.engine.rulesets.zones import zones

CONTEXT = replace(context_without_service({}), proofs=Proofs(Z3Prover(), seconds=600))
COMMANDS: TypeAdapter[Any] = TypeAdapter(TableCommand)
APP = zones()["rows"][0]
SHARES: dict[str, Any] = {
    "hit": "collect", "aggregate": "sum", "outputs": [{"key": "zone", "type": "share"}], "on_unknown": "skip",
    "tests": [], "total": {"of": "zone", "is": 10_000},
}  # fmt: skip


def found(document: dict[str, Any]) -> dict[tuple[str, str, str], Finding]:
    """The findings by what tells them apart."""
    findings = checks.find("ruleset", "zones", document, CONTEXT)
    return {(each.code, each.pointer, str(each.box)): each for each in findings}


def carried_out(document: dict[str, Any], command: dict[str, Any]) -> dict[str, Any]:
    """The document after a command; of the commands for any document `set` is enough here."""
    if command["command"] != "set":
        return apply(document, COMMANDS.validate_python(command))
    _, key, number, part = command["pointer"].split("/")
    items = [*document[key]]
    items[int(number)] = {**items[int(number)], part: command["value"]}
    return {**document, key: items}


@pytest.mark.parametrize(("changes", "expected"), [
    ({"rows": [APP, {**APP, "id": "again"}], "tests": []}, ("overlap", "/rows/1")),
    ({"rows": [APP], "tests": [], "otherwise": None, "on_unknown": "error"}, ("gap", "/rows")),
    ({"rows": [APP], "tests": [], "complete": True}, ("gap", "/rows")),
    ({"rows": [APP, {**APP, "id": "again"}], "tests": [], "hit": "first"}, ("hidden-row", "/rows/1")),
    ({"rows": [APP, {**APP, "id": "never", "when": [[], None]}], "tests": []}, ("impossible-row", "/rows/1")),
    ({**SHARES, "rows": [{"id": "all", "when": [None, None], "then": {"zone": 9_000}}], "otherwise": {"zone": 10_000}},
     ("share-total", "/total")),
    ({"rows": [APP, {**APP, "when": ["black", None]}], "tests": []}, ("schema", "/rows/1/id")),
    ({"rows": [{**APP, "when": ["gold", 5]}], "tests": []}, ("type-mismatch", "/rows/0/when/1")),
    ({"rows": [{**APP, "and": {"condition": "gone"}}], "tests": []}, ("unknown-condition", "/rows/0/and")),
    ({"rows": [{**APP, "valid": {"from": "soon"}}], "tests": []}, ("schema", "/rows/0/valid/from")),
    ({"rows": [5, APP], "tests": []}, ("schema", "/rows/0")),
    ({"inputs": [{"field": "member.teir"}, {"field": "event.sales_channel"}], "tests": [],
      "rows": [{**APP, "when": [None, "pos"]}]}, ("unknown-field", "/inputs/0/field")),
    ({"tests": [{"name": "t", "given": {}, "then": {"zone": "SPECIAL", "row": "app"}}]}, ("test-failed", "/tests/0")),
])  # fmt: skip
def test_a_mend_does_away_with_its_finding(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    document = zones(**changes)
    before = found(document)
    mark, finding = next((mark, each) for mark, each in before.items() if mark[:2] == expected)
    ways = mends(document, finding, CONTEXT)
    assert ways
    for way in ways:
        assert all(way.title.values())
        after = document
        for command in way.commands:
            after = carried_out(after, dict(command))
        left = found(after).keys()
        assert mark not in left, way.title
        assert left <= before.keys(), way.title


def test_what_people_must_decide_has_no_mend() -> None:
    document = zones(hit="best")
    [finding] = checks.find("ruleset", "zones", document, CONTEXT)
    assert mends(document, finding, CONTEXT) == []
