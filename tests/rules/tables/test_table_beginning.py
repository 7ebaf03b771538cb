"""New rulesets: empty, and from tables whose headings tell their columns."""

from __future__ import annotations

from typing import Any

import pytest

from rules.tables.beginning import empty_ruleset, ruleset_from
from rules.tables.compile import examine
from rules.tables.sheet import normal, write_rows
from rules.tables.sheet_reading import TableError
from tests.rules.ruleworld import declared
from tests.rules.tables.tableworld import FIELDS, row, ruleset

KNOWN = {**FIELDS, **declared(event__channel={"type": "text", "title": {"zh": "渠道", "en": "Channel"}})}


def test_an_empty_ruleset_lacks_nothing_but_its_content() -> None:
    assert examine(empty_ruleset("fresh", {"zh": "新", "en": "New"}), {})[1] == []


def test_headings_of_people_become_inputs_and_outputs() -> None:
    table = [
        ["member.tier", "渠道", "价格区", "bp"],
        ["gold, silver", "", "SPECIAL", "2500"],
        [],
        ["", "pos", "FULL", 100],
    ]
    found = ruleset_from(table, KNOWN)
    assert found["inputs"] == [{"field": "member.tier"}, {"field": "event.channel"}]
    assert found["outputs"] == [
        {"key": "out1", "type": "text", "title": {"zh": "价格区", "en": "价格区"}}, {"key": "bp", "type": "integer"},
    ]  # fmt: skip
    assert found["rows"] == [
        {"id": "r1", "when": [["gold", "silver"], None], "then": {"out1": "SPECIAL", "bp": 2500}},
        {"id": "r2", "when": [None, "pos"], "then": {"out1": "FULL", "bp": 100}},
    ]
    assert examine({**empty_ruleset("fresh", {}), **found}, KNOWN)[1] == []


def test_an_exported_table_becomes_the_same_rows() -> None:
    document: dict[str, Any] = ruleset(
        row("a", "gold", {"from": 3}, then={"zone": "X", "bp": 5}, note="n"),
        row("b", ["silver"], None, then={"zone": "Y"}, valid={"from": "2026-01-01"}),
        inputs=("member.tier", "member.orders"),
        outputs=[
            {"key": "zone", "type": "enum", "values": ["X", "Y"]},
            {"key": "bp", "type": "share", "optional": True},
        ],
    )
    columns, texts = write_rows(document, lambda path: KNOWN[path].type)
    found = ruleset_from([[column.heading for column in columns], *texts], KNOWN)
    assert [normal(each) for each in found["rows"]] == [normal(each) for each in document["rows"]]
    assert found["outputs"][0] == document["outputs"][0]
    assert [each["field"] for each in found["inputs"]] == ["member.tier", "member.orders"]


def test_what_cannot_be_read_is_told_by_its_place() -> None:
    with pytest.raises(TableError) as refused:
        ruleset_from([["member.orders", "out"], ["> 5", "x"]], KNOWN)
    assert [(fault.row, fault.letter) for fault in refused.value.faults] == [(2, "A")]
    with pytest.raises(TableError):
        ruleset_from([], KNOWN)
