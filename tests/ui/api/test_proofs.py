"""Rulesets with each defect, checked and proved through the API; the decision API confirms every example."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpx import AsyncClient

from engine.journeys.context import Proofs
from rules.proofs.solver import Z3Prover

FIELDS = {
    "event.tier": {"type": "enum", "values": ["gold", "silver", "black"], "title": {"zh": "等级", "en": "tier"}},
    "event.bound_days": {"type": "integer", "min": 0, "title": {"zh": "绑定天数", "en": "bound days"}},
    "event.channel_kind": {
        "type": "enum",
        "values": ["pos", "mini", "wecom"],
        "title": {"zh": "渠道", "en": "channel"},
    },
    "event.last_order_at": {"type": "instant"},
}
LAST_ORDER = {"var": "event.last_order_at"}
CONTRADICTION = {"and": [{"within_last": [LAST_ORDER, "P7D"]}, {">": [{"days_since": [LAST_ORDER]}, 7]}]}
INPUTS = ["event.tier", "event.bound_days", "event.channel_kind"]


@pytest.fixture
def proofs() -> Proofs:
    return Proofs(Z3Prover(), seconds=600)


def ruleset(rows: list[tuple[list[Any], Any]], **more: Any) -> dict[str, Any]:
    """A ruleset over tier, bound days and channel; each row is its cells and its zone, or its parts."""
    return {
        "schema": "waystation/ruleset@1",
        "key": "flawed",
        "fields": FIELDS,
        "inputs": [{"field": field} for field in INPUTS],
        "outputs": [{"key": "zone", "type": "text"}],
        "rows": [
            {"id": f"r{i}", "when": when, **(given if isinstance(given, dict) else {"then": {"zone": given}})}
            for i, (when, given) in enumerate(rows, 1)
        ],
        **more,
    }


async def findings_of(api: AsyncClient, document: dict[str, Any]) -> list[dict[str, Any]]:
    headers = {"Content-Type": "application/json"}
    saved = await api.put("/api/v1/definitions/ruleset/flawed/draft", content=json.dumps(document), headers=headers)
    assert saved.status_code in {200, 201}, saved.text
    found: list[dict[str, Any]] = saved.json()["findings"]
    return found


async def decided(api: AsyncClient, example: dict[str, Any], **instead: Any) -> dict[str, Any]:
    """What the draft says of an example."""
    facts = {key: value for key, value in example.items() if key != "now"}
    facts["event"] = {**facts["event"], **instead}
    asked = {"facts": facts, "version": "draft", **({"now": example["now"]} if "now" in example else {})}
    answer = await api.post("/api/v1/decisions/flawed", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(findings: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    return [(each["code"], each["severity"], each["rows"] or []) for each in findings]


async def refused(api: AsyncClient) -> set[str]:
    answer = await api.post("/api/v1/definitions/ruleset/flawed/publish")
    assert answer.status_code == 422, answer.text
    return {each["code"] for each in answer.json()["findings"] if each["severity"] == "error"}


async def test_an_overlap_is_an_error_with_its_box_and_an_example(api: AsyncClient) -> None:
    document = ruleset(
        [
            (["gold", None, None], "SPECIAL"),
            (["silver", {"to": 30}, ["wecom", "mini"]], "CLUB"),
            ([["silver", "black"], {"to": 60}, None], "MEMBER"),
        ],
        otherwise={"zone": "FULL"},
    )
    [overlap] = findings = await findings_of(api, document)
    assert told(findings) == [("overlap", "error", ["r2", "r3"])]
    assert overlap["box"] == {
        "event.tier": ["silver"], "event.bound_days": {"from": 0, "to": 30}, "event.channel_kind": ["mini", "wecom"],
    }  # fmt: skip
    assert "tier is silver, bound days 0–29, channel is mini or wecom → rows r2 and r3" in overlap["message"]["en"]
    assert "等级为 silver，绑定天数 0–29，渠道为 mini 或 wecom → 行 r2、r3" in overlap["message"]["zh"]
    decision = await decided(api, overlap["example"])
    assert (decision["reason"], decision["rows"], decision["outcome"]) == ("error", ["r2", "r3"], None)
    assert await refused(api) == {"overlap"}


async def test_a_gap_of_a_table_that_promises_to_be_complete_is_an_error(api: AsyncClient) -> None:
    rows = [
        (["gold", None, None], "A"),
        ([["silver", "black"], {"from": 30}, None], "B"),
        (["silver", None, "pos"], "C"),
    ]
    rows[2][0][1] = {"to": 30}
    document = ruleset(rows, complete=True)
    findings = await findings_of(api, document)
    assert told(findings) == [("gap", "error", []), ("gap", "error", [])]
    assert [each["box"] for each in findings] == [
        {"event.tier": ["black"], "event.bound_days": {"from": 0, "to": 30}},
        {"event.tier": ["silver"], "event.bound_days": {"from": 0, "to": 30}, "event.channel_kind": ["mini", "wecom"]},
    ]  # fmt: skip
    for each in findings:
        decision = await decided(api, each["example"])
        assert (decision["reason"], decision["rows"], decision["outcome"]) == ("error", [], None)
    assert await refused(api) == {"gap"}
    assert told(await findings_of(api, {**document, "complete": False})) == [("gap", "warning", [])] * 2
    assert told(await findings_of(api, {**document, "complete": False, "otherwise": {"zone": "F"}})) == []


async def test_hidden_and_impossible_rows_are_warned_about(api: AsyncClient) -> None:
    document = ruleset(
        [
            ([["gold", "black"], None, None], "A"),
            (["silver", {"to": 30}, None], "B"),
            ([None, {"from": 5, "to": 9}, "pos"], "C"),
            ([None, {"to": 0}, None], "D"),
            ([None, None, None], {"then": {"zone": "E"}, "and": CONTRADICTION}),
        ],
        hit="first",
        otherwise={"zone": "F"},
    )  # fmt: skip
    findings = await findings_of(api, document)
    assert told(findings) == [
        ("hidden-row", "warning", ["r3", "r1", "r2"]),
        ("impossible-row", "warning", ["r4"]),
        ("impossible-row", "warning", ["r5"]),
    ]
    assert [each["example"] is None for each in findings] == [False, True, True]
    assert findings[0]["box"] == {"event.bound_days": {"from": 5, "to": 9}, "event.channel_kind": ["pos"]}
    decision = await decided(api, findings[0]["example"])
    assert decision["rows"][0] in {"r1", "r2"}
    assert (await api.post("/api/v1/definitions/ruleset/flawed/publish")).status_code == 201


async def test_a_commission_of_9900_in_one_case_is_an_error(api: AsyncClient) -> None:
    shares = [
        ([None, None, None], {"then": {"bp": 4_000}}),
        ([["gold", "silver"], None, None], {"then": {"bp": 6_000}}),
        (["black", {"from": 30}, None], {"then": {"bp": 6_000}}),
        (["black", {"to": 30}, ["pos", "mini"]], {"then": {"bp": 6_000}}),
        (["black", {"to": 30}, "wecom"], {"then": {"bp": 5_900}}),
    ]
    document = ruleset(
        shares,
        hit="collect",
        aggregate="list",
        outputs=[{"key": "bp", "type": "share"}],
        total={"of": "bp", "is": 10_000},
    )
    [broken] = findings = await findings_of(api, document)
    assert told(findings) == [("share-total", "error", ["r1", "r5"])]
    assert broken["box"] == {
        "event.tier": ["black"], "event.bound_days": {"from": 0, "to": 30}, "event.channel_kind": ["wecom"],
    }  # fmt: skip
    assert "99%" in broken["message"]["zh"]
    decision = await decided(api, broken["example"])
    assert (decision["reason"], decision["rows"], decision["outcome"]) == ("error", ["r1", "r5"], None)
    assert await refused(api) == {"share-total"}


async def test_a_promise_broken_between_two_contexts_is_told_as_severely_as_it_says(api: AsyncClient) -> None:
    promise = {"id": "same-price", "vary": "event.channel_kind", "among": ["pos", "mini", "wecom"], "same": ["zone"]}
    rows = [(["gold", {"to": 30}, "mini"], "SPECIAL"), (["black", None, None], "CLUB")]
    document = ruleset(rows, otherwise={"zone": "FULL"}, agree=[promise])
    [broken] = findings = await findings_of(api, document)
    assert told(findings) == [("disagree", "warning", ["r1"])]
    assert broken["pointer"] == "/agree/0"
    assert broken["box"] == {
        "event.tier": ["gold"], "event.bound_days": {"from": 0, "to": 30},
        "event.channel_kind": ["pos", "wecom", "mini"],
    }  # fmt: skip
    outcomes = {
        kind: (await decided(api, broken["example"], channel_kind=kind))["outcome"] for kind in promise["among"]
    }
    assert outcomes == {"pos": {"zone": "FULL"}, "wecom": {"zone": "FULL"}, "mini": {"zone": "SPECIAL"}}
    strict = ruleset(rows, otherwise={"zone": "FULL"}, agree=[{**promise, "severity": "error"}])
    assert told(await findings_of(api, strict)) == [("disagree", "error", ["r1"])]
    assert await refused(api) == {"disagree"}
    excused = {**promise, "except": {"==": [{"var": "event.tier"}, "gold"]}}
    assert await findings_of(api, {**document, "agree": [excused]}) == []


async def test_conditions_beside_the_cells_are_proved_too(api: AsyncClient) -> None:
    recent = {"within_last": [LAST_ORDER, "P30D"]}
    lapsed = {">=": [{"days_since": [LAST_ORDER]}, 30]}
    rows = [
        (["gold", None, None], {"then": {"zone": "A"}, "and": recent}),
        (["gold", None, None], {"then": {"zone": "B"}, "and": lapsed}),
        ([["silver", "black"], None, None], "C"),
    ]
    [gap, overlap] = findings = await findings_of(api, ruleset(rows, complete=True))
    assert told(findings) == [("gap", "error", ["r1", "r2"]), ("overlap", "error", ["r1", "r2"])]
    decision = await decided(api, overlap["example"])
    assert (decision["reason"], decision["rows"]) == ("error", ["r1", "r2"])
    assert gap["example"]["event"]["last_order_at"] > gap["example"]["now"], "an order from the future"
    assert (await decided(api, gap["example"]))["rows"] == []
    rows[1] = (["gold", None, None], {"then": {"zone": "B"}, "and": {"!": [recent]}})
    assert await findings_of(api, ruleset(rows, complete=True)) == []


async def test_an_edit_is_told_by_the_boxes_in_which_it_changes_the_outcome(api: AsyncClient) -> None:
    rows = [(["gold", None, None], "A"), (["silver", {"to": 30}, ["wecom", "mini"]], "B")]
    assert await findings_of(api, ruleset(rows, otherwise={"zone": "F"})) == []
    assert (await api.post("/api/v1/definitions/ruleset/flawed/publish")).status_code == 201
    rows[1][0][1] = {"to": 60}
    [changed] = findings = await findings_of(api, ruleset(rows, otherwise={"zone": "F"}))
    assert told(findings) == [("changed", "warning", ["r2"])]
    box = {
        "event.tier": ["silver"], "event.bound_days": {"from": 30, "to": 60}, "event.channel_kind": ["mini", "wecom"],
    }  # fmt: skip
    assert changed["box"] == box
    assert (await decided(api, changed["example"]))["outcome"] == {"zone": "B"}
    diff = (await api.get("/api/v1/definitions/ruleset/flawed/draft/diff")).json()
    assert [each["pointer"] for each in diff["changes"]] == ["/rows/1/when/1/to"]
    assert [each["box"] for each in diff["outcomes"]] == [box]
