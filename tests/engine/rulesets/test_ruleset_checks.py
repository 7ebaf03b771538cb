"""What the checks find in a ruleset with a service around it, and without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.definitions import checks
from engine.definitions.context import context_without_service
from engine.definitions.errors import NotPublishableError
from engine.journeys.context import CheckContext, Proofs
from tests.engine.rulesets.zones import zones

CONTEXT = context_without_service({})


def found(
    document: dict[str, Any], context: CheckContext = CONTEXT, key: str | None = "zones"
) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in checks.find("ruleset", key, document, context)]


def test_a_good_ruleset_has_no_findings() -> None:
    assert found(zones()) == []


@pytest.mark.parametrize(("changes", "expected"), [
    ({"hit": "best"}, ("schema", "/hit")),
    ({"inputs": [{"field": "member.teir"}, {"field": "event.sales_channel"}]}, ("unknown-field", "/inputs/0/field")),
    ({"otherwise": {"zone": 5}}, ("type-mismatch", "/otherwise/zone")),
    ({"conditions": {"gold": {"condition": "gone"}}}, ("unknown-condition", "/conditions/gold")),
    ({"tests": [{"name": "t", "then": {"zone": "SPECIAL"}}]}, ("test-failed", "/tests/0")),
    ({"key": "other"}, ("schema", "/key")),
])  # fmt: skip
def test_what_is_wrong_is_an_error(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert found(zones(**changes)) == [expected]


def test_a_failed_test_says_what_was_expected_and_what_came_and_shows_its_facts() -> None:
    given = {"member": {"tier": "silver"}, "event": {"score": 1}}
    then = {"zone": "SPECIAL", "row": "app", "rows": ["app"], "outcome": {"zone": "SPECIAL"}}
    [failed] = checks.find("ruleset", None, zones(tests=[{"name": "t", "given": given, "then": then}]), CONTEXT)
    assert failed.example == given
    assert failed.message == {
        "zh": "测试“t”没有通过：「zone」应为 SPECIAL，实际是 FULL；行应为 app，实际是 无；行应为 app，实际是 无；"
        "结果应为 zone = SPECIAL，实际是 zone = FULL。",
        "en": "The test `t` failed: zone should be SPECIAL and is FULL; row should be app and is nothing; "
        "rows should be app and is nothing; the outcome should be zone = SPECIAL and is zone = FULL.",
    }


def test_the_fields_of_every_event_are_seen_and_may_be_missing() -> None:
    inputs = [{"field": "event.channel.kind"}, {"field": "event.type"}]
    rows = [{"id": "a", "when": ["pos", "contact.scanned"], "then": {"zone": "X"}}]
    assert found(zones(inputs=inputs, rows=rows, tests=[])) == []


def test_conditions_of_other_rulesets_come_from_the_context() -> None:
    rows = [{"id": "a", "when": [{"condition": "credit/good"}, None], "then": {"zone": "X"}}]
    document = zones(rows=rows, tests=[])
    assert found(document) == [("unknown-condition", "/rows/0/when/0")]
    known = replace(CONTEXT, conditions={"credit/good": {">": [{"var": "member.points"}, 9]}})
    assert found(document, known) == []


def test_a_ruleset_without_problems_is_proved() -> None:
    proving = replace(CONTEXT, proofs=Proofs())
    twice = zones(rows=[*zones()["rows"], {**zones()["rows"][0], "id": "again"}], tests=[])
    assert ("overlap", "/rows/2") in found(twice, proving)
    assert found(twice) == []
    assert found({**twice, "hit": "best"}, proving) == [("schema", "/hit")]


def test_tests_run_and_tell_which_rows_they_visit() -> None:
    report = checks.run("ruleset", "zones", zones(), CONTEXT).to_json()
    assert report["tests"] == [
        {"name": "gold in the app", "ok": True, "differences": []},
        {"name": "nobody knows", "ok": True, "differences": []},
    ]
    assert report["coverage"] == {"rows": [{"row": "app", "visited": True}, {"row": "score", "visited": False}]}
    with pytest.raises(NotPublishableError):
        checks.run("ruleset", "zones", zones(hit="best"), CONTEXT)


def test_without_a_service_a_member_s_unknown_field_is_only_doubted() -> None:
    document = zones(inputs=[{"field": "member.stars"}, {"field": "event.sales_channel"}], tests=[])
    [doubt] = checks.find_without_service("ruleset", document, {})
    assert (doubt.code, doubt.severity) == ("unknown-field", "warning")
