"""Which fields an author may use at a place of a document, and how they are offered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.definitions.context import context_without_service
from engine.journeys.check import check
from engine.rulesets.check import check as check_ruleset
from rules.types import Declaration
from tests.engine.rulesets.zones import zones
from ui.scope import fields_at, inside, offers, search

CONTEXT = context_without_service({})
JOURNEY: dict[str, Any] = json.loads((Path(__file__).parent / "hook_coupon.json").read_text(encoding="utf-8"))


def journey(**more: Any) -> dict[str, Any]:
    return {**JOURNEY, **more}


@pytest.mark.parametrize(
    ("pointer", "seen", "unseen"),
    [
        ("/entry/0/when", {"event.channel.kind", "member.tier", "store.region"}, {"vars.added.welcome_code", "run.id"}),
        ("/exits/0/when", {"event.last", "vars.added.welcome_code", "run.id"}, {"event.batch"}),
        ("/goal/when", {"event.batch"}, {"event.last"}),
        ("/nodes/wait_claim/for/0/when", {"event.batch"}, {"event.welcome_code"}),
        ("/nodes/how/cases/0/when", {"event.channel.kind", "run.entered_at"}, {"event.batch"}),
        ("/nodes/welcome/params/text", {"vars.added.welcome_code"}, {"event.batch"}),
    ],
)
def test_a_place_of_a_journey_sees_what_the_checks_see_there(pointer: str, seen: set[str], unseen: set[str]) -> None:
    fields = fields_at("journey", JOURNEY, pointer, CONTEXT)
    assert seen <= fields.keys()
    assert not unseen & fields.keys()


@pytest.mark.parametrize(
    "entry",
    [
        {"schedule": "FREQ=DAILY", "at": "09:00", "audience": True},
        {"becomes": True, "check": "P1D"},
        {"date": {"var": "member.birthday"}, "at": "10:00"},
    ],
)
def test_an_audience_sees_no_event(entry: dict[str, Any]) -> None:
    key = next(key for key in ("audience", "becomes", "date") if key in entry)
    fields = fields_at("journey", journey(entry=[entry]), f"/entry/0/{key}", CONTEXT)
    assert {path.partition(".")[0] for path in fields} == {"member", "store", "associate"}


def test_a_place_beside_broken_ones_sees_its_own_event() -> None:
    """What is left out of a document when it is read does not move the others."""
    document = journey(entry=[7, {"on": "coupon.claimed", "when": True}])
    assert "event.batch" in fields_at("journey", document, "/entry/1/when", CONTEXT)


@pytest.mark.parametrize("document", [{}, {"nodes": 3}, {"entry": {"0": 1}}, {"inputs": [None], "rows": "x"}])
@pytest.mark.parametrize("pointer", ["", "/", "/entry/0/when", "/nodes/x/for/9/when", "/rows/0/when/0", "/nodes/~2/x"])
def test_no_document_is_too_broken_to_be_asked(document: dict[str, Any], pointer: str) -> None:
    assert "member.tier" in fields_at("journey", document, pointer, CONTEXT)
    assert "member.tier" in fields_at("ruleset", document, pointer, CONTEXT)


def test_a_cell_of_a_table_sees_its_own_value() -> None:
    document = zones()
    fields = fields_at("ruleset", document, "/rows/0/when/0", CONTEXT)
    assert fields[""] == fields[document["inputs"][0]["field"]]
    assert "" not in fields_at("ruleset", document, "/rows/0/and", CONTEXT)


def test_a_condition_is_found_right_just_where_the_checks_find_it_right() -> None:
    """Each field that is offered can be used at its place, for journeys and rulesets."""
    pointer = "/nodes/how/cases/0/when"
    fields = fields_at("journey", JOURNEY, pointer, CONTEXT)
    nodes = {**JOURNEY["nodes"], "how": {**JOURNEY["nodes"]["how"], "cases": [
        {"when": {"and": [{"is_set": {"var": path}} for path in fields]}, "port": "friend"}
    ]}}  # fmt: skip
    assert not [each for each in check(journey(nodes=nodes), CONTEXT) if each.code == "unknown-field"]
    table = zones()
    table["rows"][0]["and"] = {"and": [{"is_set": {"var": path}} for path in fields_at("ruleset", table, "", CONTEXT)]}
    assert not [each for each in check_ruleset(table, CONTEXT) if each.code == "unknown-field"]


def test_every_field_is_offered_with_a_title_in_both_languages() -> None:
    offered = offers(fields_at("journey", JOURNEY, "/nodes/welcome/params", CONTEXT))
    assert all(each.title.zh and each.title.en for each in offered)
    found = {each.path: each for each in offered}
    assert found["vars.added.welcome_code"].title.zh == "added · 欢迎语凭证"
    assert found["run.entered_at"].title.en == "Entered the journey at"
    assert found["now"].group == "moment"
    assert [*dict.fromkeys(each.group for each in offered)][:3] == ["member", "store", "associate"]


@pytest.mark.parametrize("query", ["欢迎语", "welcome CODE", "vars.added", "added 欢迎语"])
def test_a_field_is_found_by_title_in_both_languages_and_by_path(query: str) -> None:
    offered = offers(fields_at("journey", JOURNEY, "/nodes/welcome/params", CONTEXT))
    assert "vars.added.welcome_code" in [each.path for each in search(offered, query)]


def test_a_title_that_begins_as_searched_comes_first() -> None:
    offered = offers(CONTEXT.fields)
    assert search(offered, "会员")[0].title.zh.startswith("会员")


def test_items_of_a_list_have_their_own_fields_first() -> None:
    lines = Declaration.model_validate({"type": "list", "of": {"sku": {"type": "text"}}})
    fields = inside(CONTEXT.fields, lines)
    assert fields["sku"].type == "text"
    assert next(each.group for each in offers(fields, own={"sku": fields["sku"]})) == "item"
    assert inside({}, Declaration(type="tags", values=["a"]))[""].values == ["a"]
    assert inside({}, Declaration.model_validate({"type": "list", "of": {"type": "integer"}}))[""].type == "integer"
