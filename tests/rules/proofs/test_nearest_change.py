"""What would have changed a decision: the fewest fields, the nearest values, and it is so."""

from __future__ import annotations

from typing import Any

import pytest

from rules.proofs.nearest import Nearest, nearest_change
from rules.proofs.nearest_words import nearest_json
from rules.proofs.solver import Z3Prover
from rules.tables.compile import compile_ruleset
from rules.tables.decide import decide
from tests.rules.ruleworld import NOW, SHANGHAI, declared, var

FIELDS = declared(
    m__tier={"type": "enum", "values": ["gold", "silver"]},
    m__spend={"type": "money", "currency": "CNY", "min": 0},
    m__weight={"type": "decimal"},
    m__seen={"type": "instant", "optional": True},
    m__name={"type": "text", "optional": True},
    m__visits={"type": "integer"},
    e__way={"type": "enum", "values": ["pos", "mall"]},
)
PRICES: dict[str, Any] = {
    "schema": "waystation/ruleset@1",
    "key": "prices",
    "title": "Prices",
    "inputs": [{"field": "m.tier"}, {"field": "m.spend"}, {"field": "e.way"}],
    "outputs": [{"key": "zone", "type": "text"}],
    "rows": [
        {"id": "gold", "when": ["gold", {"from": 500_000}, "mall"], "then": {"zone": "SPECIAL"}},
        {
            "id": "seen",
            "when": ["silver", None, "pos"],
            "and": {"within_last": [var("m.seen"), "P30D"]},
            "then": {"zone": "MEMBER"},
        },
    ],
    "otherwise": {"zone": "FULL"},
    "on_unknown": "otherwise",
}


def nearest(member: dict[str, Any], way: str, **changes: Any) -> Nearest | None:
    table = compile_ruleset({**PRICES, **changes}, FIELDS)
    facts = {"m": member, "e": {"way": way}}
    return nearest_change(table, facts, now=NOW, zone=SHANGHAI, prover=Z3Prover())


def plain(value: Any) -> Any:
    return value["minor"] if isinstance(value, dict) else value


CASES: list[tuple[dict[str, Any], str, dict[str, Any], str]] = [
    ({"tier": "gold", "spend": 480_000}, "mall", {"m.spend": 500_000}, "SPECIAL"),
    ({"tier": "gold", "spend": 900_000}, "pos", {"e.way": "mall"}, "SPECIAL"),
    ({"tier": "gold", "spend": 500_001}, "mall", {"m.spend": 499_999}, "FULL"),
    ({"tier": "silver", "spend": 400_000, "seen": "2025-11-01T10:00:00+08:00"}, "mall",
     {"m.tier": "gold", "m.spend": 500_000}, "SPECIAL"),
    ({"tier": "silver", "spend": 1, "seen": "2025-12-01T10:00:00+08:00"}, "pos",
     {"m.seen": "2025-12-08T10:00:00+08:00"}, "MEMBER"),
]  # fmt: skip


@pytest.mark.parametrize(("member", "way", "changes", "zone"), CASES)
def test_the_nearest_change_of_the_fewest_fields_is_found(
    member: dict[str, Any], way: str, changes: dict[str, Any], zone: str
) -> None:
    found = nearest(member, way)
    assert found is not None
    assert {change.field: plain(change.becomes) for change in found.changes} == changes
    assert found.decision.outcome == {"zone": zone}


def test_what_a_field_was_is_told_and_null_for_one_that_was_missing() -> None:
    found = nearest({"tier": "silver", "spend": 1}, "pos")
    assert found is not None
    [change] = found.changes
    assert (change.field, change.was) in {("m.seen", None), ("m.tier", "silver"), ("e.way", "pos")}


def test_decisions_that_nothing_changes_have_no_nearest_change() -> None:
    rows = [{"id": "all", "when": [None, None, None], "then": {"zone": "FULL"}}]
    assert nearest({"tier": "gold", "spend": 1}, "pos", rows=rows) is None


def test_what_is_found_is_what_the_table_decides() -> None:
    table = compile_ruleset(PRICES, FIELDS)
    found = nearest({"tier": "gold", "spend": 480_000}, "mall")
    assert found is not None
    changed = {"m": {"tier": "gold", "spend": found.changes[0].becomes}, "e": {"way": "mall"}}
    assert decide(table, changed, now=NOW) == found.decision


def test_without_a_prover_what_cells_say_is_found_still() -> None:
    table = compile_ruleset(PRICES, FIELDS)
    facts = {"m": {"tier": "gold", "spend": 480_000}, "e": {"way": "mall"}}
    assert nearest_change(table, facts, now=NOW, zone=SHANGHAI, prover=None) is not None


def test_the_change_is_told_in_both_languages_with_personal_values_masked() -> None:
    fields = {**FIELDS, "m.tier": FIELDS["m.tier"].model_copy(update={"personal": True})}
    table = compile_ruleset(PRICES, fields)
    facts = {"m": {"tier": "silver", "spend": 480_000, "seen": "2025-11-01T10:00:00+08:00"}, "e": {"way": "mall"}}
    found = nearest_change(table, facts, now=NOW, zone=SHANGHAI, prover=None)
    assert found is not None
    shown = nearest_json(found, table, SHANGHAI)
    assert shown["changes"] == [
        {
            "field": "m.spend",
            "was": {"minor": 480_000, "currency": "CNY"},
            "becomes": {"minor": 500_000, "currency": "CNY"},
        },
        {"field": "m.tier", "was": "•••", "becomes": "•••"},
    ]
    assert shown["message"] == {
        "zh": "如果m.spend为 ¥5000.00(现为 ¥4800.00)且m.tier为 •••(现为 •••)，"
        '结果就会是 {"zone": "SPECIAL"}（行 gold）。',
        "en": "Had m.spend been ¥5000.00 (it was ¥4800.00) and m.tier been ••• (it was •••), "
        'the outcome would have been {"zone": "SPECIAL"} (row gold).',
    }


def test_an_outcome_made_of_personal_values_is_masked_too() -> None:
    fields = {**FIELDS, "m.name": FIELDS["m.name"].model_copy(update={"personal": True})}
    rows = [{**PRICES["rows"][0], "then": {"zone": var("m.name")}}]
    table = compile_ruleset({**PRICES, "rows": rows}, fields)
    facts = {"m": {"tier": "gold", "spend": 480_000, "name": "小橙"}, "e": {"way": "mall"}}
    found = nearest_change(table, facts, now=NOW, zone=SHANGHAI, prover=None)
    assert found is not None
    shown = nearest_json(found, table, SHANGHAI)
    assert shown["outcome"] == {"zone": "•••"}
    assert "小橙" not in str(shown)
